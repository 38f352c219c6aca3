package wsclient

import (
	"context"
	"encoding/json"
)

// Refresh sends the token that Options.Token returns, so that the connection lasts as
// long as that (docs/reference/protocol.md, "Refresh"), and returns when the server has
// it. Without a connection that takes it, or if that is lost, it waits for the next
// one, which brings a token anyway. It fails as Call does, and with what Options.Token
// returns.
func (c *Client) Refresh(ctx context.Context) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	if c.State() == Connecting {
		_ = c.Ready(ctx) // what this attempt shows may be older; an error comes once more below
	}
	x, l, err := c.beginRefresh()
	if err != nil {
		return err
	}
	if l != nil {
		token, err := c.token(ctx)
		if err != nil && c.abandon(x) {
			return err
		}
		c.showToken(x, l, token)
	}
	_, err = c.await(ctx, x, nil)
	return err
}

// beginRefresh returns a refresh that ends with the next $connected, and the link over
// which it can be sent; nil: there is none.
func (c *Client) beginRefresh() (*call, *link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.state == Closed {
		return nil, nil, c.refuseClosed()
	}
	x := newCall("$refresh")
	x.id, x.refresh = c.lastID.Add(1), true
	c.calls[x.id] = x
	l := c.link
	if l != nil && (!l.open || l.drains) {
		l = nil
	}
	return x, l, nil
}

// showToken sends a refresh, unless its link is lost meanwhile, or is about to be left.
func (c *Client) showToken(x *call, l *link, token string) {
	data, _ := json.Marshal(struct {
		Token string `json:"token"`
	}{token}) // a string encodes
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[x.id] == x && c.link == l && !l.drains {
		x.of = l
		l.put(ownOf("$refresh", x.id, string(data)))
	}
}

// within returns a context that ends in Options.Timeout if ctx has no end of its own.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if !c.times(ctx) {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.o.Timeout, errTimeout())
}
