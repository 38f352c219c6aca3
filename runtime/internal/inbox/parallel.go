package inbox

// free reports whether another call of d's handler may run. The caller holds mu.
func (q *Queue[M]) free(d *Description) bool {
	return q.parallel == nil || q.parallel[d.Handler] < d.Max
}

// start runs m on a goroutine of its own. The caller holds mu.
func (q *Queue[M]) start(m M, d *Description) {
	if q.parallel == nil {
		q.parallel = make([]int, q.handlers)
	}
	q.parallel[d.Handler]++
	q.held++
	handler := d.Handler
	go func() {
		defer q.ended(handler)
		m.Run()
	}()
}

// ended gives the place of a parallel call back.
func (q *Queue[M]) ended(handler int) {
	q.mu.Lock()
	q.parallel[handler]--
	q.held--
	q.notify()
	q.mu.Unlock()
	q.owner.Rest()
}
