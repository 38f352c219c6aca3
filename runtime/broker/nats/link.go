package natsbroker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	// guess is MaxMessage before the first connection: NATS's default of
	// max_payload, less headroom.
	guess = 1<<20 - headroom
	// headroom is what a message leaves of the server's max_payload.
	headroom = 1 << 10
	// slow is how long Publish waits for the server until that is worth a line.
	slow = 200 * time.Millisecond
)

// link is one node's way to NATS: one connection after the other.
type link struct {
	prefix  string // of all subjects: ws.main.
	names   names  // of what is kept
	o       nats.Options
	history History
	in      *broker.Intake
	log     *trouble
	begun   chan error // what Open returns; one value comes

	closing context.Context // ends when Close begins
	close   context.CancelFunc
	ctx     context.Context // ends when all that was published has left, or need not
	end     context.CancelFunc
	once    sync.Once
	runs    sync.WaitGroup
	gone    chan struct{} // closed when all goroutines have ended

	most atomic.Int64         // what MaxMessage returns
	live atomic.Pointer[conn] // the connection if it is up, else nil
	drop chan struct{}        // Reset wants another connection

	mu    sync.Mutex
	asked map[string]*nats.Subscription // guarded by mu; channels, with what conn has of each
	conn  *conn                         // guarded by mu; which gets what is asked for, from before it is up

	shelf   sync.Mutex
	streams map[string]*stream // guarded by shelf; by the tokens of their logs
}

// newLink returns a link of a cluster that is about to connect.
func newLink(prefix, cluster string, o nats.Options, h History, r broker.Receiver, log *slog.Logger) *link {
	l := &link{
		prefix: prefix + "." + cluster + ".", names: newNames(prefix, cluster), o: o, history: h,
		in: broker.NewIntake(r, broker.IntakeOptions{}), log: newTrouble(log),
		begun: make(chan error, 1), gone: make(chan struct{}), drop: make(chan struct{}, 1),
		asked: make(map[string]*nats.Subscription), streams: make(map[string]*stream),
	}
	l.most.Store(guess)
	l.closing, l.close = context.WithCancel(context.Background())
	l.ctx, l.end = context.WithCancel(context.Background())
	l.runs.Go(l.run)
	return l
}

// Subscribe implements broker.Link.
func (l *link) Subscribe(ctx context.Context, channels []string) error {
	if l.closing.Err() != nil {
		return broker.ErrClosed
	}
	c, err := l.ask(channels)
	switch {
	case c == nil || !c.open.Load():
		return broker.ErrDown
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && c.peers.none(time.Now()): // the own server's word is enough
		err = c.flush(ctx)
	case err == nil:
		err = c.confirm(ctx)
	}
	if err == nil {
		err = c.denied()
	}
	return l.outcome(ctx, c, err)
}

// ask notes channels, and subscribes to them if there is a connection.
func (l *link) ask(channels []string) (c *conn, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.pipe.hold()
		defer l.conn.pipe.release()
	}
	for _, channel := range channels {
		if l.conn != nil && err == nil {
			err = l.conn.subscribe(channel)
		} else if _, is := l.asked[channel]; !is {
			l.asked[channel] = nil
		}
	}
	return l.conn, err
}

// Unsubscribe implements broker.Link. It never waits.
func (l *link) Unsubscribe(ctx context.Context, channels []string) error {
	if l.closing.Err() != nil {
		return broker.ErrClosed
	}
	l.mu.Lock()
	c := l.conn
	var err error
	for _, channel := range channels {
		if c != nil {
			err = errors.Join(err, c.unsubscribe(channel))
		}
		delete(l.asked, channel)
	}
	l.mu.Unlock()
	switch {
	case c == nil || !c.open.Load():
		return broker.ErrDown
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return l.outcome(ctx, c, err)
}

// outcome makes what went wrong with a connection an error of the seam: that is
// down when the connection has ended.
func (l *link) outcome(ctx context.Context, c *conn, err error) error {
	switch {
	case err == nil:
		return nil
	case l.closing.Err() != nil:
		return broker.ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	case c.hasEnded():
		return broker.ErrDown
	}
	return err
}

// Publish implements broker.Link. It waits while the server does not read.
func (l *link) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	c := l.live.Load()
	switch {
	case l.closing.Err() != nil:
		return 0, broker.ErrClosed
	case c == nil:
		return 0, broker.ErrDown
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	for i, out := range batch {
		if len(out.Data) > l.MaxMessage() {
			return i, broker.ErrTooLarge
		}
		size := len(l.prefix) + len(out.Channel) + len(out.Data)
		for wait := c.window.take(size); wait != nil; wait = c.window.take(size) {
			if err := l.waitFor(ctx, c, wait); err != nil {
				return i, err
			}
		}
		switch err := c.nc.Publish(l.prefix+out.Channel, out.Data); err {
		case nil:
		case nats.ErrMaxPayload:
			return i, broker.ErrTooLarge
		default:
			return i, l.outcome(ctx, c, err)
		}
	}
	return len(batch), nil
}

// waitFor waits until there may be room.
func (l *link) waitFor(ctx context.Context, c *conn, room <-chan struct{}) error {
	late := time.NewTimer(slow)
	defer late.Stop()
	for {
		select {
		case <-room:
			return nil
		case <-c.pipe.gone:
			return broker.ErrDown
		case <-late.C:
			l.log.stalled(c.nc.ConnectedUrlRedacted())
		case <-ctx.Done():
			return ctx.Err()
		case <-l.closing.Done():
			return broker.ErrClosed
		}
	}
}

// MaxMessage implements broker.Link.
func (l *link) MaxMessage() int { return int(l.most.Load()) }

// Reset implements broker.Link.
func (l *link) Reset() {
	select {
	case l.drop <- struct{}{}:
	default: // it is on its way
	}
}

// Close implements broker.Link.
func (l *link) Close(ctx context.Context) error {
	l.once.Do(func() {
		l.close()
		go l.finish(ctx)
	})
	var err error
	select {
	case <-l.gone:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if late := l.in.Close(ctx); err == nil {
		err = late
	}
	return err
}

// finish has the server read all that was published, until ctx ends, and then ends
// the link.
func (l *link) finish(ctx context.Context) {
	if c := l.live.Load(); c != nil {
		c.leave()
		_ = c.flush(ctx) // an error is that it could not be done
	}
	l.end()
	l.runs.Wait()
	close(l.gone)
}

// closedContext returns a context that has ended.
func closedContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
