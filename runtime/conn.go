package ws

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/inbox"
	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// conn is one connection with its gateway and the messages that wait there.
// It is the owner of its socket, unless it is in a session, which is that in its
// place. The Client in it is what users see.
//
// A conn has one goroutine that reads, for as long as the connection lasts, or,
// in a session, each of its sockets;
// one that writes, while the peer has to be waited for; one that runs
// handlers, while messages wait for one; and one for each parallel call and
// stream. It ends in one method, Ended, whatever the cause.
type conn struct {
	Client

	endpoint *Endpoint
	born     time.Duration        // by Server.clock
	work     atomic.Pointer[work] // nil: none of it is there
}

var _ owner = (*conn)(nil)

// asClient returns the Client in c, which is always the same; nil for nil.
func (c *conn) asClient() *Client {
	if c == nil {
		return nil
	}
	return &c.Client
}

// registry returns the Server.
func (c *conn) registry() *Server { return c.endpoint.server }

// limits returns the options of the gateway.
func (c *conn) limits() *Options { return &c.endpoint.opts }

// wildcards returns the names in the gateway's path.
func (c *conn) wildcards() []string { return c.endpoint.wildcards }

// gateway returns the name of the gateway.
func (c *conn) gateway() string { return c.endpoint.spec.Gateway }

// age returns the time since c was made.
func (c *conn) age() time.Duration { return c.endpoint.server.clock() - c.born }

// whence returns nothing: a connection has one socket.
func (c *conn) whence() netip.AddrPort { return netip.AddrPort{} }

// lapse does nothing: a connection has its socket.
func (c *conn) lapse() bool { return false }

// Overflow returns the gateway's policy for full outboxes.
func (c *conn) Overflow() hub.Overflow { return hub.Overflow(c.endpoint.opts.Overflow) }

// work holds what a connection has beside its read loop, and from its hooks. It
// is allocated on first use, so that an idle connection stays at 320 bytes.
type work struct {
	// inbox has the messages that wait, and the calls that run. It is
	// made on the read goroutine; nil: nothing ever waited.
	inbox atomic.Pointer[inbox.Queue[*task]]

	// state is what the connect hook returned; hooked says that the hook
	// succeeded. Both are written before the first message is read, and
	// state once more when the last handler and hook have returned. So
	// they need no lock.
	state  any
	hooked bool

	mu   sync.Mutex
	rare *rare // guarded by mu, as its fields are; nil: none of it is there
}

// rare holds the fields that a connection needs only while it opens or
// drains, or for few of its calls.
type rare struct {
	hook      *hookWait  // made when the connect hook first waits
	drain     *draining  // made before the socket drains
	deadlines *deadlines // made for the first call that has a deadline
	odd       *odd       // nil: none of it is there
}

// works returns c.work, made if need be.
func (c *conn) works() *work {
	if w := c.work.Load(); w != nil {
		return w
	}
	c.work.CompareAndSwap(nil, new(work))
	return c.work.Load()
}

// inbox returns the messages that wait, and the calls that run; nil is none.
func (c *conn) inbox() *inbox.Queue[*task] {
	if w := c.work.Load(); w != nil {
		return w.inbox.Load()
	}
	return nil
}

// odd holds what few of these connections need, so that it is no part of the others.
type odd struct {
	guest  *kit.Guest // nil: it is no test's. Set before the connection is registered
	asks   questions
	claims claims
}

// claims are the positions that a client claims, by the ids of histories. They are
// guarded by the work's mu.
type claims struct {
	at    map[string]string
	until time.Duration // by Server.clock
}

// oddly returns the odd fields, made if need be. The caller holds w.mu.
func (w *work) oddly() *odd {
	rare := w.rarely()
	if rare.odd == nil {
		rare.odd = new(odd)
	}
	return rare.odd
}

// oddity returns the odd fields; nil: there are none. The caller holds w.mu.
func (w *work) oddity() *odd {
	if w.rare == nil {
		return nil
	}
	return w.rare.odd
}

// rarely returns w.rare, made if need be. The caller holds w.mu.
func (w *work) rarely() *rare {
	if w.rare == nil {
		w.rare = new(rare)
	}
	return w.rare
}

// hookWait is the context of a connect hook that waits for it, and what reads
// ahead meanwhile.
type hookWait struct {
	ctx    context.Context
	cancel context.CancelFunc
	ahead  *socket.Ahead // nil: nothing is read ahead
}

// draining says why a connection that drains will close, and when at the
// latest.
type draining struct {
	cause Closed
	until time.Duration // by Server.clock
	timer *time.Timer   // calls conn.cut; nil: no time is set
	takes bool          // messages are taken as ever meanwhile
	cut   bool          // conn.cut has begun, and closes the connection: the end of a call no longer does
}
