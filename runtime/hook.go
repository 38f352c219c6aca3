package ws

import (
	"context"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// hookContext is a connect hook's context. It is the connection's, with a
// deadline, and over when the hook has returned or the peer is gone. Before
// the hook has returned there is no read loop, or, of a session, it waits for the
// hook, so to notice that the peer is gone takes reading ahead. That begins when the hook asks whether the
// context is over; most hooks never do.
type hookContext struct{ conn *conn }

// Deadline returns the time HandshakeTimeout after the connection was made,
// which is when its guards had let it in.
func (x hookContext) Deadline() (time.Time, bool) {
	d := x.conn.endpoint.opts.HandshakeTimeout
	if d == noLimit {
		return time.Time{}, false
	}
	return x.conn.endpoint.server.engine.Time(x.conn.born + d), true
}

// Done returns a channel that is closed at the deadline, when the hook has
// returned, and when the connection begins to close, as it does when the peer
// is gone.
func (x hookContext) Done() <-chan struct{} { return x.conn.hookWait().ctx.Done() }

// Err returns context.DeadlineExceeded after the deadline, context.Canceled
// if Done is closed for another reason, and else nil.
func (x hookContext) Err() error { return x.conn.hookWait().ctx.Err() }

// Value returns the same as the connection's context does.
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

// within returns ctx with the values of another context, which may be nil,
// behind its own.
func within(ctx, values context.Context) context.Context {
	if values == nil {
		return ctx
	}
	return valuesContext{ctx, values}
}

// valuesContext is a context with the values of another one.
type valuesContext struct {
	context.Context
	values context.Context
}

// Value returns the context's own value, and else the other one's.
func (x valuesContext) Value(key any) any {
	if v := x.Context.Value(key); v != nil {
		return v
	}
	return x.values.Value(key)
}

// hookWaits returns the connection's hookWait; nil if the hook has not
// waited.
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

// hookWait returns the connection's hookWait, made if need be.
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
	c.member.Socket.Opened() // a context that is first asked later must not read
	h := c.hookWaits()
	if h == nil {
		return
	}
	h.cancel()
	if h.ahead != nil {
		c.member.Socket.StopAhead(h.ahead)
	}
}

// lateHook returns the error of a connect hook as the client is told it:
// CodeTimeout if the hook failed because its time was up, and chose no *Error
// itself.
func (c *conn) lateHook(err error) error {
	if until, limited := (hookContext{c}).Deadline(); err == nil || !limited || time.Now().Before(until) || !steady.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, known := steady.As[*Error](err); known {
		return err
	}
	return NewError(CodeTimeout, "opening the connection took too long").WithCause(err)
}
