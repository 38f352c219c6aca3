// Command centrifuge serves connections of the library centrifuge, spoken to with
// its JSON protocol, as a node of a cluster on Redis; without an engine it is alone. With
// -kept channels have a history, and subscriptions recover from it.
package main

import (
	"encoding/json"
	"net/http"

	"github.com/centrifugal/centrifuge"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

// everybody is the channel of a push to all.
const everybody = "all"

func main() {
	engine := peer.EngineFlags()
	config := peer.Flags()
	node, err := start(*engine, config.Kept)
	peer.Fail(err)
	mux := http.NewServeMux()
	mux.Handle("/ws", known(centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})))
	push := func(room string, size int) error {
		if room == "" {
			room = everybody
		}
		data, err := json.Marshal(peer.Tick(size))
		if err != nil {
			return err
		}
		_, err = node.Publish(room, data)
		return err
	}
	if config.Kept {
		config.Keep = keep(node)
		push = func(room string, size int) error {
			_, _, err := config.Keep(room, size)
			return err
		}
	}
	peer.Serve(config, "github.com/centrifugal/centrifuge", mux, push)
}

// keep publishes to channels with a history.
func keep(node *centrifuge.Node) func(room string, size int) (epoch string, offset uint64, err error) {
	kept := centrifuge.WithHistory(peer.KeptSize, peer.KeptTime)
	return func(room string, size int) (string, uint64, error) {
		data, err := json.Marshal(peer.Marked(size))
		if err != nil {
			return "", 0, err
		}
		at, err := node.Publish(room, data, kept)
		return at.Epoch, at.Offset, err
	}
}

// start runs a node with the library's defaults. recovers says that a subscription gets
// what it has missed.
func start(engine peer.Engine, recovers bool) (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	if engine.Name == "redis" {
		shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: engine.Addr})
		if err != nil {
			return nil, err
		}
		broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
		if err != nil {
			return nil, err
		}
		node.SetBroker(broker)
	}
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, cb centrifuge.SubscribeCallback) {
			cb(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EnableRecovery: recovers}}, nil)
		})
	})
	return node, node.Run()
}

// known lets everybody in: the library wants to know who a connection is of.
func known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{})))
	})
}
