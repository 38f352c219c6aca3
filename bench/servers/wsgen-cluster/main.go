// Command wsgen-cluster is the server wsgen as a node of a cluster, every option at
// its default; without an engine it is alone.
package main

import (
	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/bench/internal/peer"
	"github.com/wsgen/wsgen/bench/servers/wsgen/gateway"
	ws "github.com/wsgen/wsgen/runtime"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
)

func main() {
	engine := peer.EngineFlags()
	gateway.Serve(func(o ws.Options) *ws.Server {
		switch engine.Name {
		case "nats":
			o.Cluster.Broker = natsbroker.New(natsbroker.Options{URL: "nats://" + engine.Addr})
		case "redis":
			o.Cluster.Broker = redisbroker.New(redisbroker.Options{Client: rueidis.ClientOption{InitAddress: []string{engine.Addr}}})
		}
		return ws.NewServer(o)
	})
}
