package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// What a Courier hands to the Link at once, at most. One message may be larger.
const (
	carryMessages = 256
	carryBytes    = 256 << 10
)

// What may wait of SendFirst. A long answer has to find room.
const (
	firstMessages = 256
	firstBytes    = 8 << 20
)

// What may wait besides of SendVital.
const (
	vitalMessages = 16
	vitalBytes    = 64 << 10
)

// How long a Courier waits until it tries again what the Link has not taken: at
// first, and at most. It doubles meanwhile.
const (
	shortPause = 10 * time.Millisecond
	longPause  = 500 * time.Millisecond
)

// maxTries is how often a message is tried that the Link refuses, with an error
// that says neither why nor that the link is down. Then the next one has its turn:
// the engine may refuse this one only.
const maxTries = 5

// Courier is the queue between a node and the engine. Whoever sends never waits:
// one goroutine hands what was sent to the Link, in batches, and in the order in
// which it was sent. What finds no room, or has waited for too long, is dropped
// and counted.
//
// All methods are safe for concurrent use. Send, SendFirst and Up may be called
// under locks.
type Courier struct {
	link   broker.Link
	o      CourierOptions
	ctx    context.Context // ends when nothing may be sent any more
	cancel context.CancelCauseFunc
	wake   chan struct{}
	done   chan struct{} // closed when the goroutine has ended
	began  time.Time

	mu      sync.Mutex
	plain   queue   // guarded by mu
	first   queue   // guarded by mu; it overtakes plain
	store   store   // guarded by mu; the bytes of both
	carried Carried // guarded by mu
	drops   drops   // guarded by mu, but what it says itself
	asleep  bool    // guarded by mu; the goroutine waits for messages
	closing bool    // guarded by mu; nothing is taken any more
	left    error   // guarded by mu; why not all was sent
}

// CourierOptions bound a Courier.
type CourierOptions struct {
	Messages int           // how many may wait
	Bytes    int           // how many bytes of them
	Age      time.Duration // what has waited longer is not sent any more; zero is for ever
	Patience time.Duration // how long one Publish may take, or an eighth less; zero is as long as Age, or 5 s
	// Dropped is called with what was dropped since the last time: at most once a
	// second for each why, and once more by Close. It is called by one goroutine
	// at a time, which holds no lock, and must not call Close. It may be nil.
	// events has up to eight names of events, with how many had them; err is the
	// last one of the Link if why is Refused.
	Dropped func(why Drop, n int, events map[string]int, err error)
}

// Carried is what became of all that was sent. Sent is the sum of the others.
type Carried struct {
	Sent      uint64 // handed to Send and SendFirst
	Published uint64 // taken by the Link
	Shed      uint64 // found no room
	Late      uint64 // waited longer than Age
	Refused   uint64 // the Link did not want it
	Unsent    uint64 // were there at Close, or came behind it
	Waiting   uint64
}

// NewCourier returns a Courier in front of a Link. Close ends it.
func NewCourier(link broker.Link, o CourierOptions) *Courier {
	if o.Patience <= 0 {
		o.Patience = o.Age
	}
	if o.Patience <= 0 {
		o.Patience = 5 * time.Second
	}
	c := &Courier{link: link, o: o, wake: make(chan struct{}, 1), done: make(chan struct{}), began: time.Now()}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.drops.init(o.Dropped, &c.mu)
	go c.run()
	return c
}

// Send queues a message to a channel: head and payload, one behind the other.
// Both are copied. The event's name is for Dropped. It reports whether there was
// room.
func (c *Courier) Send(channel, event string, head, payload []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(&c.plain, c.o.Messages, c.o.Bytes, message{channel: channel, event: event}, head, payload)
}

// SendFirst queues a packet that overtakes what Send has queued, and does not grow
// old: of a node's life, or an answer that somebody waits for. It has a bound of
// its own. It reports whether there was room.
func (c *Courier) SendFirst(channel string, packet []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(&c.first, firstMessages, firstBytes, message{channel: channel}, packet, nil)
}

// SendVital is SendFirst for what a node says of its own life: it finds room where an
// answer does not any more.
func (c *Courier) SendVital(channel string, packet []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(&c.first, firstMessages+vitalMessages, firstBytes+vitalBytes, message{channel: channel}, packet, nil)
}

// put appends a message to a queue that has room. The caller holds mu.
func (c *Courier) put(q *queue, messages, bytes int, m message, head, payload []byte) bool {
	size := len(head) + len(payload)
	c.carried.Sent++
	switch {
	case c.closing:
		c.carried.Unsent++
		return false
	case q.n >= messages || size > bytes-q.bytes:
		c.carried.Shed++
		c.drops.note(Full, m.event, nil)
		return false
	}
	m.at = time.Since(c.began)
	m.data, m.slab = c.store.keep(head, payload)
	q.push(m)
	if c.asleep {
		c.asleep = false
		c.look()
	}
	return true
}

// Up says that the link works, so that trying again is worth it.
func (c *Courier) Up() { c.look() }

// Numbers returns what became of all that was sent so far.
func (c *Courier) Numbers() Carried {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.carried
	n.Waiting = uint64(c.plain.n + c.first.n)
	return n
}

// Waiting returns how much has not been taken by the Link yet.
func (c *Courier) Waiting() (messages, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plain.n + c.first.n, c.plain.bytes + c.first.bytes
}

