package inbox

// Register makes a call known by its id, until Forget.
func (q *Queue[M]) Register(m M) {
	d := m.Describe()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.calls == nil {
		q.calls = make(map[string]M)
	}
	q.calls[string(d.ID)] = m
}

// Find returns the call of an id that has no answer yet. The Queue may be nil.
func (q *Queue[M]) Find(id []byte) (m M, ok bool) {
	if q == nil {
		return m, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	m, ok = q.calls[string(id)]
	return m, ok
}

// Forget makes the id of a call free, if it is the call's.
func (q *Queue[M]) Forget(m M) {
	if id := m.Describe().ID; id != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.forget(m, id)
	}
}

// forget is Forget for a caller that holds mu.
func (q *Queue[M]) forget(m M, id []byte) {
	if known, ok := q.calls[string(id)]; ok && known == m {
		delete(q.calls, string(id))
	}
}

// Reserve counts another stream. It returns false if there are most already that have no
// answer, or more that have one and go on. A client that has the last frame of a stream
// may begin another at once, although the first takes a while to end; and however often
// it does that, no more than twice as many run.
func (q *Queue[M]) Reserve(most int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.streams-q.ending >= most || q.ending > most {
		return false
	}
	q.streams++
	return true
}

// Ending says that a stream that was reserved is about to be answered. It must be
// called before the answer is queued.
func (q *Queue[M]) Ending() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ending++
}

// Leave undoes Reserve: the stream runs no more. answered says that Ending was called
// for it.
func (q *Queue[M]) Leave(answered bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.streams--
	if answered {
		q.ending--
	}
}

// Ended forgets a call that has ended.
func (q *Queue[M]) Ended(m M) {
	id := m.Describe().ID
	if id == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forget(m, id)
}

// Waiting returns the calls that have not begun. The Queue may be nil.
func (q *Queue[M]) Waiting() (calls []M) {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		if m.Describe().ID != nil {
			calls = append(calls, m)
		}
	}
	return calls
}

// Running returns the calls that have no answer. If those that wait were
// answered before, they are the calls that have begun. The Queue may be nil.
func (q *Queue[M]) Running() (calls []M) {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.calls {
		calls = append(calls, m)
	}
	return calls
}
