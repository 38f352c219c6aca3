package brokertest

import (
	"bytes"
	"container/heap"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// mostDelayed is how many messages of a Link are delayed at once. More are lost.
const mostDelayed = 1 << 16

// faultyLink is a Link with faults. Towards the Link behind it, it is the
// Receiver.
//
// Its clock is the goroutine that delivers what was delayed, and lets the link
// break. No lock is held while it or anybody else waits.
type faultyLink struct {
	broker *FaultyBroker
	to     broker.Link // set before Open returns
	number uint64      // of the Links that broker has opened
	in     *broker.Intake

	wake    chan struct{} // the clock looks again
	closing sync.Once
	closed  chan struct{}
	clock   sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{}       // guarded by mu; closed when the state below changes
	mode    mode                // guarded by mu
	known   bool                // guarded by mu; the Link behind has said something
	up      bool                // guarded by mu; it has said Up
	cause   error               // guarded by mu; why it is not
	reset   bool                // guarded by mu; Reset while it hung
	asked   map[string]struct{} // guarded by mu; channels
	arrived map[string]uint64   // guarded by mu; how many messages of each channel
	delayed delayed             // guarded by mu
	waiting map[string]*line    // guarded by mu; the channels of those
	order   uint64              // guarded by mu; how many were delayed so far

	calls   *rand.Rand // guarded by mu; for calls of the node, which no plan depends on
	weather *rand.Rand // guarded by mu; for the plan
	broken  bool       // guarded by mu; by itself
	turns   time.Time  // guarded by mu; when it breaks or mends; zero for never
}

// line is a channel of which messages are delayed.
type line struct {
	last  time.Time // when the last of them is due
	count int
}

func newFaultyLink(b *FaultyBroker, r broker.Receiver, number uint64) *faultyLink {
	l := &faultyLink{
		broker: b, number: number, in: broker.NewIntake(r, broker.IntakeOptions{}),
		wake: make(chan struct{}, 1), closed: make(chan struct{}), changed: make(chan struct{}),
		asked: make(map[string]struct{}), arrived: make(map[string]uint64), waiting: make(map[string]*line),
	}
	l.weather = rand.New(rand.NewPCG(b.faults.Load().Seed, 2*number))
	l.calls = rand.New(rand.NewPCG(b.faults.Load().Seed, 2*number+1))
	l.plan(time.Now())
	l.clock.Go(l.run)
	return l
}

// opened says which Link is behind l.
func (l *faultyLink) opened(to broker.Link) {
	l.to = to
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == cut {
		l.review()
	}
}

// ---- what the Link behind says

// Up implements broker.Receiver.
func (l *faultyLink) Up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.up = true, true
	l.review()
}

// Down implements broker.Receiver.
func (l *faultyLink) Down(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.up, l.cause = true, false, cause
	l.review()
}

// Lost implements broker.Receiver.
func (l *faultyLink) Lost(n int, channels ...string) { l.in.Lost(n, channels...) }

// Deliver implements broker.Receiver.
func (l *faultyLink) Deliver(d broker.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrive(d)
}

// arrive decides what becomes of a message. The caller holds mu.
func (l *faultyLink) arrive(d broker.Delivery) {
	f := l.broker.faults.Load()
	l.arrived[d.Channel]++
	fate := newFate(f.Seed, l.number, d.Channel, l.arrived[d.Channel])
	dropped := fate.unit()
	after := f.Delay + time.Duration(fate.unit()*float64(f.Jitter))
	l.broker.count(func(n *Counts) { n.Arrived++ })
	switch {
	case !l.works() || l.mode == hung:
		l.broker.count(func(n *Counts) { n.Missed++ })
	case dropped < f.Loss, len(l.delayed) == mostDelayed:
		l.broker.count(func(n *Counts) { n.Lost++ })
		l.in.Lost(1, d.Channel)
	case dropped < f.Loss+f.Silent:
		l.broker.count(func(n *Counts) { n.Silent++ })
	case after <= 0 && l.waiting[d.Channel] == nil:
		l.hand(d)
	default:
		l.delay(d, time.Now().Add(after))
	}
}

