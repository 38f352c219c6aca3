package socket

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// runQueue holds the sockets whose outbox has frames and no writer yet.
// Workers, one per processor at most, are made when there is something to do
// and gone when there is not, so an idle Engine has none. A worker never waits
// for a peer (write.go).
type runQueue struct {
	mu      sync.Mutex
	due     []*Socket // guarded by mu, as head and workers
	head    int
	workers int

	waiting *outbox.Budget // of all outboxes

	pushing    atomic.Int32  // pushes that have begun and not ended
	wide       atomic.Uint32 // those that had wideEnough receivers
	calmPushes atomic.Uint32 // how many of them fill half of the smallest outbox
}

// runBatch is how many sockets a worker takes at a time: enough that the
// lock does not count, few enough that another worker gets its share.
const runBatch = 32

// add queues sockets. Each is in the queue at most once: its outbox has given
// one caller the task to have it flushed.
func (q *runQueue) add(sockets ...*Socket) {
	if len(sockets) == 0 {
		return
	}
	q.mu.Lock()
	q.due = append(q.due, sockets...)
	start := q.workers == 0
	if start {
		q.workers++
	}
	q.mu.Unlock()
	if start {
		go q.work()
	}
}

// work is a worker: it flushes sockets until there are no more.
func (q *runQueue) work() {
	var sockets [runBatch]*Socket
	b := batches.Get().(*batch)
	defer batches.Put(b)
	seen := q.wide.Load()
	for {
		seen = q.calm(seen)
		n := q.take(sockets[:])
		if n == 0 {
			return
		}
		for _, s := range sockets[:n] {
			s.touch()
		}
		for i, s := range sockets[:n] {
			s.flush(b)
			sockets[i] = nil
		}
		b.Settle(q.waiting)
	}
}

// calm waits while wide pushes come one after the other: frames that queue up
// meanwhile leave in one write for each socket instead of two. A single push is
// not held up: since the worker looked last, which is a few hundred µs ago, two must
// have ended, or one, and another begun. calm returns the argument for its next call.
func (q *runQueue) calm(seen uint32) uint32 {
	if n := q.wide.Load() - seen; n == 0 || n == 1 && q.pushing.Load() == 0 {
		return seen
	}
	for range maxCalm {
		time.Sleep(calmStep)
		if q.rests() || q.wide.Load()-seen >= q.calmPushes.Load() {
			break
		}
	}
	return q.wide.Load()
}

// rests reports whether there is no push, and none begins in the next few µs: a burst is
// a caller that goes from one to the next.
func (q *runQueue) rests() bool {
	for range restLooks {
		if q.pushing.Load() != 0 {
			return false
		}
		runtime.Gosched()
	}
	return true
}

// A worker looks each calmStep whether pushes still come, maxCalm times at
// most. It stops once so many have come that the smallest outbox is half full.
const (
	calmStep      = time.Millisecond // the poller sleeps no shorter
	maxCalm       = 16
	maxCalmPushes = 128 // where outboxes hold more
	restLooks     = 64
)

// fit bounds the pushes that calm waits for, for outboxes that hold so many
// frames.
func (q *runQueue) fit(frames int) {
	half := uint32(max(min(frames/2, maxCalmPushes), 1))
	q.mu.Lock()
	defer q.mu.Unlock()
	if now := q.calmPushes.Load(); now == 0 || half < now {
		q.calmPushes.Store(half)
	}
}

// wideEnough is how many receivers make a push count for calm.
const wideEnough = 64

// Queue has sockets flushed by workers. The caller has that task from each of
// their outboxes (outbox.Schedule).
func (e *Engine) Queue(due ...*Socket) { e.queue.add(due...) }

// BeginPush notes that a push to many begins. EndPush must follow.
func (e *Engine) BeginPush() { e.queue.pushing.Add(1) }

// EndPush notes that a push to many has ended, and how many outboxes took it.
func (e *Engine) EndPush(receivers int) {
	if receivers >= wideEnough {
		e.queue.wide.Add(1)
	}
	e.queue.pushing.Add(-1)
}

// take fills sockets from the queue, and returns how many it took. If that is 0
// the worker ends.
func (q *runQueue) take(sockets []*Socket) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := copy(sockets, q.due[q.head:])
	clear(q.due[q.head : q.head+n])
	q.head += n
	if q.head == len(q.due) {
		q.head = 0
		if cap(q.due) > maxIdleQueue {
			q.due = nil
		} else {
			q.due = q.due[:0]
		}
	}
	switch {
	case n == 0:
		q.workers--
	case q.head > 0 && q.workers < runtime.GOMAXPROCS(0):
		q.workers++ // there is more: the pusher has had time to push again
		go q.work()
	}
	return n
}

// maxIdleQueue is the longest run queue whose memory is kept for the next push.
const maxIdleQueue = 4096
