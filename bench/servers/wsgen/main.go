// Command wsgen serves the benchmark's gateway with every limit at its
// default, guards, and a log at level info.
package main

import (
	"log/slog"
	"os"

	"github.com/wsgen/wsgen/bench/internal/peer"
	"github.com/wsgen/wsgen/bench/servers/wsgen/gateway"
	ws "github.com/wsgen/wsgen/runtime"
)

func main() {
	config := peer.Flags()
	options := ws.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if config.Deflate {
		options.CompressAbove = peer.CompressAbove
	}
	server := ws.NewServer(options)
	push := gateway.NewEventsPush(server)
	endpoint := gateway.NewGatewayEndpoint(server, &gateway.Gateway{Push: push}, &gateway.Door{}, &gateway.Members{})
	peer.Serve(config, "github.com/wsgen/wsgen", ws.NewRouter(endpoint.Endpoint), func(room string, size int) error {
		to := push.All()
		if room != "" {
			to = push.In(room)
		}
		_, err := to.Tick(peer.Tick(size))
		return err
	})
}
