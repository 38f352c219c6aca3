package ws

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/hub"
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

// asClient returns the Client of c, which is always the same.
func (c *conn) asClient() *Client { return (*Client)(c) }

// id returns the connection's id.
func (c *conn) id() ConnID { return ConnID(c.member.ID) }

// connOf returns the connection that a member is a part of.
func connOf(m *hub.Member) *conn { return m.Socket.Owner().(*conn) }

// seldom holds what few connections have, or only in the end. It is allocated on
// first use, so that an idle connection stays at 320 bytes.
type seldom struct {
	// state is what the connect hook returned, if that succeeded and hooked says
	// so. Handlers and hooks of one connection never overlap, so it needs no lock.
	state  any
	hooked bool

	ctx lazy.Context // made when somebody first waits

	mu   sync.Mutex // guards rare
	rare *rare      // nil: none of it is there
}

// rare holds what hardly any connection has. It is allocated apart again, since
// of a crowd many have a state, or close.
type rare struct {
	lines *[logKinds]allowance // of the log
	hook  *hookWait            // made when the connect hook first waits
	drain *draining            // made before the socket drains
}

// seldom returns c.some, made if need be.
func (c *conn) seldom() *seldom {
	if some := c.some.Load(); some != nil {
		return some
	}
	c.some.CompareAndSwap(nil, new(seldom))
	return c.some.Load()
}

// rarely returns s.rare, made if need be. The caller holds s.mu.
func (s *seldom) rarely() *rare {
	if s.rare == nil {
		s.rare = new(rare)
	}
	return s.rare
}

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

var _ hub.Keeper = (*conn)(nil)

// Overflow returns the gateway's policy.
func (c *conn) Overflow() hub.Overflow { return hub.Overflow(c.endpoint.opts.Overflow) }

// open registers the connection and runs the connect hook. If it returns
// false the connection is closing: the handshake is still to be answered, so
// that the Close frame can be sent, and Socket.End to be called.
func (c *conn) open(r *http.Request) bool {
	if !c.endpoint.server.hub.Add(&c.member, c.userID()) {
		c.member.Socket.Brief()
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
		some := c.seldom()
		some.state, some.hooked = state, true
	}
	return true
}

// close begins to close the connection: its context is cancelled, nothing more is
// accepted, and after what is queued a Close frame leaves. Only the first cause
// counts; close reports whether this was it.
func (c *conn) close(cause Closed) (first bool) { return c.member.Socket.Close(cause.socket()) }

// abort closes the connection at once: what is queued is lost.
func (c *conn) abort(cause Closed) { c.member.Socket.Abort(cause.socket()) }

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
		some.mu.Lock()
		if some.rare != nil && some.rare.drain != nil && some.rare.drain.timer != nil {
			some.rare.drain.timer.Stop()
		}
		some.mu.Unlock()
	}
	c.inbox.Load().Stop()
}

// join is idempotent. It fails with ErrClosed once the connection has left all
// its rooms for good, and for names or numbers beyond the limits: then the
// connection has joined none of the rooms.
func (c *conn) join(names ...string) error {
	o := &c.endpoint.opts
	for _, name := range names {
		if len(name) > o.MaxRoomBytes {
			return refuseRoom(CodeTooLarge, "the name of a room has at most %d bytes", o.MaxRoomBytes, ErrRoomName)
		}
	}
	switch c.endpoint.server.hub.Join(&c.member, o.MaxRooms, names...) {
	case hub.ErrLeft:
		return ErrClosed
	case hub.ErrTooMany:
		return refuseRoom(CodeConflict, "a connection is in at most %d rooms", o.MaxRooms, ErrTooManyRooms)
	}
	return nil
}

// refuseRoom returns an error that a handler may pass on to the client. It
// names no room: the name may be what is wrong with it.
func refuseRoom(code Code, format string, limit int, kind error) error {
	return NewError(code, fmt.Sprintf(format, limit)).WithCause(kind)
}

// Ended is how every connection ends: nothing is read any more, and the context
// is cancelled.
func (c *conn) Ended() {
	// 3rd, whatever happens before: nobody finds the connection any more.
	defer c.gone()

	// 1st: the handler that runs is waited for; what waits for one is dropped.
	if dropped := c.inbox.Load().Finish(); dropped > 0 {
		c.endpoint.server.logPeer(c, slog.LevelWarn, "ws: connection ended before its messages had a handler", "dropped", dropped)
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
	if some := c.some.Load(); some != nil {
		some.state = nil
	}
}

// Released forgets the connection, of which not even the socket is left.
func (c *conn) Released() { c.endpoint.server.hub.Ended(&c.member, c.from().network) }
