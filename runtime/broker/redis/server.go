package redisbroker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
)

// errDeaf is why a connection is made anew that answers and hears nothing.
var errDeaf = errors.New("redisbroker: a connection heard nothing, not even what was published for it")

// server is a server of Redis and the two connections to it: one for commands, and
// one for subscriptions, so that a flood on the second does not hold up the first.
type server struct {
	l       *link
	addr    string // "" for the master that Sentinels name
	ctx     context.Context
	cancel  context.CancelFunc // closes the sockets
	client  rueidis.Client
	ears    rueidis.DedicatedClient
	sharded bool
	kept    bool // was added to link.servers, and got a goroutine of its own
	once    sync.Once

	dead    bool                // guarded by link.mu
	dirty   map[string]struct{} // guarded by link.mu; channels to subscribe to or to give up
	next    *round              // guarded by link.mu; will carry out what is in dirty
	now     *round              // guarded by link.mu; is being carried out
	leaving map[string]struct{} // guarded by link.mu; channels that are being given up
	wake    chan struct{}       // there is something in dirty
	halt    chan struct{}       // closed with dead

	scripts atomic.Pointer[scripts] // that the server knows; nil if nobody knows that it does

	signal string        // the channel of probes
	heard  atomic.Uint64 // messages
	last   uint64        // heard, when it was looked at
	probed bool          // a probe was published since
}

// round is a batch of subscriptions, and of what is given up.
type round struct {
	done chan struct{} // closed at its end
	err  error         // read it when done is closed
}

