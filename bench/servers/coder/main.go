// Command coder serves coder/websocket; a push is a loop of writes, since the
// library has no registry of its own.
package main

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

// largest is the message size that every server here accepts.
const largest = 1 << 16

type registry struct {
	mu    sync.Mutex
	conns map[*websocket.Conn]struct{} // guarded by mu
}

func main() {
	config := peer.Flags()
	all := &registry{conns: map[*websocket.Conn]struct{}{}}
	peer.Serve(config, "github.com/coder/websocket", http.HandlerFunc(all.serve), func(_ string, size int) error {
		message, err := peer.Encode("tick", peer.Tick(size))
		if err != nil {
			return err
		}
		all.mu.Lock()
		defer all.mu.Unlock()
		for c := range all.conns {
			_ = c.Write(context.Background(), websocket.MessageText, message)
		}
		return nil
	})
}

func (all *registry) serve(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	c.SetReadLimit(largest)
	all.mu.Lock()
	all.conns[c] = struct{}{}
	all.mu.Unlock()
	defer func() {
		all.mu.Lock()
		delete(all.conns, c)
		all.mu.Unlock()
		_ = c.CloseNow()
	}()
	for {
		kind, message, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}
