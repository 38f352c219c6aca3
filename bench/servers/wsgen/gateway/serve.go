package gateway

import (
	"cmp"
	"log/slog"
	"os"

	"github.com/wsgen/wsgen/bench/internal/peer"
	ws "github.com/wsgen/wsgen/runtime"
)

// longest is how long a message may be by default.
const longest = 64 << 10

// Serve serves the gateways until the driver ends it. newServer makes the Server of
// the options that all variants have.
func Serve(newServer func(ws.Options) *ws.Server) {
	config := peer.Flags()
	options := ws.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), PingInterval: config.Ping, MaxMessageBytes: config.Longest}
	if config.Deflate {
		options.CompressAbove = peer.CompressAbove
	}
	server := newServer(options)
	push := NewEventsPush(server)
	members := &Members{Longest: cmp.Or(config.Longest, longest)}
	endpoint := NewGatewayEndpoint(server, &Gateway{Push: push}, &Door{}, members)
	typed := NewTypedEndpoint(server, &Typed{}, &Door{}, members)
	std := NewStdEndpoint(server, &Std{}, &Door{}, members)
	peer.Serve(config, "github.com/wsgen/wsgen", ws.NewRouter(endpoint.Endpoint, typed.Endpoint, std.Endpoint), func(room string, size int) error {
		to := push.All()
		if room != "" {
			to = push.In(room)
		}
		_, err := to.Tick(peer.Tick(size))
		return err
	})
}
