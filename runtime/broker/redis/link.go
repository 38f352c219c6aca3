package redisbroker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Why a Link is down, as its Receiver is told.
var (
	errReset = errors.New("redisbroker: the link was reset")
	errMoved = errors.New("redisbroker: a partition has moved to another server, or has none")
)

// Broker is the adapter to one Redis, or one Redis Cluster. Make one with New. Its
// methods are safe for concurrent use.
type Broker struct {
	o     Options
	wrong error // what Open returns
	times times
}

// New returns a Broker. It connects to nothing: each Open does. A mistake in the
// Options is what Open returns.
func New(o Options) *Broker {
	b := &Broker{o: o, times: defaultTimes}
	b.wrong = b.o.check()
	return b
}

// Open returns a Link to all others of the same name, prefix and Redis. It does not
// wait for Redis; an error is a mistake in the Options.
func (b *Broker) Open(name string, r broker.Receiver) (broker.Link, error) {
	if b.wrong != nil {
		return nil, b.wrong
	}
	ctx, cancel := context.WithCancel(context.Background())
	open, shut := context.WithCancel(ctx)
	l := &link{
		o: &b.o, times: b.times, names: newNames(b.o.Prefix, name), in: broker.NewIntake(r, b.o.Intake),
		ctx: ctx, cancel: cancel, open: open, shut: shut,
		asked: make(map[string]*server), servers: make(map[string]*server), changed: make(chan struct{}),
		wake: make(chan struct{}, 1), reset: make(chan struct{}, 1),
		publishing: make(chan struct{}, 1), keeping: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go l.run()
	return l, nil
}

// link is one node's way to Redis. What it is asked for is in asked; goroutine run
// keeps the servers that are needed for it, and each of these has a goroutine that
// subscribes there.
type link struct {
	o     *Options
	times times
	names *names
	in    *broker.Intake

	ctx    context.Context // ends when everything has to stop at once
	cancel context.CancelFunc
	open   context.Context // ends when Close is called
	shut   context.CancelFunc

	mu      sync.Mutex
	asked   map[string]*server // guarded by mu; where each channel is subscribed, nil for nowhere yet
	servers map[string]*server // guarded by mu; by address; those that work
	sharded bool               // guarded by mu
	owners  [partitions]*server
	// owners is guarded by mu: who has each partition; nil if nobody does. Without
	// sharding all are the same.
	up      bool          // guarded by mu
	cause   error         // guarded by mu; what has broken since run began to arrange
	changed chan struct{} // guarded by mu; closed when up changes
	deaf    int           // guarded by mu; times in a row that connections heard nothing

	wake       chan struct{} // something has broken
	reset      chan struct{} // Reset was called
	publishing chan struct{} // holds one token while Publish runs
	keeping    chan struct{} // holds one token while Keep runs
	careful    time.Time     // of whoever has the token: until then messages are sent one by one

	done    chan struct{} // closed when run has ended
	working sync.WaitGroup
}

// owner returns who has a channel, or nil. The caller holds mu.
func (l *link) owner(channel string) *server {
	if !l.sharded {
		return l.owners[0]
	}
	return l.owners[partition(channel)]
}

// isClosed reports whether Close was called.
func (l *link) isClosed() bool { return l.open.Err() != nil }

// ready returns why nothing can be done, or nil. The caller holds mu.
func (l *link) ready() error {
	switch {
	case l.isClosed():
		return broker.ErrClosed
	case !l.up:
		return broker.ErrDown
	}
	return nil
}

// Subscribe implements broker.Link. The answer of Redis proves that a subscription
// is in place.
func (l *link) Subscribe(ctx context.Context, channels []string) error {
	l.mu.Lock()
	err := l.ready()
	if err == broker.ErrClosed {
		l.mu.Unlock()
		return err
	}
	rounds := make(map[*round]struct{})
	for _, c := range channels {
		_, is := l.asked[c]
		if !is {
			l.asked[c] = nil
		}
		// While the link is down nothing is confirmed again: whoever asks all the
		// time would keep run from an end.
		if s := l.owner(c); s != nil && (!is || err == nil) {
			rounds[s.mark(c)] = struct{}{}
		}
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.await(ctx, rounds)
}

// Unsubscribe implements broker.Link.
func (l *link) Unsubscribe(ctx context.Context, channels []string) error {
	l.mu.Lock()
	err := l.ready()
	rounds := make(map[*round]struct{})
	for _, c := range channels {
		if _, is := l.asked[c]; !is {
			continue
		}
		delete(l.asked, c)
		if s := l.owner(c); s != nil && !s.dead {
			rounds[s.mark(c)] = struct{}{}
		}
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.await(ctx, rounds)
}

// await waits until rounds have ended, and returns the first error.
func (l *link) await(ctx context.Context, rounds map[*round]struct{}) error {
	for r := range rounds {
		select {
		case <-r.done:
			if r.err != nil {
				return r.err
			}
		case <-l.open.Done():
			return broker.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// MaxMessage implements broker.Link.
func (l *link) MaxMessage() int { return l.o.MaxMessage }

// Reset implements broker.Link.
func (l *link) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return
	}
	for _, s := range slices.Collect(maps.Values(l.servers)) {
		s.die(errReset)
	}
	l.broken(errReset)
	select {
	case l.reset <- struct{}{}:
	default:
	}
}

// Close implements broker.Link.
func (l *link) Close(ctx context.Context) error {
	l.mu.Lock()
	l.shut() // so that nothing is begun any more once mu is free
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		l.cancel()
		go func() { _ = l.in.Close(context.Background()) }()
		return ctx.Err()
	}
	return l.in.Close(ctx)
}

// broken notes that something has broken, and tells of it. The caller holds mu.
func (l *link) broken(cause error) {
	if l.isClosed() {
		return
	}
	if l.cause == nil {
		l.cause = cause
	}
	l.turn(false, cause)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// turn says whether the link is up. The caller holds mu.
func (l *link) turn(up bool, cause error) {
	if up {
		l.in.Up()
	} else {
		l.in.Down(cause)
	}
	if up != l.up {
		l.up = up
		close(l.changed)
		l.changed = make(chan struct{})
	}
}
