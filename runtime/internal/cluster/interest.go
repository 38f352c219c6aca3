package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Interest is which channels a node needs. A channel is subscribed to with the
// first that wants it, and given up a while after the last one has dropped it, so
// that rooms which people hop through, and users who reconnect, do not reach the
// engine. One goroutine does that, in batches; nobody else waits.
//
// Want, Drop, Live, Up and Down may be called by anybody at any time, also under
// locks: they change a map and wake the goroutine.
type Interest struct {
	link   broker.Link
	o      InterestOptions
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wake   chan struct{}
	runs   sync.WaitGroup
	began  time.Time // what Durations are counted from

	mu          sync.Mutex
	up          bool                // guarded by mu; the link is
	ups         uint64              // guarded by mu; how often it has become so
	channels    map[string]*channel // guarded by mu; all that are wanted, subscribed, or linger
	due         []*channel          // guarded by mu; wanted and not subscribed, in order
	leaving     []left              // guarded by mu; dropped, in order
	limits      limits              // guarded by mu; of all who have begun to wait: they may have been let go
	late        *time.Timer         // guarded by mu; calls releaseLate for the first of limits; nil: nobody ever waited
	unconfirmed uint64              // guarded by mu
	closed      bool                // guarded by mu
}

// InterestOptions are how an Interest goes about it.
type InterestOptions struct {
	Hold   time.Duration // how long a Subscribe may take, and those who wait for one are kept
	Linger time.Duration // how long a channel stays subscribed that nobody wants
	// Failed is called with what Link refused, except that it is down: n channels
	// were to be subscribed, or given up. It may be nil. No lock is held.
	Failed func(n int, err error)
}

// channel is what a node knows of one.
type channel struct {
	name    string
	wants   int
	stage   stage
	leaves  time.Duration // when it may be given up; of one that nobody wants
	queued  bool          // it is in Interest.leaving
	waiting []waiter      // in the order in which they came
}

// waiter is somebody who waits for a channel.
type waiter struct {
	settled func(live bool)
	until   time.Duration
}

// limits are the channels with somebody who is to be let go, by when, to the next
// millisecond: those who come together are let go together.
type limits struct {
	times []time.Duration // in order
	by    map[time.Duration][]*channel
}

// add adds a channel.
func (l *limits) add(until time.Duration, c *channel) {
	if l.by == nil {
		l.by = make(map[time.Duration][]*channel)
	}
	at := (until + time.Millisecond - 1).Truncate(time.Millisecond)
	if l.by[at] == nil {
		place, _ := slices.BinarySearch(l.times, at)
		l.times = slices.Insert(l.times, place, at)
	}
	l.by[at] = append(l.by[at], c)
}

// take returns the channels of the first time, if that has come; else nil.
func (l *limits) take(now time.Duration) []*channel {
	if len(l.times) == 0 || l.times[0] > now {
		return nil
	}
	first := l.times[0]
	channels := l.by[first]
	delete(l.by, first)
	l.times = l.times[1:]
	return channels
}

// stage is how far a channel has come.
type stage uint8

const (
	idle   stage = iota // not subscribed
	waits               // in Interest.due
	asking              // Subscribe runs
	asked               // Subscribe has returned an error: it is subscribed some time
	live                // whatever is published arrives
)

// left is a channel that was dropped.
type left struct {
	name string
	at   time.Duration // when it may be given up
}

// NewInterest returns the Interest of a node that has none yet, and whose link is
// not up. Close ends it.
func NewInterest(link broker.Link, o InterestOptions) *Interest {
	i := &Interest{link: link, o: o, wake: make(chan struct{}, 1), channels: make(map[string]*channel), began: time.Now()}
	i.ctx, i.cancel = context.WithCancel(context.Background())
	i.runs.Go(i.run)
	return i
}

// Want says that one more wants the channel, and reports whether whoever needs
// what is published from now on has to wait: the link is up, and the channel is
// not subscribed yet. Then settled is called later, once, without a lock: with true
// when the channel is, with false when that has taken longer than Hold, the link
// has broken, or the Interest is closed. It may be nil.
//
// Each Want is undone by one Drop.
func (i *Interest) Want(name string, settled func(live bool)) (wait bool) {
	return i.WantUntil(name, time.Now().Add(i.o.Hold), settled)
}

// Hold returns until when somebody is kept who begins to wait now.
func (i *Interest) Hold() time.Time { return time.Now().Add(i.o.Hold) }