// dial makes the connection for commands.
func (l *link) dial(addr string) (*server, error) {
	s := &server{
		l: l, addr: addr, dirty: make(map[string]struct{}),
		wake: make(chan struct{}, 1), halt: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(l.ctx)
	// Nobody waits for it when the link is closed meanwhile.
	defer context.AfterFunc(l.open, s.cancel)()
	client, err := rueidis.NewClient(l.o.client(addr, s.socket))
	if err != nil {
		if client != nil {
			client.Close()
		}
		s.cancel()
		return nil, fmt.Errorf("redisbroker: %s: %w", s.name(), err)
	}
	s.client = client
	return s, nil
}

// name returns what s is called in errors.
func (s *server) name() string {
	if s.addr == "" {
		return "the master that Sentinels name"
	}
	return s.addr
}

// socket makes a socket that does not outlive s.
func (s *server) socket(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	c, err := s.l.o.dial(ctx, addr)
	if err == nil {
		context.AfterFunc(s.ctx, func() { _ = c.Close() })
	}
	return c, err
}

// shut closes both connections. What is on its way is sent.
func (s *server) shut() {
	s.once.Do(func() {
		if s.ears != nil {
			s.ears.Close()
		}
		s.client.Close()
		s.cancel()
	})
}

// listen makes the connection for subscriptions, and adds s to those that work.
func (s *server) listen(lay layout) error {
	l := s.l
	s.sharded = lay.sharded
	s.signal = l.names.plain
	if lay.sharded {
		s.signal = l.names.tagged[lay.first(s.addr)]
	}
	s.signal += "!" + rand.Text() // no channel has this sign
	s.ears, _ = s.client.Dedicate()
	broken := s.ears.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: s.hears, OnSubscription: s.confirms})
	ctx, cancel := l.within(l.times.answer)
	defer cancel()
	if err := failure(s.ears.Do(ctx, s.subscribe(s.signal))); err != nil {
		s.shut()
		return fmt.Errorf("redisbroker: %s: %w", s.name(), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.servers[s.addr]; old != nil {
		old.stop()
	}
	s.kept = true
	l.servers[s.addr] = s
	l.working.Go(func() { s.work(broken) })
	return nil
}

func (s *server) subscribe(names ...string) rueidis.Completed {
	if s.sharded {
		return s.ears.B().Ssubscribe().Channel(names...).Build()
	}
	return s.ears.B().Subscribe().Channel(names...).Build()
}

func (s *server) unsubscribe(names ...string) rueidis.Completed {
	if s.sharded {
		return s.ears.B().Sunsubscribe().Channel(names...).Build()
	}
	return s.ears.B().Unsubscribe().Channel(names...).Build()
}

func (s *server) publish(name, data string) rueidis.Completed {
	if s.sharded {
		return s.client.B().Spublish().Channel(name).Message(data).Build()
	}
	return s.client.B().Publish().Channel(name).Message(data).Build()
}

// failure returns why a command has failed, or nil.
func failure(r rueidis.RedisResult) error {
	_, err := r.ToMessage()
	return err
}

// hears takes a message. It runs on the goroutine that reads from the connection,
// and so must not wait: Redis cuts off who does not read. A message that comes alone is
// delivered right here.
func (s *server) hears(m rueidis.PubSubMessage) {
	s.heard.Add(1)
	channel, ok := s.l.names.channel(m.Channel, s.sharded)
	if !ok {
		return
	}
	s.l.mu.Lock()
	here := s.l.asked[channel] == s
	s.l.mu.Unlock()
	if here {
		s.l.in.Hand(unmark(channel, m.Message))
	}
}

// confirms takes what Redis says of a subscription, on the same goroutine: so
// everything behind it comes after.
func (s *server) confirms(p rueidis.PubSubSubscription) {
	l := s.l
	channel, ok := l.names.channel(p.Channel, s.sharded)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, asked := l.asked[channel]
	switch p.Kind {
	case "subscribe", "ssubscribe":
		if asked && l.owner(channel) == s && !s.dead {
			l.asked[channel] = s
		}
	case "unsubscribe", "sunsubscribe":
		if _, ours := s.leaving[channel]; !ours && !s.dead {
			// The slot has moved, and Redis has ended the subscriptions that are in
			// it. From here on messages are missed.
			if p.Channel == s.signal {
				s.die(errMoved) // it could not be probed any more
				return
			}
			if asked && l.asked[channel] == s {
				l.asked[channel] = nil
			}
			l.broken(errMoved)
		}
	}
}

// mark has a channel subscribed to or given up, whatever is right then, and returns
// the round that does it. The caller holds link.mu.
func (s *server) mark(channel string) *round {
	if s.dead {
		r := &round{done: make(chan struct{}), err: broker.ErrDown}
		close(r.done)
		return r
	}
	s.dirty[channel] = struct{}{}
	if s.next == nil {
		s.next = &round{done: make(chan struct{})}
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return s.next
}

// die ends s because something is wrong with it. The caller holds link.mu.
func (s *server) die(cause error) {
	if !s.dead {
		s.stop()
		s.l.broken(cause)
	}
}

// stop ends s. The caller holds link.mu.
func (s *server) stop() {
	if s.dead {
		return
	}
	s.dead = true
	if s.l.servers[s.addr] == s {
		delete(s.l.servers, s.addr)
	}
	if s.next != nil {
		s.next.err = broker.ErrDown
		close(s.next.done)
		s.next = nil
	}
	close(s.halt)
}

// work does what has to be done on the connection for subscriptions.
func (s *server) work(broken <-chan error) {
	defer s.shut()
	tick := time.NewTicker(s.l.times.probe)
	defer tick.Stop()
	for {
		select {
		case <-s.halt:
			return
		case err := <-broken:
			s.l.mu.Lock()
			s.die(fmt.Errorf("redisbroker: %s: the subscribing connection: %w", s.name(), err))
			s.l.mu.Unlock()
			return
		case <-s.wake:
			s.carryOut()
		case <-tick.C:
			s.probe()
		}
	}
}

// carryOut does what is in dirty.
func (s *server) carryOut() {
	l := s.l
	l.mu.Lock()
	r := s.next
	if r == nil {
		l.mu.Unlock()
		return
	}
	s.next, s.now = nil, r
	var come, leave []string
	s.leaving = make(map[string]struct{})
	for c := range s.dirty {
		if _, is := l.asked[c]; is && l.owner(c) == s {
			come = append(come, c)
		} else {
			leave = append(leave, c)
			s.leaving[c] = struct{}{}
		}
	}
	s.dirty = make(map[string]struct{})
	l.mu.Unlock()

	lost, err := s.tell(come, leave)

	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case lost:
		s.die(err)
	case err != nil:
		l.broken(err)
	}
	s.now, s.leaving = nil, nil
	r.err = err
	close(r.done)
}

// tell sends the commands for channels to subscribe to and to give up. lost says
// that the connection has broken.
func (s *server) tell(come, leave []string) (lost bool, err error) {
	commands := s.each(nil, leave, s.unsubscribe)
	left := len(commands)
	commands = s.each(commands, come, s.subscribe)
	for i, r := range s.ears.DoMulti(s.ctx, commands...) {
		e := failure(r)
		_, refused := rueidis.IsRedisErr(e)
		switch {
		case e == nil || refused && i < left: // whoever refuses to give up has nothing
		case err == nil || !refused && !lost:
			err, lost = fmt.Errorf("redisbroker: %s: a subscription: %w", s.name(), e), !refused
		}
	}
	return lost, err
}

// each appends commands for channels, with MaxBatch in each at most and, if
// channels have slots, all of one slot.
func (s *server) each(to []rueidis.Completed, channels []string, command func(...string) rueidis.Completed) []rueidis.Completed {
	groups := make(map[int][]string)
	for _, c := range channels {
		p := 0
		if s.sharded {
			p = partition(c)
		}
		groups[p] = append(groups[p], s.l.names.full(c, s.sharded))
		if len(groups[p]) == broker.MaxBatch {
			to = append(to, command(groups[p]...))
			delete(groups, p)
		}
	}
	for _, names := range groups {
		to = append(to, command(names...))
	}
	return to
}

// probe looks whether anything was heard. If not, it publishes something that must
// be heard: behind a failover a connection may lead to a server that answers and
// gets nothing.
func (s *server) probe() {
	l := s.l
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := s.heard.Load(); {
	case n != s.last:
		s.last, s.probed, l.deaf = n, false, 0
	case s.probed:
		if l.up { // of several servers one counts
			l.deaf++
		}
		s.die(errDeaf)
	default:
		s.probed = true
		l.working.Go(func() {
			ctx, cancel := l.within(l.times.probe)
			defer cancel()
			err := failure(s.client.Do(ctx, s.publish(s.signal, "")))
			if err == nil || l.isClosed() {
				return
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			s.die(fmt.Errorf("redisbroker: %s: a probe: %w", s.name(), err))
		})
	}
}
