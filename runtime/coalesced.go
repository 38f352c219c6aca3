package ws

import (
	"sync"
	"time"
)

// coalesced adds up what happens often, and tells of it once a second at most. The
// zero value is ready.
type coalesced struct {
	mu    sync.Mutex
	n     int         // guarded by mu; not told yet
	timer *time.Timer // guarded by mu; nil: nothing is to be told
	tell  func(n int) // guarded by mu
}

// coalesceFor is how long things are added up.
const coalesceFor = time.Second

// add adds n to what tell is told of.
func (c *coalesced) add(n int, tell func(n int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
	c.tell = tell
	if c.timer == nil {
		c.timer = time.AfterFunc(coalesceFor, c.flush)
	}
}

// flush tells of all that was not told yet.
func (c *coalesced) flush() {
	c.mu.Lock()
	n, tell := c.n, c.tell
	c.n = 0
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.mu.Unlock()
	if n > 0 {
		tell(n)
	}
}

// rarely lets something be told of each of many, once a minute at most. The zero
// value is ready.
type rarely struct {
	mu   sync.Mutex
	last map[uint64]time.Time // guarded by mu
}

const (
	rarelyEvery = time.Minute
	rarelyOf    = 256 // that are remembered; a crowd of more begins anew
)

// may reports whether it is time to tell of one.
func (r *rarely) may(of uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if last, is := r.last[of]; is && now.Sub(last) < rarelyEvery {
		return false
	}
	if r.last == nil || len(r.last) >= rarelyOf {
		r.last = make(map[uint64]time.Time)
	}
	r.last[of] = now
	return true
}
