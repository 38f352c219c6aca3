package outbox

// This file is for who hands out what is kept elsewhere, and need not lie here while
// the queue is parked: there is nobody who takes it, and pushes want the room.

// Present is Insist that refuses a frame while the queue is parked, too. Without a
// Keeper that never is.
func (q *Queue) Present(frame []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.is(closed):
		return Closed
	case q.is(parked), q.waited(), !q.admit(len(frame)):
		return q.full()
	}
	return q.add(frame, mark{how: insisted})
}

// PresentAll is Present for n frames of Lone, which frame returns, one after the other
// until one is refused. It returns how many were accepted, whether the caller must have
// the queue flushed, and the verdict on the next one; that is Queued if there is none.
// It does for one lock and no memory what Present does for one of each for each frame.
func (q *Queue) PresentAll(n int, frame func(i int) *Frame) (accepted int, due bool, v Verdict) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return 0, false, Closed
	}
	for i := range n {
		f := frame(i)
		if q.is(parked) || q.waited() || !q.admit(len(f.bytes)) {
			return i, due, q.full()
		}
		if q.addLone(f, mark{how: insisted}) == Schedule {
			due = true
		}
	}
	return n, due, Queued
}

// WaitPresent is WaitModest that waits for as long as the queue is parked, too. It
// returns Closed when the queue closes meanwhile, and never Full.
func (q *Queue) WaitPresent(frame []byte) Verdict {
	return q.wait(frame, mark{how: insisted}, nil, present)
}

// Inform is Aside for a frame that the peer must have: a queue with a Keeper keeps it
// as it keeps those of Tell, and Rewind hands it out again in its place if the peer may
// not have had it. Unlike Tell it is within the bounds.
func (q *Queue) Inform(frame []byte) Verdict { return q.offer(frame, q.informs()) }

// WaitInform is Inform as Wait is Insist.
func (q *Queue) WaitInform(frame []byte) Verdict { return q.wait(frame, q.informs(), nil, alone) }

// informs returns the mark of a frame of Inform. Without a Keeper there is nothing that
// it could be kept for.
func (q *Queue) informs() mark { return mark{how: insisted | aside, kept: q.keeps()} }
