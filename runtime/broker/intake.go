package broker

import (
	"context"
	"hash/maphash"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Intake stands between an engine and a Receiver. It keeps for an adapter the
// rules that Receiver states: whoever reads from the engine never waits, what
// the Receiver does not take in time is dropped and told as Lost, Up and Down
// alternate, and after Close nothing is called. Make one with NewIntake. All
// methods are safe for
// concurrent use, and none waits but Close.
type Intake struct {
	to    Receiver
	sieve Sieve // nil: to needs everything
	seed  maphash.Seed
	lanes []*lane
	state state

	closing sync.Once
	running sync.WaitGroup
	ended   chan struct{} // closed when all goroutines have ended

	began time.Time
	last  atomic.Int64 // when a message came to Hand, since began
}

// IntakeOptions bound an Intake. The zero IntakeOptions has the defaults.
type IntakeOptions struct {
	// Lanes is how many channels can be delivered at once. Each lane has a
	// goroutine, and each channel its lane. Default: one for each processor that
	// Go uses, and 8 at most.
	Lanes int
	// Messages is how many may wait in each lane. Default: 4096.
	Messages int
	// Bytes is how many bytes of messages may wait in each lane. A larger
	// message finds room in an empty one. Default: 16 MiB.
	Bytes int
}

// NewIntake returns an Intake that hands to r what it gets. Close ends it.
func NewIntake(r Receiver, o IntakeOptions) *Intake {
	if o.Lanes <= 0 {
		o.Lanes = min(runtime.GOMAXPROCS(0), 8)
	}
	if o.Messages <= 0 {
		o.Messages = 4096
	}
	if o.Bytes <= 0 {
		o.Bytes = 16 << 20
	}
	in := &Intake{to: r, seed: maphash.MakeSeed(), ended: make(chan struct{}), began: time.Now()}
	in.last.Store(-int64(apart))
	in.sieve, _ = r.(Sieve)
	in.state.wake = sync.NewCond(&in.state.mu)
	in.running.Go(func() { in.state.tell(r) })
	for range o.Lanes {
		l := &lane{messages: o.Messages, bytes: o.Bytes}
		l.wake = sync.NewCond(&l.mu)
		in.lanes = append(in.lanes, l)
		in.running.Go(func() { l.deliver(r) })
	}
	return in
}

// Put takes a message from the engine. Messages of one channel are delivered in
// the order in which they are put. It reports whether there was room. The caller
// must not change d.Data any more. What a Sieve does not need takes no room, and
// wakes nobody.
func (in *Intake) Put(d Delivery) bool {
	if in.sieve != nil && !in.sieve.Needs(d) {
		return true
	}
	return in.lane(d.Channel).put(d)
}

// apart is how long nothing may have come before a message that Hand delivers by
// itself. Those that are nearer to each other are left to lanes, which share them out.
const apart = time.Millisecond

// Hand is Put for a goroutine that holds no lock which the Receiver, or Close, may
// wait for. When nothing has come for a millisecond, nothing waits, and a Sieve says
// that little is to be done, the message is delivered before Hand returns: to wake
// another goroutine for it takes longer than that.
func (in *Intake) Hand(d Delivery) bool {
	if in.sieve == nil {
		return in.Put(d)
	}
	if !in.sieve.Needs(d) {
		return true
	}
	l := in.lane(d.Channel)
	now := int64(time.Since(in.began))
	if now-in.last.Swap(now) < int64(apart) || !in.sieve.Light(d) || !l.enter(&in.running) {
		return l.put(d)
	}
	defer in.running.Done()
	defer l.leave()
	in.to.Deliver(d)
	return true
}

// Lost says that n messages were dropped before they came here: of these
// channels or, if none is named, of any. The Receiver is told soon.
func (in *Intake) Lost(n int, channels ...string) {
	first := ""
	if len(channels) > 0 {
		first = channels[0]
	}
	in.lane(first).lose(n, channels)
}

// Up says that the link works and that all its subscriptions are in place.
func (in *Intake) Up() { in.state.set(true, nil) }

// Down says that the link has broken, or could not be made. The Receiver hears
// of a break also if Up follows at once; it hears once of several that come
// before it was told.
func (in *Intake) Down(cause error) { in.state.set(false, cause) }

// Close drops what waits, and returns when no method of the Receiver runs any
// more, or with ctx's error when ctx ends first. What is put afterwards is
// ignored.
func (in *Intake) Close(ctx context.Context) error {
	in.closing.Do(func() {
		in.state.close()
		for _, l := range in.lanes {
			l.close()
		}
		go func() {
			in.running.Wait()
			close(in.ended)
		}()
	})
	select {
	case <-in.ended:
		return nil
	default:
	}
	select {
	case <-in.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *Intake) lane(channel string) *lane {
	if len(in.lanes) == 1 {
		return in.lanes[0]
	}
	return in.lanes[maphash.String(in.seed, channel)%uint64(len(in.lanes))]
}

// namedLost is how many channels a lane remembers that have lost something.
// Beyond that it says "any".
const namedLost = 64

// lane is a bounded queue of messages with one goroutine that delivers them.
type lane struct {
	messages, bytes int // how many may wait

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []Delivery // guarded by mu; what has not been taken for delivery
	count  int        // guarded by mu; waiting, whether taken or not
	size   int        // guarded by mu; bytes of these
	closed bool       // guarded by mu
	busy   bool       // guarded by mu; somebody delivers

	lost  int             // guarded by mu; not told yet
	names map[string]bool // guarded by mu; the channels of these, or nil
	any   bool            // guarded by mu; it is not known of which channels, or of too many
}

func (l *lane) put(d Delivery) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if l.count == l.messages || l.count > 0 && l.size+len(d.Data) > l.bytes {
		l.lost++
		l.suspect(d.Channel)
		return false
	}
	l.queue = append(l.queue, d)
	l.count++
	l.size += len(d.Data)
	l.wake.Signal()
	return true
}

func (l *lane) lose(n int, channels []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || n <= 0 {
		return
	}
	l.lost += n
	l.any = l.any || len(channels) == 0
	for _, c := range channels {
		l.suspect(c)
	}
	l.wake.Signal()
}

// suspect notes a channel that has lost something. The caller holds mu.
func (l *lane) suspect(channel string) {
	switch {
	case l.names[channel]:
	case len(l.names) == namedLost:
		l.any = true
	default:
		if l.names == nil {
			l.names = make(map[string]bool)
		}
		l.names[channel] = true
	}
}

// deliver hands over what is put, until the lane is closed.
func (l *lane) deliver(to Receiver) {
	var spare []Delivery
	for mine := false; ; mine = true {
		batch, ok := l.take(mine, spare, to)
		if !ok {
			return
		}
		for i, d := range batch {
			batch[i] = Delivery{} // its memory may be large
			if !l.begin(d, to) {
				return
			}
			to.Deliver(d)
		}
		spare = batch[:0]
		if cap(spare) > 1024 {
			spare = nil // a burst's memory goes with the burst
		}
	}
}

// enter begins a delivery beside the queue, and reports whether that may be: nothing
// waits, and nobody delivers. It is added to those that run.
func (l *lane) enter(running *sync.WaitGroup) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.busy || l.count > 0 || l.lost > 0 {
		return false
	}
	running.Add(1) // the lane's goroutine runs until closed is set, so it is not zero
	l.busy = true
	return true
}

