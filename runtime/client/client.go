package wsclient

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Gateway is what generated code knows of a gateway.
type Gateway struct {
	// Path is where it is served, with wildcards filled in and escaped: /rooms/7.
	Path string
	// Contract is the digest of what the client was generated from; "" if it is not
	// known.
	Contract string
}

// Client is a connection to a gateway, over all its sockets. Make one with Dial. All
// methods are safe for concurrent use.
type Client struct {
	gateway Gateway
	address *url.URL
	o       Options
	ctx     context.Context // ends when the client is about to be closed for good
	cancel  context.CancelFunc
	done    chan struct{}  // closed when it is
	runs    sync.WaitGroup // its goroutines
	lastID  atomic.Uint64

	mu      sync.Mutex
	state   State         // guarded by mu
	changed chan struct{} // guarded by mu; closed when state changes
	closing bool          // guarded by mu; Close was called
	err     error         // guarded by mu; why it is closed for good

	last     error         // guarded by mu; why the last attempt failed
	failures int           // guarded by mu; connections lost or not made, since one was open for a while
	since    time.Time     // guarded by mu; of the last $connected; zero: there was none
	denied   bool          // guarded by mu; a token was refused since the last $connected
	retry    time.Duration // guarded by mu; how long a $goaway has said to wait; 0: nothing
	link     *link         // guarded by mu; the socket, from the handshake to its end; else nil
	work     *sync.Cond    // of mu; the link has something to write, or is over

	session session // guarded by mu
	places  places  // guarded by mu; of histories, over all sessions

	queue   []message          // guarded by mu; what waits to be sent
	replies [][]byte           // guarded by mu; answers to questions, which wait for nothing but a link
	calls   map[uint64]*call   // guarded by mu; those without an answer
	gone    int                // guarded by mu; how many of them nobody waits for
	answers map[string]answer  // guarded by mu; by event
	asked   map[string]*asking // guarded by mu; questions without an answer, by id
	// answering is how many goroutines answer, also questions that nobody waits for any
	// more. Guarded by mu.
	answering int

	listeners map[string][]*listener // guarded by mu; by event; the slices do not change
	callbacks callbacks              // guarded by mu
	told      *sync.Cond             // of mu; there is something in callbacks, or the client is closed
}

// State returns the state of now.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Ready returns when the client is open: with nil, with the reason for which it is
// closed for good, or with the cause of ctx when that ends.
func (c *Client) Ready(ctx context.Context) error {
	for {
		c.mu.Lock()
		state, changed, err := c.state, c.changed, c.err
		c.mu.Unlock()
		switch state {
		case Open:
			return nil
		case Closed:
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Done returns a channel that is closed when the client is closed for good.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the client is closed for good: ErrClosed if by Close, else what the
// server has refused it with, a *CloseError or a *HandshakeError, or that the server
// does not speak the protocol. It is nil before.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// become notes a change of state, and tells of it. The caller holds mu.
func (c *Client) become(s State, cause *ws.Closed) {
	c.state = s
	close(c.changed)
	c.changed = make(chan struct{})
	if tell := c.o.OnState; tell != nil {
		c.tell(func() { tell(s, cause) })
	}
}

// end closes the client for good.
func (c *Client) end(cause *ws.Closed, err error) {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	for _, x := range c.calls {
		c.settle(x, nil, c.refuseClosed())
	}
	c.forgetQuestions()
	c.queue, c.replies, c.session = nil, nil, session{}
	c.become(Closed, cause)
	c.told.Signal()
	close(c.done)
}

// refuseClosed is what a call fails with when the client is closed. The caller holds
// mu.
func (c *Client) refuseClosed() error {
	why := c.err
	if why == nil {
		why = ErrClosed
	}
	return ws.NewError(CodeClosed, "the client is closed").WithCause(why)
}
