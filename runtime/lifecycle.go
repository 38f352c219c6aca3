package ws

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// newConn makes a connection of a net.Conn. first holds the bytes that were
// read of it already.
func newConn(e *Endpoint, n net.Conn, first []byte, r *http.Request, a *arrival) *conn {
	s := e.server
	c, o := newOwner(a.session)
	c.endpoint, c.born = e, s.clock()
	c.member.ID = uint64(s.ids.next())
	deflate := false
	if s.opts.CompressAbove > 0 {
		if deflate, _ = handshake.AcceptsDeflate(r.Header); deflate {
			s.deflating.Add(1)
		}
	}
	c.identity = e.identify(n, r, a)
	c.member.Socket.Open(e.profile, o, n, first, deflate)
	if a.session && e.keeper != nil {
		c.member.Socket.KeepSent(e.keeper)
	}
	if a.guest != nil {
		w := c.works()
		w.mu.Lock()
		w.oddly().guest = a.guest
		w.mu.Unlock()
	}
	return c
}

// newOwner makes a connection, and what owns its socket: itself, or the session that it
// is a part of.
func newOwner(isSession bool) (*conn, socket.Owner) {
	if isSession {
		s := new(session)
		return &s.conn, s
	}
	c := new(conn)
	return c, c
}

// open registers the connection and runs the connect hook. If it returns a
// refusal the connection is closing. Then the handshake must still be answered,
// so that the Close frame can be sent, and Socket.End be called.
func (c *conn) open(r *http.Request, a *arrival) (refusal *Error) {
	if !c.endpoint.server.hub.Add(&c.member, c.identity.userID()) {
		c.member.Socket.Brief()
		c.close(shutdownCause)
		return shuttingDown()
	}
	c.endpoint.opened(c)
	c.claimByQuery(r)
	state, err := c.connect(r, a.values)
	if err != nil {
		refusal = c.endpoint.report(c, "", 0, err)
		c.close(closeFor(refusal))
		return refusal
	}
	if state != nil || c.endpoint.disconnects() {
		w := c.works()
		w.state, w.hooked = state, true
	}
	return nil
}

// opened counts and logs a connection that was registered, and tells the
// Observer.
func (e *Endpoint) opened(c *conn) {
	s := e.server
	s.stats.opened.Add(1)
	if s.listen(); s.debugs.Load() {
		s.line(c.asClient(), slog.LevelDebug, "ws: opened", "gateway", e.spec.Gateway, "remote", c.RemoteAddr())
	}
	s.tellOpened(&c.Client)
}

// Unsound reports a frame that breaks the protocol.
func (c *conn) Unsound(bad *frame.Error) {
	_ = c.endpoint.report(c, "", 0, NewError(CodeBadFrame, bad.Text))
}

// Dead logs that the peer is given up for its silence.
func (c *conn) Dead() {
	c.endpoint.server.stats.silent.Add(1)
	c.endpoint.server.logPeer(&c.Client, slog.LevelInfo, "ws: dead peer", "silent", c.endpoint.opts.IdleTimeout)
}

// Failed logs a failure of user code that no caller is told of.
func (c *conn) Failed(f *steady.Failure) { c.failed(f) }

// Closing stops the inbox of a connection that begins to close and cancels its
// context, in this order: a handler that ends for the second must not be followed
// by another. The socket has set its cause before. So code that makes a context
// or an inbox must publish it first, and look for the cause then.
func (c *conn) Closing(cause *socket.Cause) {
	s := c.endpoint.server
	s.hub.Closing(&c.member)
	if cause.Err == socket.ErrStalled {
		s.stats.slow.Add(1)
	}
	if w := c.work.Load(); w != nil {
		w.inbox.Load().Stop()
		w.stopDraining()
	}
	if some := c.some.Load(); some != nil {
		some.ctx.Cancel()
	}
}

// stopDraining stops the timer of a connection that drains.
func (w *work) stopDraining() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rare != nil && w.rare.drain != nil && w.rare.drain.timer != nil {
		w.rare.drain.timer.Stop()
	}
}

// Ended ends a connection, whatever its cause. Nothing is read any more, and
// the context is cancelled.
func (c *conn) Ended() {
	// 3rd, even if the hook ends the goroutine: nothing finds the connection any more.
	defer c.gone()

	// 1st: the handler that runs is waited for. Messages that wait are dropped.
	if dropped := c.inbox().Finish(); dropped > 0 {
		c.endpoint.server.stats.dropped.Add(uint64(dropped))
		c.endpoint.server.logPeer(&c.Client, slog.LevelWarn, "ws: connection ended before its messages had a handler", "dropped", dropped)
	}

	// 2nd: the disconnect hook, while the connection is in its rooms.
	c.disconnect()
}

// gone takes the connection out of its rooms and out of the registry.
func (c *conn) gone() {
	s := c.endpoint.server
	s.hub.LeaveAll(&c.member)
	c.leaveRates()
	if c.member.Socket.Lingers() { // before Remove: Shutdown finds it all the time
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

// Released forgets the connection, whose socket is closed, and tells the test
// that made it.
func (c *conn) Released() { c.releasedFrom(c.identity.cameFrom().network) }

// releasedFrom is Released for a socket that is counted under a network.
func (c *conn) releasedFrom(network netip.Addr) {
	c.endpoint.server.hub.Ended(&c.member, network)
	c.releaseGuest()
}

// releaseGuest tells the test that made the connection that it is over, and its
// socket closed.
func (c *conn) releaseGuest() {
	if g := c.dropGuest(); g != nil {
		g.Release()
	}
}

// partGuest tells the test that made the connection that it has lost its socket.
func (c *conn) partGuest(lapse func()) {
	w := c.work.Load()
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if odd := w.oddity(); odd != nil && odd.guest != nil {
		odd.guest.Part(lapse)
	}
}

// dropGuest returns the test that made the connection, and forgets it; nil: there
// is none.
func (c *conn) dropGuest() (g *kit.Guest) {
	w := c.work.Load()
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if odd := w.oddity(); odd != nil {
		g, odd.guest = odd.guest, nil
	}
	return g
}

// takeGuest takes over the test that made another connection, with its socket.
func (c *conn) takeGuest(from *conn) {
	c.releaseGuest() // of the socket that it had
	if g := from.dropGuest(); g != nil {
		w := c.works()
		w.mu.Lock()
		w.oddly().guest = g
		w.mu.Unlock()
	}
}

// closed counts and logs a connection that has left the registry, and tells
// the Observer.
func (e *Endpoint) closed(c *conn) {
	s, cause := e.server, c.cause()
	s.stats.closed.Add(1)
	s.logPeer(&c.Client, slog.LevelInfo, "ws: closed", append(cause.attrs(), "gateway", e.spec.Gateway, "lasted", s.clock()-c.born)...)
	s.tellClosed(&c.Client, cause)
}