// leave ends it.
func (l *lane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	if l.count > 0 || l.lost > 0 || l.closed {
		l.wake.Signal()
	}
}

// take waits until messages are there and returns all of them; false if the lane
// is closed. The empty slice spare becomes the queue. The lane was busy with those
// before, if mine is true.
func (l *lane) take(mine bool, spare []Delivery, to Receiver) ([]Delivery, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine {
		l.busy = false
	}
	for {
		switch {
		case l.closed:
			return nil, false
		case l.busy:
			l.wake.Wait()
		case l.lost > 0:
			l.busy = true
			l.tellLost(to)
			l.busy = false
		case len(l.queue) > 0:
			batch := l.queue
			l.queue, l.busy = spare, true
			return batch, true
		default:
			l.wake.Wait()
		}
	}
}

// begin gives back the room of a message that is delivered now. It tells of
// losses right then, and not at the end of the batch; false if the lane is
// closed.
func (l *lane) begin(d Delivery, to Receiver) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count--
	l.size -= len(d.Data)
	if l.lost > 0 && !l.closed {
		l.tellLost(to)
	}
	return !l.closed
}

// tellLost tells of what was lost since the last time. The caller holds mu, which
// is released meanwhile.
func (l *lane) tellLost(to Receiver) {
	var names []string
	if !l.any {
		for name := range l.names {
			names = append(names, name)
		}
	}
	n := l.lost
	l.lost, l.names, l.any = 0, nil, false
	l.mu.Unlock()
	defer l.mu.Lock()
	to.Lost(n, names...)
}

func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.queue = true, nil
	l.wake.Signal()
}

// state is whether a link is up, and what the Receiver knows of that.
type state struct {
	mu     sync.Mutex
	wake   *sync.Cond
	known  bool  // guarded by mu; set was called
	up     bool  // guarded by mu
	broken bool  // guarded by mu; it was down since the Receiver was told of the last Up
	cause  error // guarded by mu; of the last break
	closed bool  // guarded by mu
}

func (s *state) set(up bool, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !up && (s.up || !s.known) {
		s.broken, s.cause = true, cause
	}
	s.known, s.up = true, up
	s.wake.Signal()
}

func (s *state) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wake.Signal()
}

// tell calls Up and Down in turn, until the state is closed.
func (s *state) tell(to Receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	toldUp, told := false, false
	for !s.closed {
		switch {
		case s.broken && (toldUp || !told):
			cause := s.cause
			s.broken, toldUp, told = false, false, true
			s.unlocked(func() { to.Down(cause) })
		case s.up && !toldUp:
			s.broken, toldUp, told = false, true, true
			s.unlocked(to.Up)
		default:
			s.wake.Wait()
		}
	}
}

// unlocked calls f without mu, which the caller holds.
func (s *state) unlocked(f func()) {
	s.mu.Unlock()
	defer s.mu.Lock()
	f()
}
