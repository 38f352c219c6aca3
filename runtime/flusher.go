package ws

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// flusher is a Server's run queue: the connections whose outbox has frames and
// nobody who writes them yet. Workers, one per processor at most, are made when
// there is something to do and gone when there is not, so an idle Server has
// none. A worker never waits for a socket (flush.go).
type flusher struct {
	mu      sync.Mutex
	queue   []*conn
	head    int
	workers int

	pushing atomic.Int32  // pushes that have begun and not ended
	wide    atomic.Uint32 // those that had wideEnough receivers
}

// runBatch is how many connections a worker takes at a time: enough that the
// lock does not count, few enough that another worker gets its share.
const runBatch = 32

// add queues connections. Each is in the queue at most once: it was added by
// whoever became the owner of its outbox.
func (f *flusher) add(conns ...*conn) {
	if len(conns) == 0 {
		return
	}
	f.mu.Lock()
	f.queue = append(f.queue, conns...)
	start := f.workers == 0
	if start {
		f.workers++
	}
	f.mu.Unlock()
	if start {
		go f.work()
	}
}

func (f *flusher) work() {
	var conns [runBatch]*conn
	b := batches.Get().(*batch)
	defer batches.Put(b)
	seen := f.wide.Load()
	for {
		seen = f.calm(seen)
		n := f.take(conns[:])
		if n == 0 {
			return
		}
		for _, c := range conns[:n] {
			c.touch()
		}
		waiting := conns[0].server.waiting
		for i, c := range conns[:n] {
			c.flush(b)
			conns[i] = nil
		}
		b.Settle(waiting)
	}
}

// calm lets whoever pushes to many, again and again, push on for a moment: what
// queues up meanwhile leaves in one write for each connection instead of two.
// One push after the other is not held up: two must have come since the worker
// looked last, which is a few hundred µs ago. It returns what to call it with
// next.
func (f *flusher) calm(seen uint32) uint32 {
	if f.wide.Load()-seen < 2 {
		return seen
	}
	for range maxCalm {
		time.Sleep(calmStep)
		if f.pushing.Load() == 0 || f.wide.Load()-seen >= maxCalmPushes { // who pushes again and again is nearly always at it
			break
		}
	}
	return f.wide.Load()
}

// A worker looks that often, that many times, whether pushes still come, and no
// longer once so many have come that a default outbox is half full.
const (
	calmStep      = time.Millisecond // the poller sleeps no shorter
	maxCalm       = 16
	maxCalmPushes = defaultOutboxFrames / 2
)

// wideEnough is how many receivers make a push count for calm.
const wideEnough = 64

// take fills conns from the queue; with nothing to take the worker is gone.
func (f *flusher) take(conns []*conn) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := copy(conns, f.queue[f.head:])
	clear(f.queue[f.head : f.head+n])
	f.head += n
	if f.head == len(f.queue) {
		f.head = 0
		if cap(f.queue) > maxIdleQueue {
			f.queue = nil
		} else {
			f.queue = f.queue[:0]
		}
	}
	switch {
	case n == 0:
		f.workers--
	case f.head > 0 && f.workers < runtime.GOMAXPROCS(0):
		f.workers++ // there is more: who pushes has had time to push again
		go f.work()
	}
	return n
}

// maxIdleQueue is how long a run queue may be that is kept for the next push.
const maxIdleQueue = 4096
