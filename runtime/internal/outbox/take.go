package outbox

import "math"

// Standing is the result of Steal.
type Standing uint8

// The standings.
const (
	Stolen Standing = iota // the caller writes now
	Busy                   // another writes or is about to, and there may be room soon
	Waits                  // the peer has to be waited for
)

// Take makes the caller the writer, and hands it the next frames: at least one
// if any is queued, and then no more than max bytes together. It must be called
// for each verdict Schedule. A patient writer gets no more than half of the
// bounds: a peer that stalls must not hold all of them with what it is being
// sent, since nothing newer could take its place then.
//
// Without frames there is nothing to do: the queue is empty, or another writes
// and sees to the rest. closed says that no frame will ever follow; it is said
// once.
func (q *Queue) Take(b *Batch, max int) (closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clear(coming)
	if q.is(writing) {
		return false
	}
	return q.begin(b, max)
}

// TakeLone is Take if one frame waits, of no more than max bytes, and nobody writes.
// Otherwise it returns false, and the caller still has the task to call Take.
func (q *Queue) TakeLone(b *Batch, max int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.frames != 1 || int(q.bytes) > max || q.is(writing|paused|parked) {
		return false
	}
	q.clear(coming)
	q.begin(b, max)
	return true
}

// MayWait notes that the writer of b may wait for the peer from now on, as one that is
// patient.
func (q *Queue) MayWait(b *Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.set(patient)
	b.Patient = true
	b.lately = lately{} // the batch goes with who waits
}

// Steal is Take for a push that found the queue full, and writes in the place
// of the caller that is still to come.
func (q *Queue) Steal(b *Batch, max int) Standing {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.vain():
		return Waits
	case q.is(writing|held) || q.first == nil && q.more == nil:
		return Busy
	}
	q.begin(b, max)
	return Stolen
}

// Stall notes that there was no room however long a push looked: until
// something has been written, no other need look.
func (q *Queue) Stall() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.frames > 0 {
		q.set(stalled)
	}
}

// Next counts the frames of b as written, and takes the next ones. If there are
// none the caller is the writer no more; closed is as in Take.
func (q *Queue) Next(b *Batch, max int) (closed bool) {
	b.Drop()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.written()
	return q.begin(b, max)
}

// Written counts the frames of b as written. The caller is the writer no more.
// If it returns more, the caller must have the queue flushed.
func (q *Queue) Written(b *Batch) (more, closed bool) {
	b.Drop()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.written()
	switch {
	case q.is(parked):
		return false, q.refrain()
	case q.first == nil && q.more == nil:
		return false, q.last()
	}
	return q.look() == Schedule, false
}

// Stuck notes that the socket has taken the first n bytes of b, and no more. It
// returns the rest of the frame, or run, that it stopped in, which b keeps. The
// frames behind that go back to where they were: they can still be shed, and no
// copy of them is held. The caller must wait until the peer has taken the rest,
// and then call Next.
func (q *Queue) Stuck(b *Batch, n int) (rest []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.set(stalled)
	b.lately = lately{} // the batch goes with who waits
	if b.Len() == 1 {
		rest = b.Join(nil)[n:]
		return b.leaveBlock(rest)
	}
	q.frames, q.bytes = q.frames-q.taken, q.bytes-q.takenBytes
	q.clear(ownFlight)
	q.taken = 1
	switch {
	case n < len(b.first):
		q.putBack(b.more)
		b.more = nil
		q.takenBytes = uint32(len(b.first))
		if b.run > 1 {
			q.taken = int32(b.run)
			q.set(ownFlight)
		}
		rest = b.leaveBlock(b.first[n:])
	default:
		n -= len(b.first)
		b.recycle()
		b.first = nil
		i := 0
		for ; n >= b.more.size(i); i++ {
			n -= b.more.size(i)
		}
		b.letGo(i)
		b.more.drop(i)
		one := b.more.cut(1)
		if one != b.more {
			q.putBack(b.more)
			b.more = one
		}
		if one.frames[0].own() {
			q.set(ownFlight)
		}
		q.takenBytes = uint32(one.size(0))
		rest = one.frames[0].bytes[n:]
	}
	q.frames, q.bytes = q.frames+q.taken, q.bytes+q.takenBytes
	q.release()
	q.wake()
	return rest
}

// putBack puts frames that were in flight in front of those that are queued.
func (q *Queue) putBack(o *overflow) {
	if k := q.kept(); k != nil {
		k.takeBack(o)
	}
	if q.is(aborted) {
		o.letGo(len(o.frames), q.total())
		o.drop(len(o.frames))
		return
	}
	for i := range o.frames {
		q.frames++
		q.bytes += uint32(o.size(i))
	}
	q.more = o.before(q.more)
}

