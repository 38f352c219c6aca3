package ws

import (
	"math/bits"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// This file closes a connection without losing what it has accepted. A
// connection that drains refuses new messages, lets running and waiting ones
// end, and closes when it has nothing in hand any more, or when its time is
// up.

// Due returns when the principal expires, or the connection has lasted for long
// enough, by Server.clock.
func (c *conn) Due() time.Duration { return min(c.expires(), c.lived()) }

// lived returns when the connection has lasted for long enough. That is up to
// a tenth of Lifetime earlier, for each connection at another time, so that a
// crowd that came together does not come back together.
func (c *conn) lived() time.Duration { return c.livedSince(c.born) }

// livedSince is lived for a connection that began at a time.
func (c *conn) livedSince(begun time.Duration) time.Duration {
	o := &c.endpoint.opts
	if o.Lifetime == noLimit || c.member.Socket.Drains() {
		return noLimit
	}
	const golden = 0x9e3779b97f4a7c15 // spreads the ids, which are consecutive
	early, _ := bits.Mul64(c.member.ID*golden, uint64(o.Lifetime/10))
	return socket.Later(begun, o.Lifetime-time.Duration(early))
}

// TimeUp closes the connection if its principal has expired, and has it drain
// if its lifetime is over.
func (c *conn) TimeUp(now time.Duration) {
	if now >= c.expires() {
		c.close(expiredCause)
	} else if now >= c.lived() {
		c.drain(lifetimeCause, c.endpoint.opts.DrainTimeout)
	}
}

// leaveRetry is RetryAfter for a message that is refused because the
// connection drains. It is as long as that of a handshake which a shutdown
// refuses.
const leaveRetry = time.Second

// errLeaving returns the answer to a message that was not begun.
func errLeaving() *Error {
	return &Error{Code: CodeUnavailable, Message: "the connection is about to close: connect again", RetryAfter: leaveRetry}
}

// errCut returns the answer to a call that was begun. It does not say when to
// try again, since nobody knows how far the call came.
func errCut() *Error {
	return NewError(CodeUnavailable, "the connection closes before the call has ended")
}

// leave is drain: the client cannot be asked to leave.
func (c *conn) leave(d departure) { c.drain(d.cause, d.within) }

// lead closes the connection for a cause after a time, in which messages are
// taken as ever. The first cause counts, and the earliest end.
func (c *conn) lead(cause Closed, within time.Duration) {
	c.ends(cause, within, func(d *draining) (now bool) {
		d.takes = true
		return false
	})
}

// ends has the connection cut for a cause after a time; at once if none is left, or
// begin says so. begin is called under the work's mu, unless the connection closes.
func (c *conn) ends(cause Closed, within time.Duration, begin func(*draining) (now bool)) {
	w := c.works()
	w.mu.Lock()
	if c.member.Socket.Closes() {
		w.mu.Unlock()
		return
	}
	d := w.drains(cause)
	now := begin(d) || within <= 0
	if !now {
		c.cutAfter(d, within)
	}
	w.mu.Unlock()
	if now {
		c.cut()
	}
}

// drains returns how the connection drains, for the cause if that is the first.
// The caller holds w.mu.
func (w *work) drains(cause Closed) *draining {
	rare := w.rarely()
	if rare.drain == nil {
		rare.drain = &draining{cause: cause, until: noLimit}
	}
	return rare.drain
}

// cutAfter has the connection cut after a time, unless it will be sooner. The
// caller holds the work's mu.
func (c *conn) cutAfter(d *draining, within time.Duration) {
	until := socket.Later(c.endpoint.server.clock(), within)
	if until >= d.until {
		return
	}
	d.until = until
	if d.timer == nil {
		d.timer = time.AfterFunc(within, c.cut)
	} else {
		d.timer.Reset(within)
	}
}

// refuses reports whether a connection that drains refuses new messages.
func (c *conn) refuses() bool {
	w := c.works()
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.rare.drain.takes
}

// outlast closes the connection for a cause when it has nothing in hand any more.
// Until then messages are taken as ever.
func (c *conn) outlast(cause Closed) {
	c.ends(cause, noLimit, func(d *draining) (idle bool) {
		d.takes = true
		return c.member.Socket.Drain() && c.inbox().Idle()
	})
}

// drain closes the connection for a cause when what it has accepted has ended,
// or has taken as long as it may. The first cause counts, and the earliest end.
func (c *conn) drain(cause Closed, within time.Duration) {
	c.ends(cause, within, func(*draining) (idle bool) { return c.member.Socket.Drain() && c.inbox().Idle() })
}

// rest closes a connection that drains and has nothing in hand any more. It
// is called when something that was accepted has ended.
func (c *conn) rest() {
	if c.member.Socket.Rests() {
		c.Resting()
	}
}

// Resting is rest for a connection that is known to drain. The read goroutine
// calls it between two messages.
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

// cut closes a connection whose time to drain is up. Each call with an id and
// without an answer is refused. These answers and the Close frame leave
// together, and there is always room for them.
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

// cut cancels a call and returns its answer, encoded; nil if it has one
// already.
func (t *task) cut(refusal *Error) []byte {
	if !t.claim(refusal) {
		return nil
	}
	t.end() // before the answer is queued, so that no item of a stream follows it
	refusal = t.report(refusal)
	return t.conn.endpoint.protocol.encodeRefusal(t.event(), t.id, refusal)
}

// expires returns when the principal expires, by Server.clock; noLimit:
// never.
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
