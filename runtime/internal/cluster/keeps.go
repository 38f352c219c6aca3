package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// What Keeps hands to the engine at once, at most. One message may be larger.
const (
	keepMessages = carryMessages
	keepBytes    = carryBytes
)

// outage is how long a link may be down until nothing more is taken: a reconnect is
// shorter, and should cost nobody an error.
const outage = time.Second

// keepTime is how long one call of Keep may take. Engines give up before.
const keepTime = 10 * time.Second

// Keeps is the queue of what the engine is to keep. Whoever puts something there never
// waits: one goroutine hands it over, in batches and in order, and says what became of
// it. Nothing is ever dropped without a word: it is refused at once, or its Done, and
// Failed, are told.
//
// All methods are safe for concurrent use, and all but Close may be called under locks.
type Keeps struct {
	keeper broker.Keeper
	o      KeepsOptions
	ctx    context.Context // ends when nothing may be handed over any more
	cancel context.CancelFunc
	wake   chan struct{}
	done   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	queue   []ToKeep    // guarded by mu
	bytes   int         // guarded by mu; of queue
	up      bool        // guarded by mu
	since   time.Time   // guarded by mu; when that changed
	closing bool        // guarded by mu
	unsent  error       // guarded by mu; why not all was handed over
	numbers KeptNumbers // guarded by mu
}

// ToKeep is a message that the engine is to keep.
type ToKeep struct {
	broker.Kept

	Event string // for Failed
	// Done is called once with what became of it, by one goroutine and without a lock.
	// It must not wait, and may call Put. It may be nil.
	Done func(broker.Outcome)

	at time.Time // when it was put there
}

// KeepsOptions bound a Keeps.
type KeepsOptions struct {
	Messages int           // how many may wait
	Bytes    int           // how many bytes of them
	Age      time.Duration // what has waited longer is given up
	// Failed is called for each message that is not kept, or perhaps not, and was not
	// refused at once. No lock is held. It may be nil.
	Failed func(event string, err error)
}

// KeptNumbers is what became of all that was to be kept.
type KeptNumbers struct {
	Kept       uint64
	Duplicates uint64 // kept before, by their keys
	Failed     uint64 // refused at once, given up, or perhaps kept
	Waiting    int
}

// NewKeeps returns the queue in front of a Keeper, whose link is not up. Close ends it.
func NewKeeps(k broker.Keeper, o KeepsOptions) *Keeps {
	if o.Age <= 0 {
		o.Age = 5 * time.Second
	}
	q := &Keeps{keeper: k, o: o, wake: make(chan struct{}, 1), done: make(chan struct{}), since: time.Now()}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	go q.run()
	return q
}

