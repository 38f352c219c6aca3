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
	if x.conn.closing.Load() {
		return context.Canceled
	}
	return nil
}

// Value finds the Client, and what package context looks for inside its own,
// so that a context derived from this one needs no goroutine.
func (x connContext) Value(key any) any {
	if key == (clientKey{}) {
		return &x.conn.client
	}
	return x.conn.context().Value(key)
}

type standardContext struct {
	context.Context
	cancel context.CancelFunc
}

// context returns the standard context inside, cancelled if c is closing.
func (c *conn) context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil {
		c.ctx = new(standardContext)
		c.ctx.Context, c.ctx.cancel = context.WithCancel(context.Background())
		if c.closing.Load() {
			c.ctx.cancel()
		}
	}
	return c.ctx
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
