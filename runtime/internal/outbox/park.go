package outbox

// ParkNext has nothing more taken until Unpark: the socket is gone, and another
// may come. The channel is closed when nobody has the queue any more: a writer has
// counted the frames in flight as written (Next, Written or Park), and a caller
// that has the verdict Schedule has come for nothing (Take). Who waits for it
// must not be one of them. It is closed, too, if the queue is unparked, and when it
// has ended.
//
// A queue that is parked takes frames as one whose peer is waited for: within
// the bounds, by Offer with shedding, and by Wait when there is room. Nothing of
// that has a number yet. Close does not end it: what waits and the Close frame
// are written after Unpark, or dropped by Abort, which ends it.
//
// The queue must have a Keeper; to park one that is parked changes nothing.
func (q *Queue) ParkNext() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.park()
	k := q.keeping()
	rare := k.rarely()
	if rare.parking == nil {
		rare.parking = make(chan struct{})
	}
	parking := rare.parking
	if !q.is(writing | coming) {
		k.left()
	}
	return parking
}

// Park counts the frames of b as written, as Written does, and leaves the queue
// parked, as ParkNext does. It is for a writer whose socket does not take them any
// more: they were taken, so they have their numbers and are kept, also the one
// that Stuck has returned a rest of. closed is as in Take.
func (q *Queue) Park(b *Batch) (closed bool) {
	b.Drop()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.written()
	q.park()
	return q.refrain()
}

// Parked reports whether the queue is parked, and has not ended.
func (q *Queue) Parked() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.is(parked)
}

// Unpark ends parking. The verdict is Queued or Schedule. What is taken next is
// behind all that was taken before, unless Rewind has queued some of it again.
func (q *Queue) Unpark() Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clear(parked)
	q.wake() // some have waited for that (WaitPresent)
	q.keeping().left()
	if !q.is(writing) {
		q.clear(stalled) // that was the other socket
	}
	if q.first == nil && q.more == nil && !q.is(closed) {
		return Queued
	}
	return q.look()
}

// Rewind queues again what was taken behind the first seq frames that count, in
// front of all that waits, beyond the bounds: the peer has not had it. Of what does
// not count only the frames of Note, Tell and Inform are among that. It takes the numbers
// back, and pushes cannot shed it. It returns false, and changes nothing, if not
// all of that is kept, or if there was not so much. The queue must be parked, and
// nobody have it.
func (q *Queue) Rewind(seq uint64) (ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.keeping()
	if !k.has(seq) || k.rare != nil && seq < k.rare.short {
		return false
	}
	front := overflows.Get().(*overflow)
	k.again(front, seq)
	again, bytes := len(front.frames), front.own
	if bytes > maxBytes-int(q.bytes) {
		front.drop(again)
		return false
	}
	q.dropAside()
	if again == 0 {
		front.drop(0)
		k.acknowledge(seq)
		return true
	}
	q.spill()
	k.forgetAll()
	k.sent = seq
	q.more = front.before(q.more)
	q.frames += int32(again)
	q.bytes += uint32(bytes)
	q.exchange()
	return true
}

// dropAside drops what waits of Aside: it was for the socket that is gone. A Close
// stays.
func (q *Queue) dropAside() {
	if q.is(closed) {
		return
	}
	before := q.frames
	if q.first != nil && q.is(aside) {
		q.frames--
		q.bytes -= uint32(len(q.first))
		q.first = nil
	}
	if q.more != nil {
		for i := len(q.more.frames) - 1; i >= 0; i-- {
			if m := q.more.at(i); m.is(aside) && !m.kept {
				q.drop(i)
			}
		}
		q.sweep()
	}
	if q.frames < before {
		q.wake()
	}
}

// spill moves the frame in the inline slot to those behind it.
func (q *Queue) spill() {
	if q.first == nil {
		return
	}
	f := &Frame{bytes: q.first, share: q.run} // no block: the queue has a Keeper
	one := overflows.Get().(*overflow)
	one.frames = append(one.frames, f)
	one.mark(0, mark{how: q.state & (insisted | aside | stamp)})
	one.own = len(f.bytes)
	q.first, q.run = nil, 0
	q.more = one.before(q.more)
}

// park parks the queue, unless all is over.
func (q *Queue) park() {
	if !q.is(aborted | ended) {
		if !q.is(parked) {
			q.keeping().rarely().parks++
		}
		q.set(parked)
		q.wake() // some do not wait now (WaitLinked, WaitAside)
	}
}

// parks returns how often the queue was parked.
func (q *Queue) parks() uint32 {
	if k := q.kept(); k != nil && k.rare != nil {
		return k.rare.parks
	}
	return 0
}

// refrain takes nothing, since the queue is paused or parked. It must be called
// when a writer has left, or one comes. closed is as in Take.
func (q *Queue) refrain() (closed bool) {
	if q.first == nil && q.more == nil {
		closed = q.last()
	}
	if k := q.kept(); k != nil && !q.is(writing|coming) {
		k.left()
	}
	return closed
}

// left says that nobody has the queue.
func (k *keeping) left() {
	if k.rare != nil && k.rare.parking != nil {
		close(k.rare.parking)
		k.rare.parking = nil
	}
}
