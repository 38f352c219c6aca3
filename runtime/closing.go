package ws

import (
	"errors"
	"os"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Why the server closes by itself.
var (
	shutdownCause = Closed{Code: CloseAway, Reason: "shutdown: the server is going away"}
	abuseCause    = Closed{Code: CloseRateLimited, Reason: "rate_limited: too many messages, again and again"}
	slowCause     = Closed{Code: ClosePolicy, Reason: "slow_consumer: the client is not reading"}
	expiredCause  = Closed{Code: CloseUnauthenticated, Reason: "expired: the credential has expired, connect with a new one"}
	lifetimeCause = Closed{Code: CloseAway, Reason: "lifetime: connection lifetime reached, connect again"}
)

var (
	errSilent  = errors.New("ws: peer silent, not even a pong")
	errStalled = errors.New("ws: peer takes nothing")
)

// close begins to close the connection: the context is cancelled, nothing more
// is accepted, and after what is queued a Close frame leaves with the cause's
// code; none for CloseAbnormal. Only the first cause counts; close returns
// whether this was it.
func (c *conn) close(cause Closed) bool {
	if !c.begin(cause) {
		return false
	}
	var last []byte
	if cause.Code != CloseAbnormal {
		last = frame.Close(frame.CloseCode(cause.Code), cause.Reason)
	}
	c.schedule(c.out.Close(last))
	return true
}

// closeAnswering is close for a peer that sent a Close frame: cause is what
// it said, answer the code of our own Close (RFC 6455, section 5.5.1).
func (c *conn) closeAnswering(cause Closed, answer CloseCode) {
	if c.begin(cause) {
		c.schedule(c.out.Close(frame.Close(frame.CloseCode(answer), "")))
	}
}

// abort closes the connection at once: what is queued is lost.
func (c *conn) abort(cause Closed) {
	c.begin(cause)
	c.cutSocket() // wakes reader and writer
	c.schedule(c.out.Abort())
}

// begin records the first cause and tells everybody who waits.
func (c *conn) begin(cause Closed) bool {
	c.mu.Lock()
	first := !c.closing.Load()
	if first {
		some := c.seldom()
		some.cause = &cause
		some.ended()
		c.closing.set(phaseCloses)
		if c.closing.is(phaseDrains) && some.last.rare.drain.timer != nil {
			some.last.rare.drain.timer.Stop()
		}
		if c.registered() {
			c.server.registry.present.Add(-1)
		}
		some.ctx.Cancel() // whoever makes it later sees that c is closing
	}
	waiting := c.inbox
	c.mu.Unlock()
	if first {
		waiting.Stop()
	}
	return first
}

// peerEnded notes that the peer sends nothing any more.
func (c *conn) peerEnded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peerClosed = true
}

// writeCause says why writing failed.
func writeCause(err error) Closed {
	if steady.Is(err, os.ErrDeadlineExceeded) {
		return Closed{Code: slowCause.Code, Reason: slowCause.Reason, Err: errStalled}
	}
	return Closed{Code: CloseAbnormal, Remote: true, Err: err}
}
