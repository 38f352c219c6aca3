package ws

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/inbox"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// conn is one connection: what Client and Sender are handles to.
//
// Its goroutines: the one that reads for as long as the connection lasts, one
// that flushes while there is something to write, one that runs handlers while
// messages wait for one, and one for each parallel call and stream. It ends in
// one function, end, whatever the cause.
type conn struct {
	// Set before the connection is registered.
	id       ConnID
	server   *Server
	endpoint *Endpoint
	wire     wire          // what gws reads from, and the socket
	identity *identity     // nil: nobody known, and nothing to remember
	born     time.Duration // by Server.clock

	// state is the connection's own, made by the connect hook. Handlers and
	// hooks of one connection never overlap, so it needs no lock.
	state any

	// What a broadcast touches lies together: it comes to a thousand
	// connections whose memory is in no cache.
	raw      syscall.RawConn // the socket's descriptor; nil where it must not be used; set before registering
	out      outbox.Queue
	everyone membership // in the room of all connections

	cork cork // the read goroutine's

	heard atomic.Int64 // when bytes last came, by Server.clock
	timer timerNode    // guarded by the wheel

	mu    sync.Mutex
	inbox *inbox.Queue[*task] // made by the read goroutine under mu; nil: nothing ever waited
	some  *seldom             // made under mu; nil: none of it is there

	parts   atomic.Int32 // of release: the socket and the read goroutine
	closing phase        // that it closes, or drains, is set under mu

	// Small ones together: a crowd pays for the gaps.
	deflate    bool // compressed frames are agreed on
	joined     bool // gws reads, and what it writes counts; the read goroutine's
	corked     bool // replies are held back; the read goroutine's
	connected  bool // the connect hook returned nil
	left       bool // of all rooms, for good; this and the rest under mu
	peerClosed bool // no byte of the peer's will follow
	readDone   bool
	writeDone  bool
}

// seldom is what few connections have, or only in the end. It lies apart, since
// a crowd would pay for it. All of it is guarded by conn.mu.
type seldom struct {
	rooms []*membership
	ctx   lazy.Context // made when somebody first waits
	cause *Closed      // set with closing, and then for good
	last  *lastBytes   // set with closing; before, if there are lines of the log, or anything rare
}

// lastBytes is what is known of a connection that is about to end, that the log
// had lines about, or that has something rare: here, since seldom is as long as
// it may be.
type lastBytes struct {
	lines     *[logKinds]allowance
	rare      *rare         // made under mu; nil: none of it is there
	written   time.Duration // when the last byte was, by Server.clock; set with writeDone
	discarded int           // bytes read since closing, for nobody; the read goroutine's, then settle's
}

// ended returns s.last, made if need be. The caller holds conn.mu.
func (s *seldom) ended() *lastBytes {
	if s.last == nil {
		s.last = new(lastBytes)
	}
	return s.last
}

// rare is what hardly any connection has. It lies apart again: of a crowd many
// are in a room, or close.
type rare struct {
	hook  *hookWait // made when the connect hook first waits
	drain *draining // made with phaseDrains
	seen  sight     // of a peer that takes something, and does not answer
}

// rarely returns c.some.last.rare, made if need be. The caller holds c.mu.
func (c *conn) rarely() *rare {
	last := c.seldom().ended()
	if last.rare == nil {
		last.rare = new(rare)
	}
	return last.rare
}

// seldom returns c.some, made if need be. The caller holds c.mu.
func (c *conn) seldom() *seldom {
	if c.some == nil {
		c.some = new(seldom)
	}
	return c.some
}

// asClient returns the Client of c, which is always the same.
func (c *conn) asClient() *Client { return &c.wire.client }

// reader is what reads a connection until it is over.
type reader interface{ ReadLoop() }

