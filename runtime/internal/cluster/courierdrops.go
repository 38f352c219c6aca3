package cluster

import (
	"sync"
	"time"
)

// Drop is why a Courier has dropped a message.
type Drop uint8

// The reasons.
const (
	Full    Drop = iota // too many waited, or too many bytes
	Late                // it has waited for too long
	Refused             // the Link does not take it, whoever asks
	Unsent              // the end came first
	reasons             // how many there are
)

// String returns the reason as a word.
func (d Drop) String() string {
	return [...]string{Full: "full", Late: "late", Refused: "refused", Unsent: "unsent"}[d]
}

// Dropped is told of each reason once in tellEvery, with up to tellEvents names; and
// for the first time tellSoon after it began, since one drop seldom comes alone.
const (
	tellEvery  = time.Second
	tellSoon   = 50 * time.Millisecond
	tellEvents = 8
)

// drops is what a Courier has dropped and not told of yet.
type drops struct {
	told    func(Drop, int, map[string]int, error)
	telling sync.Mutex // held while told runs
	mu      *sync.Mutex
	timer   *time.Timer
	at      time.Time     // guarded by mu; what the timer is set to; zero if it is not
	by      [reasons]drop // guarded by mu
	closed  bool          // guarded by mu
}

// drop is what was dropped for one reason.
type drop struct {
	n      int
	events map[string]int
	err    error
	next   time.Time // when it may be told of
}

func (d *drops) init(told func(Drop, int, map[string]int, error), mu *sync.Mutex) {
	d.told, d.mu = told, mu
	d.timer = time.AfterFunc(time.Hour, d.tell)
	d.timer.Stop()
}

// note counts a message that was dropped. The caller holds mu.
func (d *drops) note(why Drop, event string, err error) {
	if d.told == nil {
		return
	}
	b := &d.by[why]
	b.n++
	b.err = err
	if _, known := b.events[event]; event != "" && (known || len(b.events) < tellEvents) {
		if b.events == nil {
			b.events = make(map[string]int)
		}
		b.events[event]++
	}
	if b.n == 1 {
		d.wind(b.next, tellSoon)
	}
}

// wind sets the timer, unless it will ring before. The caller holds mu.
func (d *drops) wind(next time.Time, soonest time.Duration) {
	now := time.Now()
	if soon := now.Add(soonest); next.Before(soon) {
		next = soon
	}
	if !d.closed && (d.at.IsZero() || next.Before(d.at)) {
		d.at = next
		d.timer.Reset(next.Sub(now))
	}
}

// tell tells of what may be told of now, and sets the timer for the rest.
func (d *drops) tell() {
	d.telling.Lock()
	defer d.telling.Unlock()
	for why := range reasons {
		if b, ok := d.due(why); ok {
			d.told(why, b.n, b.events, b.err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = time.Time{}
	for _, b := range d.by {
		if b.n > 0 {
			d.wind(b.next, 0)
		}
	}
}

// due takes out what was dropped for a reason, if it may be told of.
func (d *drops) due(why Drop) (drop, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, now := d.by[why], time.Now()
	if b.n == 0 || now.Before(b.next) && !d.closed {
		return drop{}, false
	}
	d.by[why] = drop{next: now.Add(tellEvery)}
	return b, true
}

// close tells of all the rest. Nothing is told afterwards.
func (d *drops) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.timer.Stop()
	d.tell()
}
