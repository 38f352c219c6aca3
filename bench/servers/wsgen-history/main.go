// Command wsgen-history serves a room with every limit at its default, a guard, and a
// log at level info. With -kept it keeps what it pushes there, and who joins follows;
// with -front package front answers its handshakes.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/wsgen/wsgen/bench/internal/peer"
	"github.com/wsgen/wsgen/bench/servers/wsgen-history/room"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/front"
)

func main() {
	config := peer.Flags()
	if config.Fronted {
		config.Front = front.Serve
	}
	server := room.NewServer(ws.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	to := room.NewEventsPush(server)
	endpoint := room.NewGatewayEndpoint(server, &room.Gateway{Push: to, Kept: config.Kept}, &room.Door{})
	push := func(name string, size int) error {
		_, err := to.In(name).Tick(peer.Tick(size))
		return err
	}
	if config.Kept {
		push = func(name string, size int) error { return to.In(name).Kept(peer.Marked(size)) }
		config.Keep = func(name string, size int) (string, uint64, error) {
			var at ws.Reached
			err := to.Across(context.Background(), &at).In(name).Kept(peer.Marked(size))
			return at.At.Epoch, at.At.Offset, err
		}
	}
	peer.Serve(config, "github.com/wsgen/wsgen", ws.NewRouter(endpoint.Endpoint), push)
}
