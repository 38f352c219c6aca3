package socket

import (
	"runtime"
	"slices"
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
	idle    sync.Pool      // of worker; a timer must not leave its Engine, as in Engine.watches

	pushing    atomic.Int32  // pushes that have begun and not ended
	wide       atomic.Uint32 // those that had wideEnough receivers
	calmPushes atomic.Uint32 // how many of them fill half of the smallest outbox
}

// runBatch is how many sockets a worker takes at a time: enough that the
// lock does not count, few enough that another worker gets its share.
const runBatch = 32

// firstBatch is how many it takes first. If that was the first push of a burst, which
// nobody can tell before the second, these get the burst in two writes.
const firstBatch = 8

// touchAgain is how many of them a worker touches once more before it flushes them, if
// they have many frames: the writes of a burst drive the last of a batch out of the
// processor's nearest caches again.
const touchAgain = 8

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

// worker flushes sockets of a run queue, one after the other, and waits for none of
// their peers.
//
// A write to a TLS connection is not a system call of ours (secured.go). It does not
// wait as long as the kernel has memory for what it said it has room for, and nobody
// holds the connection's lock, as its reader does within a key update (RFC 8446,
// section 4.6.3). Others must not depend on that. So a timer looks after a worker that
// writes to TLS, and when it finds it in the same write twice, has another take its
// place.
type worker struct {
	queue *runQueue
	batch *batch
	timer *time.Timer // calls look; nil: it has written to no TLS connection
	armed bool        // the timer runs

	// While a write is under way this is guarded by mu. Otherwise only the worker
	// touches it.
	sockets  [runBatch]*Socket // that it took; those from next on, up to end, are to be flushed
	next     int
	end      int
	relieved bool               // another has its place
	watch    interface{ end() } // a writeWatch of the write that it was found in; nil: there is none

	mu      sync.Mutex // guards what follows
	writing *Socket    // whose TLS connection it writes to; nil: none
	writes  uint       // how many such writes it has begun
	seen    uint       // how many it had when it was looked at last
	left    bool       // it is one no more
}

// stuckLook is how often a worker is looked at that writes to TLS.
const stuckLook = 10 * time.Millisecond

// worker returns a worker, which may have been one before.
func (q *runQueue) worker() *worker {
	w, again := q.idle.Get().(*worker)
	if !again {
		w = &worker{queue: q}
	}
	w.batch = batches.Get().(*batch)
	w.batch.worker = w
	return w
}

// work is a worker: it flushes sockets until there are no more.
func (q *runQueue) work() {
	w, returned := q.worker(), false
	defer func() { w.leave(returned) }()
	w.serve()
	returned = true
}

func (w *worker) serve() {
	q := w.queue
	seen := q.wide.Load()
	for most := firstBatch; !w.relieved; most = runBatch {
		seen = q.calm(seen)
		if w.next, w.end = 0, q.take(w.sockets[:most]); w.end == 0 {
			return
		}
		for _, s := range w.sockets[:w.end] {
			s.touch()
		}
		for w.next < w.end {
			if w.next%touchAgain == 0 {
				for _, s := range w.sockets[w.next:min(w.next+touchAgain, w.end)] {
					s.out.TouchMany()
				}
			}
			s := w.sockets[w.next]
			w.sockets[w.next] = nil
			w.next++
			s.flush(w.batch)
		}
		w.batch.Settle(q.waiting)
	}
}

// leave ends the worker. If code of the user's has ended its goroutine, which
// crypto/tls can call for random bytes, another goes on in its place.
func (w *worker) leave(returned bool) {
	if !returned && !w.relieved {
		w.relieve()
	}
	w.batch.worker = nil
	batches.Put(w.batch)
	w.batch = nil
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.armed && !w.timer.Stop() { // look runs, or has seen it relieved
		w.left = true
		return
	}
	w.armed, w.relieved, w.seen = false, false, w.writes
	w.queue.idle.Put(w)
}

// begins notes that a write to the TLS connection of s begins. ends must follow.
func (w *worker) begins(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = s
	w.writes++
	switch {
	case w.armed:
		return
	case w.timer == nil:
		w.timer = time.AfterFunc(stuckLook, w.look)
	default:
		w.timer.Reset(stuckLook)
	}
	w.armed = true
}

// ends notes that the write has ended.
func (w *worker) ends() {
	w.mu.Lock()
	w.writing = nil
	w.mu.Unlock()
	if w.watch != nil { // it is relieved, and looked at no more
		w.watch.end()
		w.watch = nil
	}
}

// look relieves a worker that has been within one write since the last look. The
// timer calls it.
func (w *worker) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left {
		return
	}
	if s := w.writing; s != nil && w.writes == w.seen {
		s.out.Stall()
		w.watch = s.watchWriting() // as any write that waits
		w.relieve()
		return
	}
	w.seen = w.writes
	w.timer.Reset(stuckLook)
}

// relieve has another worker take the place, with the sockets that this one has not
// come to. It settles the batch first: the frames that it has let go of must not wait.
func (w *worker) relieve() {
	w.relieved = true
	rest := slices.Clone(w.sockets[w.next:w.end])
	clear(w.sockets[w.next:w.end])
	w.end = w.next
	w.batch.Settle(w.queue.waiting)
	q := w.queue
	q.mu.Lock()
	q.due = append(q.due, rest...)
	q.mu.Unlock()
	go q.work()
}

// calm waits while wide pushes come one after the other: frames that queue up
// meanwhile leave in one write for each socket instead of two. A single push is
// not held up: since the worker looked last, some 50 to 200 µs ago, two must
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
// a caller that goes from one to the next. The worker may have taken the processor from
// that caller, so now and then it offers it back, which takes a time slice of the system's
// where others want it.
func (q *runQueue) rests() bool {
	ended := q.wide.Load()
	for i := range restLooks {
		if q.pushing.Load() != 0 || q.wide.Load() != ended {
			return false
		}
		if i%restYield == 0 {
			sysYield()
		} else {
			runtime.Gosched()
		}
	}
	return q.pushing.Load() == 0 && q.wide.Load() == ended
}

// A worker looks each calmStep whether pushes still come, maxCalm times at
// most. It stops once so many have come that the smallest outbox is half full.
const (
	calmStep      = time.Millisecond // the poller sleeps no shorter
	maxCalm       = 16
	maxCalmPushes = 128 // where outboxes hold more
	restLooks     = 64
	restYield     = 16
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
	case q.head > 0 && n+len(q.due)-q.head > runBatch && q.workers < runtime.GOMAXPROCS(0):
		q.workers++ // there is more: the pusher has had time to push again
		go q.work()
	}
	return n
}

// maxIdleQueue is the longest run queue whose memory is kept for the next push.
const maxIdleQueue = 4096
