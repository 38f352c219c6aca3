// Package inbox has the messages of one connection that wait for a handler, as
// package outbox has the frames that wait for its peer. A worker runs them in
// order, on a goroutine that is made on demand and gone when idle. Parallel
// messages have goroutines of their own, up to a number for each handler.
// Meanwhile the read loop goes on, so that pings, Close and cancellation are
// seen.
package inbox

import "sync"

// Message waits, and then is handled. Its Description does not change while the
// Queue has it.
type Message interface {
	comparable
	// Run handles the message, on the worker or on a goroutine of its own. It may
	// end its goroutine.
	Run()
	// Describe returns what the Queue has to know of the message.
	Describe() Description
}

// Description is what a Queue knows of a message.
type Description struct {
	ID       []byte // of its call, as it was written; nil: none
	Size     int    // in bytes
	Parallel bool   // it runs beside the worker, and beside others
	Handler  int    // of a parallel one: its index
	Max      int    // of a parallel one: how many of its handler may run at a time
}

// Owner is the connection.
type Owner interface {
	// Rest is called when something has ended, without a lock: the Queue may be
	// idle now.
	Rest()
}

// Queue has the messages that wait, and the calls that can be found by id or
// run beside the worker. Nil means that no message was ever queued: the methods
// that say so may be called on it. All methods may be called by several
// goroutines at a time.
type Queue[M Message] struct {
	owner    Owner
	handlers int

	// All of this is guarded by mu.
	mu       sync.Mutex
	messages []M
	bytes    int
	working  bool          // the worker lives
	stopped  bool          // nothing is taken or started any more
	spills   bool          // nobody waits for room (Spill)
	changed  chan struct{} // closed when there is less of anything; nil: nobody waits
	calls    map[string]M  // by id, until they are answered
	parallel []int         // calls that run, by handler; nil: none ever did
	streams  int           // streams that run, or are about to
	ending   int           // of these, those that have an answer
	held     int           // goroutines beside the worker: calls, streams, deadlines
}

// New returns an empty Queue of a connection whose gateway has so many handlers.
func New[M Message](owner Owner, handlers int) *Queue[M] {
	return &Queue[M]{owner: owner, handlers: handlers}
}

// Look reports whether a message waits or is handled by the worker, so that the
// next one has to queue behind it, and whether id is one of a call without an
// answer. The Queue may be nil.
func (q *Queue[M]) Look(id []byte) (busy, used bool) {
	if q == nil {
		return false, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if id != nil {
		_, used = q.calls[string(id)]
	}
	return q.working, used
}

// Put queues a message, and sees to a worker. It waits while the Queue has
// messages and would have more than maxMessages of them or more than maxBytes.
// It returns false, and the message does not run, if the Queue was stopped.
func (q *Queue[M]) Put(m M, maxMessages, maxBytes int) bool {
	d := m.Describe()
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.stopped && !q.spills && len(q.messages) > 0 && (len(q.messages) >= maxMessages || q.bytes+d.Size > maxBytes) {
		q.wait()
	}
	if q.stopped {
		return false
	}
	if !q.working && d.Parallel && q.free(&d) {
		q.start(m, &d)
		return true
	}
	q.messages = append(q.messages, m)
	q.bytes += d.Size
	if !q.working {
		q.working = true
		go q.work()
	}
	return true
}

// work is the worker: it runs the messages that are queued until there are
// none.
func (q *Queue[M]) work() {
	returned := false
	defer func() {
		if !returned { // a handler ended the goroutine with runtime.Goexit
			q.mu.Lock()
			q.leave()
			q.mu.Unlock()
		}
		q.owner.Rest()
	}()
	for {
		m, ok := q.next()
		if !ok {
			returned = true
			return
		}
		m.Run()
	}
}

// next returns the message to run, or makes the worker leave. On the way it
// starts parallel calls, as soon as there is a place for them.
func (q *Queue[M]) next() (m M, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var none M
	for !q.stopped && len(q.messages) > 0 {
		m := q.messages[0]
		d := m.Describe()
		if d.Parallel && !q.free(&d) {
			q.wait()
			continue
		}
		q.messages[0] = none
		q.messages = q.messages[1:]
		q.bytes -= d.Size
		q.notify()
		if !d.Parallel {
			return m, true
		}
		q.start(m, &d)
	}
	q.leave()
	return none, false
}

// leave marks the worker as gone. The caller holds mu, under which Put decides
// whether there is one.
func (q *Queue[M]) leave() {
	q.working = false
	if len(q.messages) == 0 {
		q.messages = nil
	}
	q.notify()
}

// Stop lets no further message start, and ends each Put that waits. The Queue
// may be nil.
func (q *Queue[M]) Stop() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.notify()
}

// Spill says whether Put does not wait for room, and adds beyond the bounds: who
// calls it must come to an end. The Queue may be nil.
func (q *Queue[M]) Spill(spills bool) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spills = spills
	q.notify()
}

// Finish waits, after Stop, for the messages that run, and returns how many
// never will. The Queue may be nil.
func (q *Queue[M]) Finish() (dropped int) {
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.working || q.held > 0 {
		q.wait()
	}
	dropped = len(q.messages)
	q.messages, q.bytes, q.calls = nil, 0, nil
	return dropped
}

// Idle reports whether all messages that were put have ended. The Queue may be
// nil.
func (q *Queue[M]) Idle() bool {
	if q == nil {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.working && len(q.messages) == 0 && q.held == 0
}

// Hold keeps Finish waiting, and the Queue from being idle, until Release.
func (q *Queue[M]) Hold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held++
}

// Release ends a Hold.
func (q *Queue[M]) Release() {
	q.mu.Lock()
	q.held--
	q.notify()
	q.mu.Unlock()
	q.owner.Rest()
}

// wait gives up mu, which the caller holds, until something has changed.
func (q *Queue[M]) wait() {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	changed := q.changed
	q.mu.Unlock()
	<-changed
	q.mu.Lock()
}

// notify wakes all that wait. The caller holds mu.
func (q *Queue[M]) notify() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}
