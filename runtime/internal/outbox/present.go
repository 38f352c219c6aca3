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
