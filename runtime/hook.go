package ws

import (
	"context"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// hookContext is a connect hook's context: the connection's, with a deadline,
// over when the hook has returned, and when the peer is gone. Nobody reads
// before the hook has returned, so that takes reading ahead: it begins when
// somebody asks whether the context is over, and most hooks never do.
type hookContext struct{ conn *conn }

// Deadline is HandshakeTimeout after the request came.
func (x hookContext) Deadline() (time.Time, bool) {
	d := x.conn.endpoint.opts.HandshakeTimeout
	if d == noLimit {
		return time.Time{}, false
	}
	return x.conn.endpoint.server.engine.Time(x.conn.born + d), true
}

// Done is closed at the deadline, when the hook has returned, and when the
// connection begins to close, as it does when the peer is gone.
func (x hookContext) Done() <-chan struct{} { return x.conn.hookWait().ctx.Done() }

// Err says which it was: context.DeadlineExceeded, else context.Canceled.
func (x hookContext) Err() error { return x.conn.hookWait().ctx.Err() }

// Value is connContext's.
func (x hookContext) Value(key any) any {
	c := x.conn
	if key == (clientKey{}) {
		return c.asClient()
	}
	if h := c.hookWaits(); h != nil {
		return h.ctx.Value(key)
	}
	return connContext{&c.Client}.Value(key)
}

// hookWaits returns the connection's, nil if nobody waited.
func (c *conn) hookWaits() *hookWait {
	w := c.work.Load()
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rare == nil {
		return nil
	}
	return w.rare.hook
}

// hookWait returns it, made if need be.
func (c *conn) hookWait() *hookWait {
	w := c.works()
	w.mu.Lock()
	defer w.mu.Unlock()
	rare := w.rarely()
	if rare.hook != nil {
		return rare.hook
	}
	h := new(hookWait)
	rare.hook = h
	if until, limited := (hookContext{c}).Deadline(); limited {
		h.ctx, h.cancel = context.WithDeadline(c.context(), until)
	} else {
		h.ctx, h.cancel = context.WithCancel(c.context())
	}
	if h.ahead = c.member.Socket.ReadAhead(h.ctx.Done()); h.ahead == nil {
		h.cancel() // the hook has returned
	}
	return h
}

// hookReturned ends the hook's context, and reading ahead.
func (c *conn) hookReturned() {
	c.member.Socket.Opened() // a context that is asked for the first time later reads nothing
	h := c.hookWaits()
	if h == nil {
		return
	}
	h.cancel()
	if h.ahead != nil {
		c.member.Socket.StopAhead(h.ahead)
	}
}

// lateHook turns what a connect hook returned because its time was up into what
// the client is told.
func (c *conn) lateHook(err error) error {
	if until, limited := (hookContext{c}).Deadline(); err == nil || !limited || time.Now().Before(until) || !steady.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, known := steady.As[*Error](err); known {
		return err
	}
	return NewError(CodeTimeout, "opening the connection took too long").WithCause(err)
}