// hand gives a message to the Receiver. The caller holds mu.
func (l *faultyLink) hand(d broker.Delivery) {
	taken := l.in.Put(d)
	l.broker.count(func(n *Counts) {
		if taken {
			n.Delivered++
		} else {
			n.Lost++
		}
	})
}

// delay keeps a message until it is due, and until those before it in its channel
// are delivered. The caller holds mu.
func (l *faultyLink) delay(d broker.Delivery, due time.Time) {
	of := l.waiting[d.Channel]
	if of == nil {
		of = &line{}
		l.waiting[d.Channel] = of
	}
	if due.Before(of.last) {
		due = of.last
	}
	of.last = due
	of.count++
	l.order++
	heap.Push(&l.delayed, late{due: due, number: l.order, d: d})
	l.look()
}

// ---- whether it works

// works reports whether the Receiver takes the link for up. The caller holds mu.
func (l *faultyLink) works() bool {
	return l.up && !l.broken && !l.reset && l.mode != cut
}

// why says why it does not. The caller holds mu.
func (l *faultyLink) why() error {
	switch {
	case l.mode == cut:
		return errCut
	case l.reset:
		return errReset
	case l.broken:
		return errBroken
	}
	return l.cause
}

// review tells the Intake, which keeps Up and Down in turn, how the link is now.
// What is under way on a link that breaks is gone. The caller holds mu.
func (l *faultyLink) review() {
	close(l.changed)
	l.changed = make(chan struct{})
	switch {
	case l.works():
		l.in.Up()
	case l.known || l.mode == cut:
		l.in.Down(l.why())
		missed := len(l.delayed)
		l.broker.count(func(n *Counts) { n.Missed += missed })
		l.delayed = nil
		clear(l.waiting)
	}
}

func (l *faultyLink) turn(m mode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mode = m
	if m != hung {
		l.reset = false
	}
	l.review()
}

// weatherChanges makes a new plan for when the link breaks.
func (l *faultyLink) weatherChanges() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		l.broken = false
		l.review()
	}
	l.plan(time.Now())
	l.look()
}

// plan draws when the link breaks or mends next. The caller holds mu, or is alone.
func (l *faultyLink) plan(now time.Time) {
	f := l.broker.faults.Load()
	of := f.Every
	if l.broken {
		of = max(f.Down, 1)
	}
	l.turns = time.Time{}
	if of > 0 {
		l.turns = now.Add(max(1, time.Duration(min(l.weather.ExpFloat64(), 10)*float64(of))))
	}
}

// ---- the clock

// look wakes the clock.
func (l *faultyLink) look() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *faultyLink) run() {
	for {
		var due <-chan time.Time
		if wait, ok := l.step(); ok {
			due = time.After(wait)
		}
		select {
		case <-due:
		case <-l.wake:
		case <-l.closed:
			return
		}
	}
}

// step does what is due, and returns how long there is nothing to do; false if
// that is until something changes.
func (l *faultyLink) step() (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.turns.IsZero() && !l.turns.After(now) {
		if l.broken = !l.broken; l.broken {
			l.broker.count(func(n *Counts) { n.Breaks++ })
		}
		l.plan(now)
		l.review()
	}
	for len(l.delayed) > 0 && !l.delayed[0].due.After(now) {
		m := heap.Pop(&l.delayed).(late)
		of := l.waiting[m.d.Channel]
		if of.count--; of.count == 0 {
			delete(l.waiting, m.d.Channel)
		}
		if l.mode == hung {
			l.broker.count(func(n *Counts) { n.Missed++ })
			continue
		}
		l.hand(m.d)
	}
	next := l.turns
	if len(l.delayed) > 0 && (next.IsZero() || l.delayed[0].due.Before(next)) {
		next = l.delayed[0].due
	}
	return next.Sub(now), !next.IsZero()
}

// ---- what the node does

