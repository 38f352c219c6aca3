package wsclient

import (
	"context"
	"encoding/json"
)

// Refresh sends the token that Options.Token returns, so that the connection lasts as
// long as that (docs/reference/protocol.md, "Refresh"). It fails as Call does, and
// with CodeDisconnected while there is no connection, or if that is lost: the next one
// brings a token.
func (c *Client) Refresh(ctx context.Context) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	data, _ := json.Marshal(struct {
		Token string `json:"token"`
	}{token}) // a string encodes
	x := newCall("$refresh")
	x.id = c.lastID.Add(1)
	c.mu.Lock()
	l := c.link
	if l == nil || !l.open {
		c.mu.Unlock()
		return errNotRefreshed()
	}
	x.of = l
	c.calls[x.id] = x
	l.put(ownOf("$refresh", x.id, string(data)))
	c.mu.Unlock()
	_, err = c.await(ctx, x, nil)
	return err
}

// within returns a context that ends in Options.Timeout if ctx has no end of its own.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if !c.times(ctx) {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.o.Timeout, errTimeout())
}
