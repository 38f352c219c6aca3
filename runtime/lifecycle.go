package ws

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// newConn makes a connection of a net.Conn, of which first was read already.
func newConn(e *Endpoint, n net.Conn, first []byte, r *http.Request, a arrival) *conn {
	s := e.server
	c := &conn{endpoint: e, born: s.clock()}
	c.member.ID = uint64(s.ids.next())
	deflate := false
	if s.opts.CompressAbove > 0 {
		if deflate, _ = handshake.AcceptsDeflate(r.Header); deflate {
			s.deflating.Add(1)
		}
	}
	c.identity = e.identify(n, r, a)
	c.member.Socket.Open(e.profile, c, n, first, deflate)
	return c
}

// open registers the connection and runs the connect hook. If it returns
// false the connection is closing: the handshake is still to be answered, so
// that the Close frame can be sent, and Socket.End to be called.
func (c *conn) open(r *http.Request) bool {
	if !c.endpoint.server.hub.Add(&c.member, c.identity.userID()) {
		c.member.Socket.Brief()
		c.close(shutdownCause)
		return false
	}
	c.endpoint.opened(c)
	state, err := c.connect(r)
	if err != nil {
		c.close(closeFor(c.endpoint.report(c, "", 0, err)))
		return false
	}
	if state != nil || c.endpoint.disconnects() {
		w := c.works()
		w.state, w.hooked = state, true
	}
	return true
}

func (e *Endpoint) opened(c *conn) {
	s := e.server
	s.stats.opened.Add(1)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.line(c.asClient(), slog.LevelDebug, "ws: opened", "gateway", e.spec.Gateway, "remote", c.RemoteAddr())
	}
	s.tellOpened(&c.Client)
}

// Unsound reports a frame that breaks the protocol.
func (c *conn) Unsound(bad *frame.Error) {
	_ = c.endpoint.report(c, "", 0, NewError(CodeBadFrame, bad.Text))
}

// Dead logs that the peer is given up.
func (c *conn) Dead() {
	c.endpoint.server.logPeer(&c.Client, slog.LevelInfo, "ws: dead peer", "silent", c.endpoint.opts.IdleTimeout)
}

// Failed logs what nobody else is told of.
func (c *conn) Failed(f *steady.Failure) { c.failed(f) }

// Closing tells everybody who waits that the connection closes. The socket has
// its cause already: so whoever makes a context or an inbox must look for the
// cause after it can be found.
func (c *conn) Closing(cause *socket.Cause) {
	s := c.endpoint.server
	s.hub.Closing(&c.member)
	if cause.Err == socket.ErrStalled {
		s.stats.slow.Add(1)
	}
	if some := c.some.Load(); some != nil {
		some.ctx.Cancel()
	}
	w := c.work.Load()
	if w == nil {
		return
	}
	w.mu.Lock()
	if w.rare != nil && w.rare.drain != nil && w.rare.drain.timer != nil {
		w.rare.drain.timer.Stop()
	}
	w.mu.Unlock()
	w.inbox.Load().Stop()
}

// Ended is how every connection ends: nothing is read any more, and the context
// is cancelled.
func (c *conn) Ended() {
	// 3rd, whatever happens before: nobody finds the connection any more.
	defer c.gone()

	// 1st: the handler that runs is waited for; what waits for one is dropped.
	if dropped := c.inbox().Finish(); dropped > 0 {
		c.endpoint.server.logPeer(&c.Client, slog.LevelWarn, "ws: connection ended before its messages had a handler", "dropped", dropped)
	}

	// 2nd: the disconnect hook, in the connection's rooms.
	c.disconnect()
}

func (c *conn) gone() {
	s := c.endpoint.server
	s.hub.LeaveAll(&c.member)
	c.leaveRates()
	if c.member.Socket.Lingers() { // before it is found no more: Shutdown must find it
		s.hub.Linger(&c.member)
	}
	if c.member.Registered() {
		s.hub.Remove(&c.member)
		c.endpoint.closed(c)
	}
	if c.member.Socket.Deflates() {
		s.deflating.Add(-1)
	}
	if w := c.work.Load(); w != nil {
		w.state = nil
	}
}

// Released forgets the connection, of which not even the socket is left.
func (c *conn) Released() { c.endpoint.server.hub.Ended(&c.member, c.identity.cameFrom().network) }

func (e *Endpoint) closed(c *conn) {
	s, cause := e.server, c.cause()
	s.stats.closed.Add(1)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.line(c.asClient(), slog.LevelDebug, "ws: closed", "gateway", e.spec.Gateway, "code", uint16(cause.Code),
			"reason", cause.Reason, "remote", cause.Remote, "error", steady.Text(cause.Err))
	}
	s.tellClosed(&c.Client, cause)
}
