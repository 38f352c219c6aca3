package natsbroker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	// steady is how long a connection has been up if the next one is tried at once.
	steady = time.Second
	// refused is how much longer the next attempt waits after one that the server
	// has refused: the answer will be the same for a while.
	refused = 2 * time.Second
)

// run makes one connection after the other, until the link is closed.
func (l *link) run() {
	var discovered []string
	began := false // a connection came to the network
	begin := func() {
		if !began {
			began = true
			l.begun <- nil
		}
	}
	for attempt := 1; ; attempt++ {
		c, err := l.connect(discovered, begin)
		if l.ctx.Err() != nil {
			begin()
			if c != nil {
				c.end()
			}
			return
		}
		if !began { // the library has refused the options; Open returns why
			l.begun <- fmt.Errorf("natsbroker: Options.URL or Options.Connect: %w", err)
			l.end()
			return
		}
		var lasted time.Duration
		if err == nil {
			lasted, err = l.serve(c)
			if !l.o.IgnoreDiscoveredServers {
				discovered = c.nc.DiscoveredServers()
			}
		}
		if l.ctx.Err() != nil {
			return
		}
		err = withCure(err)
		l.in.Down(err)
		l.log.down(err)
		if lasted > 0 {
			attempt = 0
		}
		if lasted < steady && err != errReset {
			l.rest(attempt+1, err)
		}
	}
}

// rest waits before the n-th attempt.
func (l *link) rest(n int, err error) {
	wait := delay(l.o, n)
	if isRefusal(err) {
		wait += refused
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ctx.Done():
	case <-l.drop: // Reset: whoever calls that wants it now
	}
}

// connect makes a connection. begin is called when it comes to the network.
func (l *link) connect(discovered []string, begin func()) (*conn, error) {
	o := l.o
	o.Servers = pool(o.Servers, discovered)
	d := newDialer(l.ctx, l.o, &l.runs, begin)
	o.CustomDialer, o.InProcessServer = d, nil
	c := newConn(l)
	told := o.AsyncErrorCB
	o.AsyncErrorCB = func(nc *nats.Conn, sub *nats.Subscription, err error) {
		c.hasError(sub, err)
		if told != nil {
			told(nc, sub, err)
		}
	}
	nc, err := o.Connect()
	if err == nats.ErrNoServers && d.err != nil {
		err = d.err // the library keeps why to itself
	}
	if err != nil {
		return nil, err
	}
	c.nc, c.pipe = nc, d.last
	return c, nil
}

// serve brings a connection up, and returns when it has ended: how long it was up,
// and why it is not.
func (l *link) serve(c *conn) (up time.Duration, err error) {
	var work sync.WaitGroup
	work.Go(c.deliver)
	work.Go(c.control)
	work.Go(func() { c.calls.run(c.stop) })
	work.Go(func() { c.window.run(c.flush, c.stop) })
	defer work.Wait()
	defer c.end()
	defer l.leave()
	select {
	case <-l.drop: // it was about another connection
	default:
	}
	if err := l.prepare(c); err != nil {
		return 0, c.cause(err)
	}
	l.most.Store(c.nc.MaxPayload() - headroom)
	l.live.Store(c)
	began := time.Now()
	l.in.Up()
	l.log.up()
	select {
	case <-c.pipe.gone:
		err = c.cause(nil)
	case <-l.drop:
		err = errReset
	case <-l.ctx.Done():
		err = broker.ErrClosed
	}
	return max(time.Since(began), 1), err
}

// leave takes the connection out of the link.
func (l *link) leave() {
	l.live.Store(nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.open.Store(false)
	}
	l.conn = nil
	for channel := range l.asked {
		l.asked[channel] = nil
	}
}

// prepare subscribes to all that was asked for, and returns when every server with
// a node knows.
func (l *link) prepare(c *conn) error {
	if c.nc.MaxPayload() < broker.MinMessage+headroom {
		return fmt.Errorf("natsbroker: %s takes messages of %d bytes only: set max_payload in its configuration to %d or more",
			c.nc.ConnectedUrlRedacted(), c.nc.MaxPayload(), broker.MinMessage+headroom)
	}
	if err := c.join(); err != nil {
		return err
	}
	l.mu.Lock()
	l.conn = c // from now on it gets what is asked for
	rest := make([]string, 0, len(l.asked))
	for channel := range l.asked {
		rest = append(rest, channel)
	}
	l.mu.Unlock()
	for len(rest) > 0 {
		batch := rest[:min(len(rest), broker.MaxBatch)]
		rest = rest[len(batch):]
		if err := l.renew(c, batch); err != nil {
			return err
		}
	}
	// Whatever is asked for behind this is confirmed by Subscribe itself.
	c.open.Store(true)
	if err := c.settle(l.ctx); err != nil {
		return err
	}
	if err := c.confirm(l.ctx); err != nil {
		return err
	}
	if err := c.nc.LastError(); err != nil && isPermission(err) {
		return err
	}
	return nil
}

// renew subscribes to those channels that are still asked for. The lock is not held
// for all of them at once: others who need it do not wait.
func (l *link) renew(c *conn, channels []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.pipe.hold()
	defer c.pipe.release()
	var err error
	for _, channel := range channels {
		if _, is := l.asked[channel]; is && err == nil {
			err = c.subscribe(channel)
		}
	}
	return err
}

// errEnded is why a link is down whose server has ended the connection, and has not
// said why.
var errEnded = errors.New("natsbroker: the server has closed the connection")