// Subscribe implements broker.Link.
func (l *faultyLink) Subscribe(ctx context.Context, channels []string) error {
	l.mu.Lock()
	for _, c := range channels {
		l.asked[c] = struct{}{}
	}
	l.mu.Unlock()
	if err := l.slow(ctx); err != nil {
		// It takes effect all the same, but nobody waits for that.
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = l.to.Subscribe(ended, channels)
		return err
	}
	if err := l.to.Subscribe(ctx, channels); err != nil {
		return err
	}
	return l.answer(ctx)
}

// Unsubscribe implements broker.Link.
func (l *faultyLink) Unsubscribe(ctx context.Context, channels []string) error {
	l.mu.Lock()
	for _, c := range channels {
		delete(l.asked, c)
	}
	l.mu.Unlock()
	slow := l.slow(ctx)
	if err := l.to.Unsubscribe(ctx, channels); err != nil {
		return err
	}
	if slow != nil {
		return slow
	}
	return l.answer(ctx)
}

// answer waits while the link hangs, and returns why there is no answer, or nil.
func (l *faultyLink) answer(ctx context.Context) error {
	for {
		l.mu.Lock()
		works, hangs, changed := l.works(), l.mode == hung, l.changed
		l.mu.Unlock()
		switch {
		case l.isClosed():
			return broker.ErrClosed
		case !works:
			return broker.ErrDown
		case !hangs:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.closed:
		}
	}
}

// Publish implements broker.Link.
func (l *faultyLink) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	if err := l.slow(ctx); err != nil {
		return 0, err
	}
	f := l.broker.faults.Load()
	l.mu.Lock()
	works, hangs := l.works(), l.mode == hung
	part := f.Partial > 0 && len(batch) > 0 && l.calls.Float64() < f.Partial
	sent := batch
	if part {
		sent = batch[:l.calls.IntN(len(batch))]
	}
	l.mu.Unlock()
	switch {
	case l.isClosed():
		return 0, broker.ErrClosed
	case !works:
		return 0, broker.ErrDown
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	var n int
	var err error
	if hangs {
		n, err = l.swallow(sent)
	} else {
		n, err = l.to.Publish(ctx, sent)
		if f.Echo {
			l.echo(sent[:n])
		}
	}
	if err == nil && part {
		err = errPart
	}
	return n, err
}

// swallow takes messages as a link that hangs does.
func (l *faultyLink) swallow(batch []broker.Outgoing) (int, error) {
	for i, out := range batch {
		if len(out.Data) > l.to.MaxMessage() {
			return i, broker.ErrTooLarge
		}
		l.broker.count(func(n *Counts) { n.Swallowed++ })
	}
	return len(batch), nil
}

// echo gives messages back to the node that sent them.
func (l *faultyLink) echo(sent []broker.Outgoing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, out := range sent {
		if _, is := l.asked[out.Channel]; is {
			l.arrive(broker.Delivery{Channel: out.Channel, Data: bytes.Clone(out.Data)})
		}
	}
}

// slow waits as long as a call takes.
func (l *faultyLink) slow(ctx context.Context) error {
	most := l.broker.faults.Load().Slow
	if most <= 0 {
		return nil
	}
	l.mu.Lock()
	wait := time.Duration(l.calls.Int64N(int64(most)))
	l.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closed:
		return broker.ErrClosed
	}
}

// MaxMessage implements broker.Link.
func (l *faultyLink) MaxMessage() int { return l.to.MaxMessage() }

// Reset implements broker.Link.
func (l *faultyLink) Reset() {
	l.mu.Lock()
	m := l.mode
	if m == hung && !l.reset {
		l.reset = true
		l.review()
	}
	l.mu.Unlock()
	if m == whole {
		l.to.Reset()
	}
}

func (l *faultyLink) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Close implements broker.Link.
func (l *faultyLink) Close(ctx context.Context) error {
	var err error
	l.closing.Do(func() {
		close(l.closed)
		l.broker.forget(l)
		l.clock.Wait()
	})
	if l.to != nil {
		err = l.to.Close(ctx)
	}
	if own := l.in.Close(ctx); err == nil {
		err = own
	}
	return err
}