// WantUntil is Want for somebody who waits for something already, and until then
// only.
func (i *Interest) WantUntil(name string, until time.Time, settled func(live bool)) (wait bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	c := i.channels[name]
	if c == nil {
		c = &channel{name: name}
		i.channels[name] = c
	}
	c.wants++
	if c.stage == idle || c.stage == asked && i.up {
		i.queue(c) // one that was asked for in vain may be confirmed now
	}
	if c.stage == live || !i.up {
		return false
	}
	if settled != nil {
		i.await(c, until.Sub(i.began), settled)
	}
	return true
}

// await has somebody wait, but only until then: a batch that is under way, and those
// that come first, may take longer. The caller holds mu.
func (i *Interest) await(c *channel, until time.Duration, settled func(live bool)) {
	c.waiting = append(c.waiting, waiter{settled, until})
	first := len(i.limits.times) == 0 || until < i.limits.times[0]-time.Millisecond
	i.limits.add(until, c)
	if first {
		i.setLate()
	}
}

// now is the time since the Interest began.
func (i *Interest) now() time.Duration { return time.Since(i.began) }

// setLate has releaseLate called for the first of limits. The caller holds mu.
func (i *Interest) setLate() {
	if in := i.limits.times[0] - i.now(); i.late == nil {
		i.late = time.AfterFunc(in, i.releaseLate)
	} else {
		i.late.Reset(in)
	}
}

// releaseLate lets those go who have waited for long enough.
func (i *Interest) releaseLate() {
	i.mu.Lock()
	now := i.now()
	var free []waiter
	for late := i.limits.take(now); late != nil; late = i.limits.take(now) {
		for _, c := range late {
			c.waiting = slices.DeleteFunc(c.waiting, func(w waiter) bool {
				gone := w.until <= now
				if gone {
					free = append(free, w)
				}
				return gone
			})
		}
	}
	if len(i.limits.times) > 0 {
		i.setLate()
	} else {
		i.limits = limits{} // a crowd's memory goes with the crowd
	}
	i.unconfirmed += uint64(len(free))
	i.mu.Unlock()
	letGo(free, false)
}

// letGo tells those who wait. No lock may be held.
func letGo(free []waiter, live bool) {
	for _, w := range free {
		w.settled(live)
	}
}

// queue has a channel subscribed. The caller holds mu.
func (i *Interest) queue(c *channel) {
	c.stage = waits
	i.due = append(i.due, c)
	i.look()
}

// Drop undoes one Want. The channel is given up when it has not been wanted for
// Linger.
func (i *Interest) Drop(name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.channels[name]
	if c == nil || c.wants == 0 {
		return // closed
	}
	if c.wants--; c.wants > 0 {
		return
	}
	c.leaves = i.now() + i.o.Linger
	if !c.queued { // however often it comes and goes, it is there once
		c.queued = true
		i.leaving = append(i.leaving, left{name, c.leaves})
		if len(i.leaving) == 1 {
			i.look()
		}
	}
}

// Live reports whether whatever is published to the channel arrives, as far as
// this node knows.
func (i *Interest) Live(name string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.channels[name]
	return i.up && c != nil && c.stage == live
}

// Up says that the link works, with all that was asked for in place.
func (i *Interest) Up() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.up = true
	i.ups++
	for _, c := range i.channels {
		if c.stage == asked {
			c.stage = live
		}
	}
}

// Down says that the link has broken. Those who wait are let go.
func (i *Interest) Down() {
	i.mu.Lock()
	i.up = false
	free := i.release()
	i.mu.Unlock()
	letGo(free, false)
}

// Count returns how many channels are wanted or linger, and how many times
// somebody who waited was let go before the channel was live.
func (i *Interest) Count() (channels int, unconfirmed uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.channels), i.unconfirmed
}

// Close ends the goroutine, lets those who wait go, and returns when it has
// ended. The link is closed by the caller, and with it all subscriptions.
func (i *Interest) Close() {
	i.mu.Lock()
	i.closed, i.up = true, false
	free := i.release()
	if i.late != nil {
		i.late.Stop() // if it runs already it finds nobody
	}
	i.mu.Unlock()
	i.cancel()
	i.runs.Wait()
	letGo(free, false)
}

// release returns those who wait for any channel, who do not any more. The caller
// holds mu.
func (i *Interest) release() []waiter {
	var free []waiter
	for _, c := range i.channels {
		free = append(free, c.waiting...)
		c.waiting = nil
	}
	i.limits = limits{}
	i.unconfirmed += uint64(len(free))
	return free
}

