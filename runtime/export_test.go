package ws

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// Portable has a Server read and write as on systems without system calls of
// our own, and as over TLS. It must be called before the first connection.
func (s *Server) Portable() { s.engine.Portable = true }

// LooksInVain returns what a push to a client would find: "room", "full" if it
// would try to write, or "stalled" if it would not.
func LooksInVain(c *Client) string {
	var f outbox.Frame
	f.Share(make([]byte, 1<<20)) // more than there is room for
	defer f.Settle(c.Server().engine.Waiting())
	switch c.member.Socket.Out().Share(&f) {
	case outbox.Full:
		return "full"
	case outbox.Stalled:
		return "stalled"
	default:
		return "room"
	}
}

// Questions returns how many questions a client has not answered.
func Questions(c *Client) int {
	w := c.owner().(*session).works()
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.oddly().asks.open)
}

// Held returns how many connections were admitted and are not done with.
func (s *Server) Held() int { return s.hub.Held() }

// Lingering returns how many connections have nothing left but their socket.
func (s *Server) Lingering() int { return len(s.hub.Lingering()) }

// DecodeText decodes as a Call does.
func DecodeText(data []byte, v any) error { return decode(data, v) }

// Skip has the Server find that d has passed, as after a pause of the process.
func (s *Server) Skip(d time.Duration) { s.engine.Skip(d) }

// MostDetached returns how many sessions may be without a socket.
func (s *Server) MostDetached() int { return s.opts.MaxDetached }

// BeginShutdown does what Shutdown begins with: from then on no session stays that
// loses its socket.
func (s *Server) BeginShutdown() {
	_, _ = s.hub.Shut()
	_ = s.sessions.shutDown()
}

// LoseSome does what a push does that was lost to a client without a socket, when
// it comes to telling of that.
func LoseSome(c *Client, n int) {
	c.Server().pushed("lost", false, &hub.Tally{Shed: n, Gone: []hub.Loss{{Member: &c.member, N: n}}}, false)
}
