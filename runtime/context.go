package ws

import (
	"context"
	"time"
)

type clientKey struct{}

// connContext is a connection's context. The standard context inside it is
// made when somebody first waits for it: most connections never need one.
type connContext struct{ conn *conn }

// Deadline returns no deadline: the connection's lifetime is not a promise.
func (x connContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed when the connection begins to close.
func (x connContext) Done() <-chan struct{} { return x.conn.context().Done() }

// Err returns context.Canceled once the connection is closing.
func (x connContext) Err() error {
	if x.Ended() {
		return context.Canceled
	}
	return nil
}

// Ended reports whether the connection is closing, for package lazy.
func (x connContext) Ended() bool { return x.conn.member.Socket.Closes() }

// Value finds the Client, and what package context looks for inside its own,
// so that a context derived from this one needs no goroutine.
func (x connContext) Value(key any) any {
	if key == (clientKey{}) {
		return x.conn.asClient()
	}
	return x.conn.context().Value(key)
}

// context returns the standard context inside, cancelled if c is closing.
func (c *conn) context() context.Context {
	return c.seldom().ctx.Standard(context.Background(), connContext{c})
}

// Deadline returns until when the answer must be there.
func (t *task) Deadline() (time.Time, bool) { return t.deadline, !t.deadline.IsZero() }

// Done is closed when the call is answered, cancelled or too late, and when
// the connection begins to close.
func (t *task) Done() <-chan struct{} { return t.standard().Done() }

// Err says which it was: context.DeadlineExceeded if it is too late, else
// context.Canceled.
func (t *task) Err() error {
	if ctx := t.ctx.Made(); ctx != nil {
		return ctx.Err()
	}
	if t.Ended() {
		return context.Canceled
	}
	return connContext{t.conn}.Err()
}

// Value is connContext's, and finds the message's meta.
func (t *task) Value(key any) any {
	switch key {
	case clientKey{}:
		return t.conn.asClient()
	case metaKey{}:
		return t.meta
	}
	return t.standard().Value(key)
}

// standard returns the standard context inside.
func (t *task) standard() context.Context { return t.ctx.Standard(connContext{t.conn}, t) }

// Ended reports whether the context is cancelled, for package lazy.
func (t *task) Ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

// end cancels the context.
func (t *task) end() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	t.ctx.Cancel()
}
