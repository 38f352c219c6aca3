package gateway

import (
	"log/slog"
	"os"

	"github.com/wsgen/wsgen/bench/internal/peer"
	ws "github.com/wsgen/wsgen/runtime"
)

// Serve serves the gateway until the driver ends it. newServer makes the Server of
// the options that all variants have.
func Serve(newServer func(ws.Options) *ws.Server) {
	config := peer.Flags()
	options := ws.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), PingInterval: config.Ping}
	if config.Deflate {
		options.CompressAbove = peer.CompressAbove
	}
	server := newServer(options)
	push := NewEventsPush(server)
	endpoint := NewGatewayEndpoint(server, &Gateway{Push: push}, &Door{}, &Members{})
	peer.Serve(config, "github.com/wsgen/wsgen", ws.NewRouter(endpoint.Endpoint), func(room string, size int) error {
		to := push.All()
		if room != "" {
			to = push.In(room)
		}
		_, err := to.Tick(peer.Tick(size))
		return err
	})
}
