package ws

import (
	"context"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/lazy"
)

type clientKey struct{}

// connContext is a connection's context. The standard context inside it is
// made when somebody first waits for it: most connections never need one.
type connContext struct{ client *Client }

// Deadline returns no deadline: the connection's lifetime is not a promise.
func (x connContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed when the connection begins to close.
func (x connContext) Done() <-chan struct{} { return x.client.context().Done() }

// Err returns context.Canceled once the connection is closing.
func (x connContext) Err() error {
	if x.Ended() {
		return context.Canceled
	}
	return nil
}

// Ended reports whether the connection is closing, for package lazy.
func (x connContext) Ended() bool { return x.client.member.Socket.Closes() }

// Value returns the Client, and for other keys the value of the standard
// context. Package context finds its own key there, so that a context derived
// from this one needs no goroutine. There is no meta, and an Observer that looks
// for it at each message shall not make the standard context.
func (x connContext) Value(key any) any {
	switch key {
	case clientKey{}:
		return x.client
	case metaKey{}:
		return nil
	}
	return x.client.context().Value(key)
}

// context returns the standard context inside, cancelled if c is closing.
func (c *Client) context() context.Context {
	return c.seldom().ctx.Standard(context.Background(), connContext{c})
}

// Context returns a context that is cancelled when the connection begins to
// close, whoever closes it. ClientFrom finds the Client in it.
func (c *Client) Context() context.Context {
	if c.owner() == nil {
		return lazy.Canceled()
	}
	return connContext{c}
}

// ClientFrom returns the Client whose connection ctx belongs to: the context of
// a handler, hook or message guard, or one derived from it.
func ClientFrom(ctx context.Context) (*Client, bool) {
	c, ok := ctx.Value(clientKey{}).(*Client)
	return c, ok
}