// before returns o with the frames of another behind its own; nil is none.
func (o *overflow) before(behind *overflow) *overflow {
	if behind == nil {
		return o
	}
	if len(behind.marks) > 0 {
		for len(o.marks) < len(o.frames) {
			o.marks = append(o.marks, mark{})
		}
		o.marks = append(o.marks, behind.marks...)
	}
	o.frames = append(o.frames, behind.frames...)
	o.own += behind.own
	behind.drop(len(behind.frames))
	return o
}

// begin makes the caller the writer, and hands it the next frames, if there are
// any.
func (q *Queue) begin(b *Batch, max int) (closed bool) {
	if q.is(paused | parked) {
		return q.refrain()
	}
	if q.first == nil && q.more == nil {
		return q.last()
	}
	q.set(writing)
	if b.Patient {
		q.set(patient)
	}
	q.take(b, max)
	if by := q.keeper(); by != nil {
		q.handOut(b, by)
	}
	return false
}

// take moves the next frames to b.
func (q *Queue) take(b *Batch, maxSize int) {
	maxFrames := int32(math.MaxInt32)
	if b.Patient {
		maxFrames, maxSize = q.patience(maxSize)
	}
	if q.first != nil {
		b.first = q.first
		b.run = q.block()
		b.share = q.run - b.run
		q.takenBytes += uint32(len(q.first))
		q.taken += max(1, int32(b.run))
		q.first, q.run = nil, 0
		if b.run > 1 {
			q.set(ownFlight)
		}
	}
	if q.more == nil {
		return
	}
	n := 0
	for i := range q.more.frames {
		size := q.more.size(i)
		if q.taken > 0 && (q.taken >= maxFrames || int(q.takenBytes)+size > maxSize) {
			break
		}
		q.takenBytes += uint32(size)
		q.taken++
		n++
	}
	if n == 0 {
		return
	}
	b.more = q.more.cut(n)
	if b.more == q.more {
		q.more = nil
	}
	if b.more.own > 0 || b.Patient && q.taken > 1 {
		q.set(ownFlight)
	}
	if b.Patient {
		q.release() // it took less than it might have
	}
}

// patience returns how much a patient writer may take, which may wait for the
// peer with a copy of that. It gets a single frame, which is not copied, if a
// copy of more is too much for the total.
func (q *Queue) patience(maxSize int) (frames int32, size int) {
	l := q.limits.Load()
	if l == nil {
		return math.MaxInt32, maxSize
	}
	frames, size = int32(min(l.Frames/2, math.MaxInt32)), min(maxSize, l.Bytes/2)
	if q.frames > 1 && !q.reserve(min(int(q.bytes), size)) {
		return 1, size
	}
	return frames, size
}

// written counts the frames in flight as written.
func (q *Queue) written() {
	q.clear(writing | patient)
	if q.taken > 0 {
		q.frames -= q.taken
		q.bytes -= q.takenBytes
		q.taken, q.takenBytes = 0, 0
		q.clear(stalled | ownFlight)
		q.release()
		q.wake()
	}
}

// last reports whether the queue is closed, and nothing will happen to it any
// more. If a caller is still to come, that is told so instead.
func (q *Queue) last() bool {
	if !q.is(closed) || q.is(coming) {
		return false
	}
	q.set(ended)
	if k := q.kept(); k != nil {
		k.end()
	}
	return true
}

// cut returns the first n frames, at least one, as an overflow of their own; if
// these are all, o itself.
func (o *overflow) cut(n int) *overflow {
	if n == len(o.frames) {
		return o
	}
	front := overflows.Get().(*overflow)
	front.frames = append(front.frames, o.frames[:n]...)
	front.marks = append(front.marks, o.marks[:min(n, len(o.marks))]...)
	front.own = o.ownOf(n)
	o.drop(n)
	return front
}

// ownOf returns how many bytes of the first n frames are the queue's own.
func (o *overflow) ownOf(n int) int {
	if o.own == 0 {
		return 0
	}
	bytes := 0
	for i, f := range o.frames[:n] {
		if f.own() {
			bytes += o.size(i)
		}
	}
	return bytes
}

// letGo lets go of the first n frames, as far as others share them.
func (o *overflow) letGo(n int, total *Budget) {
	for _, f := range o.frames[:n] {
		if !f.own() {
			f.leave(1, total)
		}
	}
}

// drop removes the first n frames, and pools the overflow if these are all.
func (o *overflow) drop(n int) (gone bool) {
	if n < len(o.frames) {
		o.own -= o.ownOf(n)
	}
	rest := copy(o.frames, o.frames[n:])
	clear(o.frames[rest:])
	o.frames = o.frames[:rest]
	left := copy(o.marks, o.marks[min(n, len(o.marks)):])
	clear(o.marks[left:])
	o.marks = o.marks[:left]
	if rest > 0 {
		return false
	}
	o.own = 0
	if cap(o.frames) <= maxPooledFrames {
		overflows.Put(o)
	}
	return true
}
