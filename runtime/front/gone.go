package front

import (
	"net"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// patience is how often somebody looks whether a client is still there while a Handler
// is at it. Nearly all handshakes are answered before the first time.
const patience = time.Second

// gone finds out whether a client has gone away.
type gone struct {
	conn net.Conn
	tell func() // may be called several times

	mu    sync.Mutex
	timer *time.Timer // calls look
	over  bool
}

// watch has tell called if the client goes away, until end.
func (g *gone) watch(c net.Conn, tell func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conn, g.tell = c, tell
	g.timer = time.AfterFunc(patience, g.look)
}

// look asks the system, and reads nothing: a Handler that takes the connection over has
// all of it, and nobody has to be called off.
func (g *gone) look() {
	parted, _ := socket.Look(g.conn)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.over:
	case parted:
		g.tell()
	default:
		g.timer.Reset(patience)
	}
}

// end ends watch.
func (g *gone) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	g.timer.Stop()
}

// Write writes to the client, who has gone if that fails.
func (g *gone) Write(p []byte) (int, error) {
	n, err := g.conn.Write(p)
	if err != nil {
		g.tell()
	}
	return n, err
}
