package wsclient

import (
	"context"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
)

// Dial connects to a gateway, and returns when the session is open. It tries until
// ctx ends, unless the server refuses for good; afterwards ctx means nothing to the
// client, which comes back by itself until Close, or until it is refused for good: by
// a Close that is final, or by 401 or 403. Before it was open, other statuses of HTTP
// are final as well (see HandshakeError). The address is that of the server: its scheme
// is ws, wss, http or https, and the gateway's path is appended to its own.
//
// It fails with the cause of ctx and that of the last attempt, with a *HandshakeError
// or a *CloseError if the server has refused for good, or because the address is none.
func Dial(ctx context.Context, address string, g Gateway, o Options) (*Client, error) {
	c, err := start(address, g, o)
	if err != nil {
		return nil, err
	}
	if err = c.Ready(ctx); err == nil {
		return c, nil
	}
	c.mu.Lock()
	if c.state != Closed && c.last != nil {
		err = &lastAttempt{err, c.last}
	}
	c.mu.Unlock()
	_ = c.Close()
	return nil, err
}

// start begins to connect.
func start(address string, g Gateway, o Options) (*Client, error) {
	at, err := addressOf(address, g.Path)
	if err != nil {
		return nil, err
	}
	c := &Client{
		gateway: g, address: at, o: o.withDefaults(), done: make(chan struct{}), changed: make(chan struct{}),
		calls: make(map[uint64]*call), answers: make(map[string]answer), asked: make(map[string]*asking),
		listeners: make(map[string][]*listener),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.work, c.told = sync.NewCond(&c.mu), sync.NewCond(&c.mu)
	c.runs.Go(c.run)
	c.runs.Go(c.callBack)
	return c, nil
}

// Close closes the connection with 1000, which ends the session, and returns when all
// goroutines of the client have ended: a callback and an Answer that run are waited
// for, so they must not call it. What Send has queued is sent before, for up to a
// second if there is a connection; a message that waits for its handler when the server
// comes to the Close is not handled any more, so who has to know uses Do. Calls that
// have no answer fail with CodeClosed. It returns nil, and may be called again.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	if c.state != Closed {
		c.leave(ws.CloseNormal)
		c.cancel()
	}
	c.mu.Unlock()
	c.runs.Wait()
	return nil
}
