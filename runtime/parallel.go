package ws

// defaultParallel is Handler.Max where it is zero.
const defaultParallel = 8

// parallel reports whether t runs beside the worker. A frame that is none, or
// an unknown event, is answered by the worker, in its place.
func (t *task) parallel() bool {
	return t.handler >= 0 && t.bad == nil && t.conn.endpoint.handlers[t.handler].Mode == Parallel
}

// free reports whether another call of t's handler may run.
func (b *inbox) free(t *task) bool {
	return b.parallel == nil || b.parallel[t.handler] < t.conn.endpoint.handlers[t.handler].Max
}

// start runs t on a goroutine of its own.
func (b *inbox) start(t *task) {
	if b.parallel == nil {
		b.parallel = make([]int, len(t.conn.endpoint.handlers))
	}
	b.parallel[t.handler]++
	b.held++
	go func() {
		defer b.ended(t)
		t.run(false)
	}()
}

// ended gives the place of a parallel call back.
func (b *inbox) ended(t *task) {
	b.mu.Lock()
	b.parallel[t.handler]--
	b.held--
	b.notify()
	b.mu.Unlock()
	b.conn.rest()
}
