package ws

import (
	"log/slog"
	"net"
	"net/http"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// conn is one connection as the runtime sees it: a second name for the memory of
// its Client. It is what its socket belongs to.
//
// Its goroutines: the one that reads for as long as the connection lasts, one
// that writes while the peer has to be waited for, one that runs handlers while
// messages wait for one, and one for each parallel call and stream. It ends in
// one method, Ended, whatever the cause.
type conn Client

var _ socket.Owner = (*conn)(nil)

// asClient returns the Client of c, which is always the same.
func (c *conn) asClient() *Client { return (*Client)(c) }

// seldom holds what few connections have, or only in the end. It is allocated on
// first use, so that an idle connection stays at 320 bytes. All of it is guarded
// by conn.mu.
type seldom struct {
	rooms []*membership
	ctx   lazy.Context // made when somebody first waits
	left  bool         // all rooms, for good
	rare  *rare        // nil: none of it is there
}

// rare holds what hardly any connection has. It is allocated apart again, since
// of a crowd many are in a room, or close.
type rare struct {
	lines *[logKinds]allowance // of the log
	hook  *hookWait            // made when the connect hook first waits
	drain *draining            // made before the socket drains
}

// seldom returns c.some, made if need be. The caller holds c.mu.
func (c *conn) seldom() *seldom {
	if c.some == nil {
		c.some = new(seldom)
	}
	return c.some
}

// rarely returns c.some.rare, made if need be. The caller holds c.mu.
func (c *conn) rarely() *rare {
	some := c.seldom()
	if some.rare == nil {
		some.rare = new(rare)
	}
	return some.rare
}

// newConn makes a connection of a net.Conn, of which first was read already.
func newConn(e *Endpoint, n net.Conn, first []byte, r *http.Request, a arrival) *conn {
	s := e.server
	c := &conn{id: s.ids.next(), endpoint: e, born: s.clock()}
	deflate := false
	if s.opts.CompressAbove > 0 {
		if deflate, _ = handshake.AcceptsDeflate(r.Header); deflate {
			s.deflating.Add(1)
		}
	}
	c.identity = e.identify(n, r, a)
	c.socket.Open(e.profile, c, n, first, deflate)
	return c
}

// registered reports whether c has ever been in the registry.
func (c *conn) registered() bool { return c.everyone.conn != nil }

// open registers the connection and runs the connect hook. If it returns
// false the connection is closing: the handshake is still to be answered, so
// that the Close frame can be sent, and Socket.End to be called.
func (c *conn) open(r *http.Request) bool {
	if !c.endpoint.server.registry.add(c) {
		c.socket.Brief()
		c.close(shutdownCause)
		return false
	}
	c.endpoint.opened(c)
	state, err := c.connect(r)
	if err != nil {
		c.close(closeFor(c.endpoint.refuse(c, "", 0, err)))
		return false
	}
	if state != nil || c.endpoint.disconnects() {
		c.state = &state
	}
	return true
}

// close begins to close the connection: its context is cancelled, nothing more is
// accepted, and after what is queued a Close frame leaves. Only the first cause
// counts; close reports whether this was it.
func (c *conn) close(cause Closed) (first bool) { return c.socket.Close(cause.socket()) }

// abort closes the connection at once: what is queued is lost.
func (c *conn) abort(cause Closed) { c.socket.Abort(cause.socket()) }

// Unsound reports a frame that breaks the protocol.
func (c *conn) Unsound(bad *frame.Error) {
	_ = c.endpoint.refuse(c, "", 0, NewError(CodeBadFrame, bad.Text))
}

// Dead logs that the peer is given up.
func (c *conn) Dead() {
	c.endpoint.server.logPeer(c, slog.LevelInfo, "ws: dead peer", "silent", c.endpoint.opts.IdleTimeout)
}

// Failed logs what nobody else is told of.
func (c *conn) Failed(f *steady.Failure) { c.failed(f) }

// Closing tells everybody who waits that the connection closes. The socket has
// its cause already: so whoever makes a context or an inbox, under c.mu, must
// look for the cause afterwards.
func (c *conn) Closing(cause *socket.Cause) {
	s := c.endpoint.server
	if c.registered() {
		s.registry.present.Add(-1)
	}
	if cause.Err == socket.ErrStalled {
		s.stats.slow.Add(1)
	}
	c.mu.Lock()
	if some := c.some; some != nil {
		some.ctx.Cancel()
		if some.rare != nil && some.rare.drain != nil && some.rare.drain.timer != nil {
			some.rare.drain.timer.Stop()
		}
	}
	waiting := c.inbox
	c.mu.Unlock()
	waiting.Stop()
}

// Ended is how every connection ends: nothing is read any more, and the context
// is cancelled.
func (c *conn) Ended() {
	// 3rd, whatever happens before: nobody finds the connection any more.
	defer c.gone()

	// 1st: the handler that runs is waited for; what waits for one is dropped.
	if dropped := c.inbox.Finish(); dropped > 0 {
		c.endpoint.server.logPeer(c, slog.LevelWarn, "ws: connection ended before its messages had a handler", "dropped", dropped)
	}

	// 2nd: the disconnect hook, in the connection's rooms.
	c.disconnect()
}

func (c *conn) gone() {
	s := c.endpoint.server
	c.leaveAll()
	c.leaveRates()
	if c.socket.Lingers() { // before it is found no more: Shutdown must find it
		s.registry.linger(c)
	}
	if c.registered() {
		s.registry.remove(c)
		c.endpoint.closed(c)
	}
	if c.socket.Deflates() {
		s.deflating.Add(-1)
	}
	c.state = nil
}

// Released forgets the connection, of which not even the socket is left.
func (c *conn) Released() { c.endpoint.server.registry.ended(c) }