// Close sends what waits, and ends the goroutine. When ctx ends first, what is left
// is dropped, and Close returns ctx's error; it returns ErrClosed if the Link was
// closed under it. Closing again waits for the same end.
func (c *Courier) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closing = true
	c.look()
	c.mu.Unlock()
	select {
	case <-c.done:
	case <-ctx.Done():
		c.cancel(ctx.Err())
		<-c.done // a Publish that runs returns, for its ctx has ended
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left
}

// look wakes the goroutine.
func (c *Courier) look() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run hands messages to the Link, until Close.
func (c *Courier) run() {
	defer close(c.done)
	var try attempt
	var limit span
	defer limit.end()
	batch := make([]broker.Outgoing, 0, carryMessages)
	for {
		var ended bool
		batch, ended = c.take(batch[:0])
		if ended {
			c.end()
			return
		}
		if len(batch) == 0 {
			c.rest(nil)
			continue
		}
		n, err := c.link.Publish(limit.from(c.ctx, c.o.Patience), batch)
		n = min(max(n, 0), len(batch))
		all := n == len(batch)
		clear(batch) // their memory is used again
		if wait := c.settle(n, all, err, &try); wait > 0 {
			c.rest(time.After(wait))
		}
	}
}

// span is the context of a Publish, which lasts for as long as one may take. Several
// share it if they come within an eighth of that: to make one for each costs more
// than all else that is done with a message that comes alone.
type span struct {
	ctx    context.Context
	cancel context.CancelFunc
	fresh  time.Time // it may be used until then
}

// from returns a context that ends in patience, or up to an eighth of it earlier.
func (s *span) from(parent context.Context, patience time.Duration) context.Context {
	if now := time.Now(); s.ctx == nil || s.ctx.Err() != nil || now.After(s.fresh) {
		s.end()
		s.ctx, s.cancel = context.WithTimeout(parent, patience)
		s.fresh = now.Add(patience / 8)
	}
	return s.ctx
}

// end gives back what the context holds.
func (s *span) end() {
	if s.cancel != nil {
		s.cancel()
	}
}

// rest waits until there may be something to do, or until later. It does not wait if
// look was called since it last returned: a Publish that fails while the link comes
// up is tried again at once.
func (c *Courier) rest(later <-chan time.Time) {
	select {
	case <-c.wake:
	case <-later:
	case <-c.ctx.Done():
	}
}

// take drops what has become too old, and returns what is to be published next,
// which stays in the queues. It reports whether the end has come.
func (c *Courier) take(batch []broker.Outgoing) (_ []broker.Outgoing, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil || c.left != nil {
		return batch, true
	}
	if c.o.Age > 0 {
		oldest := time.Since(c.began) - c.o.Age
		for c.plain.n > 0 && c.plain.front().at < oldest {
			c.carried.Late++
			c.drop(&c.plain, Late, nil)
		}
		for c.closing && c.first.n > 0 && c.first.front().at < oldest { // or a Close without a link would not end
			c.carried.Late++
			c.drop(&c.first, Late, nil)
		}
	}
	size := 0
	batch, size = c.first.batch(batch, size)
	batch, _ = c.plain.batch(batch, size)
	c.asleep = len(batch) == 0
	return batch, c.closing && len(batch) == 0
}

// attempt is how it fares with the first message of all.
type attempt struct {
	tries int           // how often it was refused
	pause time.Duration // the last one
}

// settle counts what a Publish has done: n messages were taken, all of them or not.
// It returns how long to wait until the next one.
func (c *Courier) settle(n int, all bool, err error, try *attempt) (wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried.Published += uint64(n)
	for ; n > 0; n-- {
		c.store.release(c.front().pop())
		*try = attempt{}
	}
	switch {
	case all:
		return 0
	case steady.Is(err, broker.ErrClosed):
		c.closing, c.left = true, broker.ErrClosed
		return 0
	case steady.Is(err, broker.ErrTooLarge), steady.Is(err, broker.ErrRefused):
		c.refuse(err, try)
		return 0
	case !steady.Is(err, broker.ErrDown) && !steady.Is(err, context.DeadlineExceeded) && c.ctx.Err() == nil:
		if try.tries++; try.tries == maxTries {
			c.refuse(err, try) // but not the pause: if others fare no better they wait as long
			return 0
		}
	}
	try.pause = min(max(2*try.pause, shortPause), longPause)
	return try.pause
}

// refuse drops the first message of all. The caller holds mu.
func (c *Courier) refuse(err error, try *attempt) {
	try.tries = 0
	c.carried.Refused++
	c.drop(c.front(), Refused, err)
}

// drop drops the first message of a queue. The caller holds mu and counts it.
func (c *Courier) drop(q *queue, why Drop, err error) {
	m := q.pop()
	c.store.release(m)
	c.drops.note(why, m.event, err)
}

// front returns the queue that the first message of the last batch is in which is
// still there. What SendFirst has queued since then is behind it. The caller holds
// mu.
func (c *Courier) front() *queue {
	if c.first.batched > 0 {
		return &c.first
	}
	return &c.plain
}

// end drops what is left, and tells of all that Dropped was not told of yet.
func (c *Courier) end() {
	c.mu.Lock()
	c.closing = true
	if rest := c.first.n + c.plain.n; rest > 0 && c.left == nil {
		c.left = context.Cause(c.ctx)
	}
	for _, q := range []*queue{&c.first, &c.plain} {
		for q.n > 0 {
			c.carried.Unsent++
			c.drop(q, Unsent, nil)
		}
	}
	c.mu.Unlock()
	c.cancel(nil)
	c.drops.close()
}
