package wsclient

import (
	"context"
	"math/rand/v2"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// opening is how long an attempt may take, from the token to $connected.
const opening = 10 * time.Second

// run connects, again and again, until the client is closed for good.
func (c *Client) run() {
	for {
		cause := c.attempt()
		if c.ctx.Err() != nil {
			c.end(&ws.Closed{Code: ws.CloseNormal}, ErrClosed)
			return
		}
		wait, err := c.lost(cause)
		if err != nil {
			c.end(cause, err)
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-c.ctx.Done():
			t.Stop()
			c.end(&ws.Closed{Code: ws.CloseNormal}, ErrClosed)
			return
		}
	}
}

// attempt connects, reads until the connection ends, and returns why it has.
func (c *Client) attempt() *ws.Closed {
	c.mu.Lock()
	if c.state != Connecting {
		c.become(Connecting, nil)
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(c.ctx, opening, errNotInTime)
	defer cancel()
	token, err := c.token(ctx)
	if err != nil {
		return &ws.Closed{Code: ws.CloseAbnormal, Err: err}
	}
	l := &link{c: c}
	if l.s, err = c.connect(ctx, l); err != nil {
		return &ws.Closed{Code: ws.CloseAbnormal, Remote: true, Err: err}
	}
	end, _ := ctx.Deadline()
	return l.serve(token, time.Until(end))
}

// token asks who the client is.
func (c *Client) token(ctx context.Context) (token string, err error) {
	if c.o.Token == nil {
		return "", nil
	}
	if failed := steady.Apart("Options.Token", func() { token, err = c.o.Token(ctx) }); failed != nil {
		return "", failed
	}
	return token, err
}

// lost decides what follows when a connection has ended, or was not made: how long to
// wait, or an error if that is all.
func (c *Client) lost(cause *ws.Closed) (wait time.Duration, end error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Open && time.Since(c.since) > settled {
		c.failures = 0
	}
	refused, byHTTP := steady.As[*HandshakeError](cause.Err)
	said := &CloseError{Code: cause.Code, Reason: cause.Reason}
	c.last = cause.Err
	if cause.Err == nil {
		c.last = said
	}
	denied := cause.Err == nil && cause.Code == ws.CloseUnauthenticated
	switch {
	case cause.Err == nil && said.final(), denied && (c.denied || c.o.Token == nil),
		cause.Err == errNoProtocol, byHTTP && refused.final(!c.since.IsZero()):
		return 0, c.last
	}
	c.denied = c.denied || denied
	wait = c.pause(cause.Code, refused)
	c.become(Waiting, cause)
	return wait, nil
}

// settled is how long a session has to be open before delays are short again: a server
// that lets a client in and loses it at once is not to be asked without a break.
const settled = 5 * time.Second

// crowded is the least time that a client stays away which has sent too much
// (docs/reference/protocol.md, "Closing").
const crowded = time.Minute

// pause returns how long to wait after a Close with a code, or after a handshake that
// was refused; nil if it was not. The caller holds mu.
func (c *Client) pause(code ws.CloseCode, refused *HandshakeError) time.Duration {
	drawn, goaway, again := c.o.Retry.draw(c.failures), c.retry, c.failures > 0
	c.retry = 0
	c.failures++
	switch {
	case code == ws.CloseRateLimited:
		return max(goaway, crowded+drawn)
	case goaway > 0 && again: // a $goaway that comes at once may come again
		return max(goaway, drawn)
	case goaway > 0:
		return goaway
	case refused != nil: // others may be told the same time
		return refused.RetryAfter + drawn
	}
	return drawn
}

// draw returns how long to wait after a number of failures.
func (r Retry) draw(failures int) time.Duration {
	bound := r.Max
	if doubled := r.Min << min(failures, 30); doubled > 0 && doubled>>min(failures, 30) == r.Min {
		bound = min(bound, doubled)
	}
	return 1 + rand.N(bound)
}
