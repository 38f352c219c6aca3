package main

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// gate is a proxy for all that one tab sends and gets, wherever to: SOCKS 5 (RFC 1928). While it is shut
// nothing gets through, and what was under way has ended.
type gate struct {
	listener net.Listener
	work     sync.WaitGroup

	mu    sync.Mutex
	shut  bool                  // guarded by mu
	conns map[net.Conn]struct{} // guarded by mu
}

// newGate opens one, which ends with the test.
func newGate(t *testing.T) *gate {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{listener: listener, conns: map[net.Conn]struct{}{}}
	g.work.Go(g.run)
	t.Cleanup(func() {
		_ = listener.Close()
		g.set(true)
		g.work.Wait()
	})
	return g
}

// url is how a browser is told of it.
func (g *gate) url() string { return "socks5://" + g.listener.Addr().String() }

// set shuts or opens it.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if shut {
		for conn := range g.conns {
			_ = conn.Close()
		}
	}
}

// enter notes a connection, unless the gate is shut.
func (g *gate) enter(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.conns[conn] = struct{}{}
	}
	return !g.shut
}

// leave closes and forgets connections.
func (g *gate) leave(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(g.conns, conn)
	}
}

func (g *gate) run() {
	for {
		near, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.work.Go(func() { g.serve(near) })
	}
}

// serve carries what comes over a connection of the tab's.
func (g *gate) serve(near net.Conn) {
	defer g.leave(near)
	if !g.enter(near) {
		return
	}
	target, err := asked(near)
	if err != nil {
		return
	}
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer g.leave(far)
	if !g.enter(far) {
		return
	}
	if _, err := near.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil {
		return
	}
	g.work.Go(func() {
		_, _ = io.Copy(near, far)
		g.leave(near, far)
	})
	_, _ = io.Copy(far, near)
}

// asked reads where the tab wants to go: host:port.
func asked(conn net.Conn) (string, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(conn, head[:2]); err != nil { // version, number of methods
		return "", err
	}
	if _, err := io.CopyN(io.Discard, conn, int64(head[1])); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte{5, 0}); err != nil { // nobody has to say who they are
		return "", err
	}
	if _, err := io.ReadFull(conn, head); err != nil { // version, CONNECT, reserved, kind of address
		return "", err
	}
	size := map[byte]int{1: net.IPv4len, 4: net.IPv6len}[head[3]]
	if head[3] == 3 { // a name, with its length before it
		length := make([]byte, 1)
		if _, err := io.ReadFull(conn, length); err != nil {
			return "", err
		}
		size = int(length[0])
	}
	if head[0] != 5 || head[1] != 1 || size == 0 {
		return "", errors.New("no CONNECT of SOCKS 5")
	}
	rest := make([]byte, size+2)
	if _, err := io.ReadFull(conn, rest); err != nil {
		return "", err
	}
	host := string(rest[:size])
	if head[3] != 3 {
		host = net.IP(rest[:size]).String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(rest[size])<<8|int(rest[size+1]))), nil
}
