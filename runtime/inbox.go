package ws

import "sync"

// inbox is what one connection has besides its read loop: messages that wait
// for a handler, and the worker that runs them, in order, made on demand and
// gone when idle; and the calls that can be cancelled, or run beside the
// worker. Meanwhile the read loop goes on, so that pings, Close and
// cancellation are seen. A nil inbox is one that nothing ever was in.
type inbox struct {
	conn    *conn
	mu      sync.Mutex
	queue   []*task
	bytes   int
	working bool          // the worker lives
	stopped bool          // nothing is taken or started any more
	changed chan struct{} // closed when there is less of anything; nil: nobody waits

	calls    map[string]*task // by id, until they are answered
	parallel []int            // calls that run, by handler; nil: none ever did
	streams  int              // that run, or are about to
	held     int              // goroutines beside the worker: calls, streams, deadlines
}

// look reports whether a message is waiting or handled, so that the next one
// has to queue behind it, and whether id is one of a call without an answer.
func (b *inbox) look(id []byte) (busy, used bool) {
	if b == nil {
		return false, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != nil {
		used = b.calls[string(id)] != nil
	}
	return b.working, used
}

// put queues a message, waits while the queue is full, and sees to a worker.
// It returns false, and the task does not run, if the connection is closing.
func (b *inbox) put(t *task, maxMessages, maxBytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.stopped && len(b.queue) > 0 && (len(b.queue) >= maxMessages || b.bytes+t.size > maxBytes) {
		b.wait()
	}
	if b.stopped {
		return false
	}
	if !b.working && t.parallel() && b.free(t) {
		b.start(t)
		return true
	}
	b.queue = append(b.queue, t)
	b.bytes += t.size
	if !b.working {
		b.working = true
		go b.work()
	}
	return true
}

// work runs what is queued until nothing is.
func (b *inbox) work() {
	returned := false
	defer func() {
		if !returned { // a handler ended the goroutine with runtime.Goexit
			b.mu.Lock()
			b.leave()
			b.mu.Unlock()
		}
		b.conn.rest()
	}()
	for {
		t := b.next()
		if t == nil {
			returned = true
			return
		}
		t.run(false)
	}
}

// next returns the task to run, or makes the worker leave. It starts parallel
// calls on the way, as soon as there is a place for them.
func (b *inbox) next() *task {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.stopped && len(b.queue) > 0 {
		t := b.queue[0]
		if t.parallel() && !b.free(t) {
			b.wait()
			continue
		}
		b.queue[0] = nil
		b.queue = b.queue[1:]
		b.bytes -= t.size
		b.notify()
		if !t.parallel() {
			return t
		}
		b.start(t)
	}
	b.leave()
	return nil
}

// leave marks the worker as gone, under the lock that put decides under.
func (b *inbox) leave() {
	b.working = false
	if len(b.queue) == 0 {
		b.queue = nil
	}
	b.notify()
}

// stop lets no further task start, and frees who waits in put.
func (b *inbox) stop() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.notify()
}

// finish, after stop, waits for what runs, and returns how many messages never
// will.
func (b *inbox) finish() (dropped int) {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.working || b.held > 0 {
		b.wait()
	}
	dropped = len(b.queue)
	b.queue, b.bytes, b.calls = nil, 0, nil
	return dropped
}

// hold keeps finish waiting until release.
func (b *inbox) hold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held++
}

func (b *inbox) release() {
	b.mu.Lock()
	b.held--
	b.notify()
	b.mu.Unlock()
	b.conn.rest()
}

// wait gives up the lock until something has changed.
func (b *inbox) wait() {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	changed := b.changed
	b.mu.Unlock()
	<-changed
	b.mu.Lock()
}

func (b *inbox) notify() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}
