package ws

import (
	"math/bits"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Going away without losing what was accepted: a connection that drains refuses
// new messages, lets running and waiting ones end, and closes when it has
// nothing in hand any more, or when its time is up.

// Due returns when the principal expires, or the connection has lasted for long
// enough, by Server.clock.
func (c *conn) Due() time.Duration { return min(c.expires(), c.lived()) }

// lived returns when the connection has lasted for long enough: up to a tenth
// of Lifetime earlier, each at a moment of its own, so that a crowd that came
// together does not come back together.
func (c *conn) lived() time.Duration {
	o := &c.endpoint.opts
	if o.Lifetime == noLimit || c.member.Socket.Drains() {
		return noLimit
	}
	const golden = 0x9e3779b97f4a7c15 // spreads the ids, which are consecutive
	early, _ := bits.Mul64(c.member.ID*golden, uint64(o.Lifetime/10))
	return socket.Later(c.born, o.Lifetime-time.Duration(early))
}

// TimeUp closes the connection, or has it drain.
func (c *conn) TimeUp(now time.Duration) {
	if now >= c.expires() {
		c.close(expiredCause)
	} else if now >= c.lived() {
		c.drain(lifetimeCause, c.endpoint.opts.DrainTimeout)
	}
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
	w := c.works()
	w.mu.Lock()
	if c.member.Socket.Closes() {
		w.mu.Unlock()
		return
	}
	rare := w.rarely()
	if rare.drain == nil {
		rare.drain = &draining{cause: cause, until: noLimit}
	}
	d := rare.drain
	idle := c.member.Socket.Drain() && c.inbox().Idle()
	if until := socket.Later(c.endpoint.server.clock(), within); !idle && within > 0 && until < d.until {
		d.until = until
		if d.timer == nil {
			d.timer = time.AfterFunc(within, c.cut)
		} else {
			d.timer.Reset(within)
		}
	}
	w.mu.Unlock()
	if idle || within <= 0 {
		c.cut()
	}
}

// rest is called when something that was accepted has ended. It closes a
// connection that drains and has nothing else in hand.
func (c *conn) rest() {
	if c.member.Socket.Rests() {
		c.Resting()
	}
}

// Resting is rest for the read goroutine, between two messages, of a connection
// that drains.
func (c *conn) Resting() {
	if c.member.Socket.Closes() {
		return
	}
	w := c.works()
	w.mu.Lock()
	b, d := c.inbox(), w.rare.drain
	cut := d.cut
	w.mu.Unlock()
	if !cut && b.Idle() {
		c.close(d.cause)
	}
}

// cut closes a connection whose time to drain is up. What has an id and no
// answer gets one: all of it leaves as one with the Close frame, for which there
// is always room.
func (c *conn) cut() {
	w := c.works()
	w.mu.Lock()
	b, d := c.inbox(), w.rare.drain
	first, cause := !d.cut, d.cause
	d.cut = true
	w.mu.Unlock()
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
	c.member.Socket.CloseAfter(last, cause.socket())
}

// cut cancels a call, and returns its answer; nil if it has one.
func (t *task) cut(refusal *Error) []byte {
	if !t.claim(refusal) {
		return nil
	}
	t.end() // before the answer is queued, so that no item of a stream follows it
	refusal = t.conn.endpoint.report(t.conn, t.event(), 0, refusal)
	return t.conn.endpoint.protocol.encodeRefusal(t.event(), t.id, refusal)
}

// expires returns when the principal does, by Server.clock; noLimit is never.
func (c *conn) expires() time.Duration {
	p := c.identity.who()
	if p == nil || p.Expires.IsZero() {
		return noLimit
	}
	now, left := c.endpoint.server.clock(), time.Until(p.Expires)
	if left > noLimit-now {
		return noLimit
	}
	return now + left
}
