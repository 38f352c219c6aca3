package ws

import "sync"

// inbox is the messages of one connection that wait for a handler, and the
// worker that runs them, in order: made on demand, gone when idle. Meanwhile
// the read loop goes on, so that pings, Close and cancellation are seen. A nil
// inbox is one that nothing ever waited in.
type inbox struct {
	mu      sync.Mutex
	queue   []job
	bytes   int
	working bool          // the worker lives
	stopped bool          // nothing is taken or started any more
	changed chan struct{} // closed when the queue has shrunk, or the worker is gone; nil: nobody waits
}

// job is a message that waits.
type job struct {
	size int
	run  func()
}

// busy reports whether a message is waiting or handled, so that the next one
// has to queue behind it.
func (b *inbox) busy() bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.working
}

// put queues a message, waits while the queue is full, and sees to a worker.
// It returns false, and the job does not run, if the connection is closing.
func (b *inbox) put(j job, maxMessages, maxBytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.stopped && len(b.queue) > 0 && (len(b.queue) >= maxMessages || b.bytes+j.size > maxBytes) {
		b.wait()
	}
	if b.stopped {
		return false
	}
	b.queue = append(b.queue, j)
	b.bytes += j.size
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
			defer b.mu.Unlock()
			b.leave()
		}
	}()
	for {
		j, ok := b.next()
		if !ok {
			returned = true
			return
		}
		j.run()
	}
}

// next returns the job to run, or makes the worker leave.
func (b *inbox) next() (job, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped || len(b.queue) == 0 {
		b.leave()
		return job{}, false
	}
	j := b.queue[0]
	b.queue[0] = job{}
	b.queue = b.queue[1:]
	b.bytes -= j.size
	b.notify()
	return j, true
}

// leave marks the worker as gone, under the lock that put decides under.
func (b *inbox) leave() {
	b.working = false
	if len(b.queue) == 0 {
		b.queue = nil
	}
	b.notify()
}

// stop lets no further job start, and frees who waits in put.
func (b *inbox) stop() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.notify()
}

// finish, after stop, waits for the job that runs, and returns how many never
// will.
func (b *inbox) finish() (dropped int) {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.working {
		b.wait()
	}
	dropped = len(b.queue)
	b.queue, b.bytes = nil, 0
	return dropped
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
