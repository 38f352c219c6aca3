package front

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// patience is how long a Handler is at it before somebody looks whether its client is
// still there. Nearly all handshakes are answered sooner, and so nobody has to be called
// off.
const patience = time.Second

// gone finds out whether a client has gone away while a Handler is at it.
type gone struct {
	conn   net.Conn
	tell   func()
	timer  *time.Timer
	mu     sync.Mutex
	over   bool          // guarded by mu, as what follows
	looked chan struct{} // closed when look has returned; nil: it was not called
}

// watch has tell called if the client goes away, until end.
func (g *gone) watch(c net.Conn, tell func()) {
	g.conn, g.tell = c, tell
	g.timer = time.AfterFunc(patience, g.look)
}

// look waits until the client has gone, or sends something: then it is there, and what
// comes behind that is not seen, as an http.Server does not.
func (g *gone) look() {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		return
	}
	looked := make(chan struct{})
	g.looked = looked
	g.mu.Unlock()
	defer close(looked)
	var room [1]byte
	_, err := socket.Peek(g.conn, func() []byte { return room[:] }, func() {})
	if err != nil && !steady.Is(err, os.ErrDeadlineExceeded) {
		g.tell()
	}
}

// end ends watch. Nobody reads then, and no read deadline is set if somebody did.
func (g *gone) end() {
	g.timer.Stop()
	g.mu.Lock()
	g.over = true
	looked := g.looked
	g.mu.Unlock()
	if looked == nil {
		return
	}
	_ = g.conn.SetReadDeadline(time.Unix(1, 0))
	<-looked
	_ = g.conn.SetReadDeadline(time.Time{})
}