// Put queues messages, all or none, and fails with ErrUnavailable if there is no room,
// if the link is down for a second, or behind Close. What goes on with something that
// was taken before finds room in any case.
func (q *Keeps) Put(all []ToKeep, goesOn bool) error {
	size := 0
	for i := range all {
		size += len(all[i].Data)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if q.closing && !goesOn || q.unsent != nil || !goesOn && (!q.up && now.Sub(q.since) > outage ||
		len(q.queue)+len(all) > q.o.Messages || size > q.o.Bytes-q.bytes) {
		q.numbers.Failed += uint64(len(all))
		return broker.ErrUnavailable
	}
	for i := range all {
		all[i].at = now
	}
	q.queue = append(q.queue, all...)
	q.bytes += size
	q.look()
	return nil
}

// Up says that the link works.
func (q *Keeps) Up() { q.turn(true) }

// Down says that it does not.
func (q *Keeps) Down() { q.turn(false) }

func (q *Keeps) turn(up bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.up != up {
		q.up, q.since = up, time.Now()
	}
	q.look()
}

// Numbers returns what became of all so far.
func (q *Keeps) Numbers() KeptNumbers {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.numbers
	n.Waiting = len(q.queue)
	return n
}

// Close hands over what waits, and ends the goroutine. When ctx ends first, what is
// left is given up, and Close returns ctx's error.
func (q *Keeps) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closing = true
	q.look()
	q.mu.Unlock()
	select {
	case <-q.done:
	case <-ctx.Done():
		q.mu.Lock()
		q.unsent = ctx.Err()
		q.mu.Unlock()
		q.cancel()
		<-q.done // a Keep that runs returns, for its ctx has ended
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.unsent
}

// look wakes the goroutine.
func (q *Keeps) look() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run hands messages over, until Close.
func (q *Keeps) run() {
	defer close(q.done)
	defer q.cancel()
	var pause time.Duration // after the last try that was in vain
	batch := make([]broker.Kept, 0, keepMessages)
	for {
		for late, ok := q.takeLate(); ok; late, ok = q.takeLate() {
			q.tell(&late, broker.Outcome{Err: broker.ErrUnavailable})
		}
		var ended bool
		if batch, ended = q.take(batch[:0]); ended {
			return
		}
		if len(batch) == 0 {
			q.rest(nil)
			continue
		}
		ctx, cancel := context.WithTimeout(q.ctx, keepTime)
		outcomes := q.keeper.Keep(ctx, batch)
		cancel()
		clear(batch)
		if q.settle(len(batch), outcomes) {
			pause = 0
			continue
		}
		pause = min(max(2*pause, shortPause), longPause)
		q.rest(time.After(pause))
	}
}

// rest waits until there may be something to do, or until later.
func (q *Keeps) rest(later <-chan time.Time) {
	select {
	case <-q.wake:
	case <-later:
	case <-q.ctx.Done():
	}
}

// takeLate takes a message that has waited for too long, or that there is no time for
// any more.
func (q *Keeps) takeLate() (late ToKeep, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 || q.ctx.Err() == nil && time.Since(q.queue[0].at) < q.o.Age {
		return ToKeep{}, false
	}
	return q.pop(), true
}

// pop takes the first message off. The caller holds mu.
func (q *Keeps) pop() ToKeep {
	m := q.queue[0]
	q.bytes -= len(m.Data)
	q.queue[0] = ToKeep{}
	if q.queue = q.queue[1:]; len(q.queue) == 0 {
		q.queue = nil // a burst's memory goes with the burst
	}
	return m
}

// take returns what is to be kept next, which stays in the queue. It reports whether
// the end has come.
func (q *Keeps) take(batch []broker.Kept) (_ []broker.Kept, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := 0
	for i := range q.queue {
		m := &q.queue[i]
		if size += len(m.Data); len(batch) == keepMessages || len(batch) > 0 && size > keepBytes {
			break
		}
		batch = append(batch, m.Kept)
	}
	return batch, q.closing && len(batch) == 0
}

// settle tells what became of the first n messages, and reports whether something did.
//
// What is certainly not kept is tried again until it is too old; but not if something
// behind it was kept, or perhaps was: messages would change their order.
func (q *Keeps) settle(n int, outcomes []broker.Outcome) bool {
	for len(outcomes) < n {
		outcomes = append(outcomes, broker.Outcome{Err: broker.ErrUnsure})
	}
	again := n
	for again > 0 && mayTry(outcomes[again-1].Err) {
		again--
	}
	for i := range again {
		q.mu.Lock()
		m := q.pop()
		q.mu.Unlock()
		q.tell(&m, outcomes[i])
	}
	return again > 0
}

// mayTry reports whether a message is not kept, and may be tried again.
func mayTry(err error) bool {
	return err != nil && !steady.Is(err, broker.ErrUnsure) && (steady.Is(err, broker.ErrUnavailable) || steady.Is(err, broker.ErrDown))
}

// tell counts what became of a message, and tells of it.
func (q *Keeps) tell(m *ToKeep, o broker.Outcome) {
	q.mu.Lock()
	switch {
	case o.Err != nil:
		q.numbers.Failed++
	case o.Duplicate:
		q.numbers.Duplicates++
	default:
		q.numbers.Kept++
	}
	q.mu.Unlock()
	if m.Done != nil {
		m.Done(o)
	}
	if o.Err != nil && q.o.Failed != nil {
		q.o.Failed(m.Event, o.Err)
	}
}