// look wakes the goroutine.
func (i *Interest) look() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// run subscribes and gives up, until Close.
func (i *Interest) run() {
	for i.ctx.Err() == nil {
		due := i.takeDue()
		if len(due) > 0 {
			i.subscribe(due)
		}
		// However many come, those that left have their turn.
		left, wait := i.takeLeft(i.now())
		if len(left) > 0 {
			i.unsubscribe(left)
		}
		if len(due) > 0 || len(left) > 0 {
			continue
		}
		var later <-chan time.Time
		if wait > 0 {
			later = time.After(wait)
		}
		select {
		case <-i.wake:
		case <-later:
		case <-i.ctx.Done():
		}
	}
}

// maxLeaving is how many channels may linger: beyond it the first of them are given
// up before their time, since whoever hops through rooms that nobody is in would
// have the engine keep all of them.
const maxLeaving = 32 << 10

// takeDue takes the next channels to be subscribed.
func (i *Interest) takeDue() []*channel {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := min(len(i.due), broker.MaxBatch)
	batch := i.due[:n:n]
	if i.due = i.due[n:]; len(i.due) == 0 {
		i.due = nil // a crowd's memory goes with the crowd
	}
	for _, c := range batch {
		c.stage = asking
	}
	return batch
}

// subscribe carries out a batch, and lets those who wait for it go.
func (i *Interest) subscribe(batch []*channel) {
	ups := i.countUps()
	names := make([]string, len(batch))
	for n, c := range batch {
		names[n] = c.name
	}
	ctx, cancel := context.WithTimeout(i.ctx, i.o.Hold)
	err := i.link.Subscribe(ctx, names)
	cancel()
	i.mu.Lock()
	var free []waiter
	for _, c := range batch {
		switch {
		case err == nil:
			c.stage = live
		case i.up && i.ups != ups:
			i.queue(c) // nobody knows whether that Up came before or behind the call
			continue   // who waits is told by the next one
		default:
			c.stage = asked
		}
		free = append(free, c.waiting...)
		c.waiting = nil
	}
	if err != nil {
		i.unconfirmed += uint64(len(free))
	}
	i.mu.Unlock()
	letGo(free, err == nil)
	i.complain(len(batch), err)
}

func (i *Interest) countUps() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ups
}

// complain tells of an error, unless it is that the link is down or closed.
func (i *Interest) complain(n int, err error) {
	if err != nil && i.ctx.Err() == nil && i.o.Failed != nil && !steady.Is(err, broker.ErrDown) {
		i.o.Failed(n, err)
	}
}

// takeLeft takes the next channels to be given up, and forgets them. Without any
// it returns how long there is nothing to do; zero is until somebody leaves.
func (i *Interest) takeLeft(now time.Duration) (batch []string, wait time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := len(i.leaving); len(batch) < broker.MaxBatch && n > 0; n-- {
		first := i.leaving[0]
		crowded := len(i.leaving) > maxLeaving
		if first.at > now && !crowded {
			wait = first.at - now
			break
		}
		i.leaving = i.leaving[1:]
		c := i.channels[first.name]
		c.queued = false
		switch {
		case c.wants > 0: // its next Drop queues it
		case c.stage == waits: // it is subscribed first
			i.again(first.name, c, now+i.o.Linger)
		case c.leaves > now && !crowded: // it came back, and left again later
			i.again(first.name, c, c.leaves)
		default:
			delete(i.channels, first.name)
			batch = append(batch, first.name)
		}
	}
	if len(i.leaving) == 0 {
		i.leaving = nil
	} else if wait == 0 { // all have been looked at
		wait = max(i.leaving[0].at-now, time.Millisecond)
	}
	return batch, wait
}

// again queues a channel that may be given up later. The queue stays in order:
// nobody else's time is later than a whole Linger from now, and c's is at most
// that; who stands behind c although due before it waits a little longer.
func (i *Interest) again(name string, c *channel, at time.Duration) {
	c.queued = true
	i.leaving = append(i.leaving, left{name, at})
}

// unsubscribe gives up a batch.
func (i *Interest) unsubscribe(batch []string) {
	ctx, cancel := context.WithTimeout(i.ctx, i.o.Hold)
	err := i.link.Unsubscribe(ctx, batch)
	cancel()
	i.complain(len(batch), err)
}
