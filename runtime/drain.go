package ws

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// Going away without losing what was accepted: a connection that drains refuses
// new messages, lets running and waiting ones end, and closes when it has
// nothing in hand any more, or when its time is up.

// draining is what is left to do for a connection that drains.
type draining struct {
	cause Closed
	until time.Duration // by Server.clock
	timer *time.Timer   // nil: only what is in hand holds it
	cut   bool          // its time is up: who is cancelled then does not close it
}

// leaveRetry is when a client may try elsewhere what was refused because the
// connection drains: as soon as after the refusal of a handshake.
const leaveRetry = time.Second

// errLeaving is the answer to what was not begun.
func errLeaving() *Error {
	return &Error{Code: CodeUnavailable, Message: "the connection is about to close: connect again", RetryAfter: leaveRetry}
}

// errCut is the answer to what was begun: nobody knows how far it came, so it
// does not say when to try again.
func errCut() *Error {
	return NewError(CodeUnavailable, "the connection closes before the call has ended")
}

// drain closes the connection for a cause when what it has accepted has ended,
// or has taken as long as it may. The first cause counts, and the earliest end.
func (c *conn) drain(cause Closed, within time.Duration) {
	c.mu.Lock()
	if c.closing.Load() {
		c.mu.Unlock()
		return
	}
	rare := c.rarely()
	if rare.drain == nil {
		rare.drain = &draining{cause: cause, until: noLimit}
	}
	d := rare.drain
	idle := c.closing.set(phaseDrains)&phaseReads != 0 && c.inbox.Idle()
	if until := later(c.server.clock(), within); !idle && within > 0 && until < d.until {
		d.until = until
		if d.timer == nil {
			d.timer = time.AfterFunc(within, c.cut)
		} else {
			d.timer.Reset(within)
		}
	}
	c.mu.Unlock()
	if idle || within <= 0 {
		c.cut()
	}
}

// reads notes that the read goroutine waits for bytes from now on: it has no
// message in hand, and has handed over all replies. A silence that nothing else
// could tell from what was not read yet begins now.
func (c *conn) reads() {
	if c.raw == nil || c.endpoint.opts.PingInterval == noLimit {
		c.hear()
	}
	if c.closing.set(phaseReads)&phaseDrains != 0 {
		c.restReading()
	}
}

// hasRead notes that it has some.
func (c *conn) hasRead() {
	if c.closing.is(phaseReads) {
		c.closing.clear(phaseReads)
	}
}

// rest is called when something that was accepted has ended. It closes a
// connection that drains and has nothing else in hand.
func (c *conn) rest() {
	if c.closing.is(phaseReads | phaseDrains) {
		c.restReading()
	}
}

// restReading is rest for the read goroutine, between two messages, of a
// connection that drains.
func (c *conn) restReading() {
	if c.closing.Load() {
		return
	}
	c.mu.Lock()
	b, d := c.inbox, c.some.last.rare.drain
	cut := d.cut
	c.mu.Unlock()
	if !cut && b.Idle() {
		c.close(d.cause)
	}
}

// cut closes a connection whose time to drain is up. What has an id and no
// answer gets one: all of it leaves as one with the Close frame, for which there
// is always room.
func (c *conn) cut() {
	c.mu.Lock()
	b, d := c.inbox, c.some.last.rare.drain
	first, cause := !d.cut, d.cause
	d.cut = true
	c.mu.Unlock()
	if !first {
		return
	}
	b.Stop() // nothing begins any more
	var last []byte
	for _, t := range b.Waiting() {
		last = append(last, t.cut(errLeaving())...)
	}
	for _, t := range b.Running() {
		last = append(last, t.cut(errCut())...)
	}
	if c.begin(cause) {
		c.schedule(c.out.Close(append(last, frame.Close(frame.CloseCode(cause.Code), cause.Reason)...)))
	}
}

// cut cancels a call, and returns its answer; nil if it has one.
func (t *task) cut(refusal *Error) []byte {
	if !t.claim(refusal) {
		return nil
	}
	t.end() // before the answer is queued, so that no item of a stream follows it
	refusal = t.conn.endpoint.refuse(t.conn, t.event(), 0, refusal)
	return t.conn.endpoint.protocol.encodeRefusal(t.event(), t.id, refusal)
}
