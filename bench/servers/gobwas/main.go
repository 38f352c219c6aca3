// Command gobwas serves gobwas/ws as small as it goes: a goroutine for each
// connection that reads frames without a buffer, a push as a loop of writes of
// one compiled frame.
package main

import (
	"net"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

type registry struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu
}

func main() {
	config := peer.Flags()
	all := &registry{conns: map[net.Conn]struct{}{}}
	err := config.Run("github.com/gobwas/ws", all.push, func(ln net.Listener) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return err
			}
			go all.serve(conn)
		}
	})
	if err != nil {
		panic(err)
	}
}

func (all *registry) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if _, err := ws.Upgrade(conn); err != nil {
		return
	}
	all.mu.Lock()
	all.conns[conn] = struct{}{}
	all.mu.Unlock()
	defer func() {
		all.mu.Lock()
		delete(all.conns, conn)
		all.mu.Unlock()
	}()
	for {
		message, op, err := wsutil.ReadClientData(conn)
		if err != nil || wsutil.WriteServerMessage(conn, op, message) != nil {
			return
		}
	}
}

func (all *registry) push(_ string, size int) error {
	message, err := peer.Encode("tick", peer.Tick(size))
	if err != nil {
		return err
	}
	compiled, err := ws.CompileFrame(ws.NewTextFrame(message))
	if err != nil {
		return err
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	for conn := range all.conns {
		_, _ = conn.Write(compiled)
	}
	return nil
}