func newConn(e *Endpoint, socket net.Conn, r *http.Request, a arrival) *conn {
	s := e.server
	c := &conn{id: s.ids.next(), server: s, endpoint: e, born: s.clock()}
	w := &c.wire
	w.Conn, w.client.conn = socket, c
	if !s.portable {
		c.raw = rawOf(w.Conn)
	}
	if s.opts.CompressAbove > 0 {
		if c.deflate, _ = handshake.AcceptsDeflate(r.Header); c.deflate {
			w.guard.Deflate()
			s.deflating.Add(1)
		}
	}
	c.heard.Store(int64(c.born))
	c.identity = e.identify(socket, r, a)
	c.out.Limit(&e.outbox)
	c.out.Hold()
	c.parts.Store(2)
	return c
}

// registered reports whether c has ever been in the registry.
func (c *conn) registered() bool { return c.everyone.conn != nil }

// open registers the connection and runs the connect hook. If it returns
// false the connection is closing: the handshake is still to be answered, so
// that the Close frame can be sent, and end to be called.
func (c *conn) open(r *http.Request) bool {
	if !c.server.registry.add(c) {
		c.close(shutdownCause)
		return false
	}
	c.endpoint.opened(c)
	state, err := c.connect(r)
	if err != nil {
		c.close(closeFor(c.endpoint.refuse(c, "", 0, err)))
		return false
	}
	c.state, c.connected = state, true
	return true
}

// hear notes that the peer is alive, and returns when that was.
func (c *conn) hear() time.Duration {
	now := c.server.clock()
	c.heard.Store(int64(now))
	return now
}

// serve reads until the connection is over. It is the read goroutine.
func (c *conn) serve() {
	defer c.end()
	returned := false
	defer steady.Ended(&returned, "reading", "", c.unreadable)
	c.readOn()
	returned = true
}

// readOn is serve without what comes after it.
func (c *conn) readOn() {
	// gws comes in with the first message. Its part weighs more than ours, and
	// a connection that only listens, and answers pings, has no use for it.
	for more := true; more; more = c.wire.skipPong() {
		if err := c.wire.available(); err != nil {
			c.closeUnread(err)
			return
		}
	}
	r, err := c.endpoint.transport.reader(c)
	if err != nil {
		c.closeUnread(err)
		return
	}
	r.ReadLoop()
}

// unreadable is called when reading ended otherwise than by itself. A panic is
// gws's: it ends the connection, not the process. Where user code ended the
// goroutine, that has been said and done already.
func (c *conn) unreadable(f *steady.Failure) {
	if !f.Goexit {
		c.failed(f)
		c.close(Closed{Code: CloseProtocol, Reason: "protocol: unreadable frame", Err: f})
	}
}

// end is how every connection ends, on its read goroutine: nothing is read any
// more. The socket may outlive it by as long as the last frames take.
func (c *conn) end() {
	// 4th, whatever happens before: nobody finds the connection any more.
	defer c.gone()

	// 1st: nothing more is accepted, and the context is cancelled, if the cause
	// was not on this side already.
	c.close(Closed{Code: CloseAbnormal, Remote: true})
	c.server.wheel.remove(c)
	c.readEnded()
	c.uncork()

	// 2nd: the handler that runs is waited for; what waits for one is dropped.
	if dropped := c.inbox.Finish(); dropped > 0 {
		c.server.logPeer(c, slog.LevelWarn, "ws: connection ended before its messages had a handler", "dropped", dropped)
	}

	// 3rd: the disconnect hook, in the connection's rooms.
	c.disconnect()
}

func (c *conn) gone() {
	c.leaveAll()
	c.leaveRates()
	if c.parts.Load() > 1 { // before it is found no more: Shutdown must find it
		c.server.registry.linger(c)
	}
	if c.registered() {
		c.server.registry.remove(c)
		c.endpoint.closed(c)
	}
	if c.deflate {
		c.server.deflating.Add(-1)
	}
	c.state = nil
	c.release()
}

// release is called by the read goroutine and by who closed the socket; the
// second call is the end of the connection.
func (c *conn) release() {
	if c.parts.Add(-1) == 0 {
		c.server.registry.ended(c)
	}
}
