// Package outbox is the bounded queue of encoded frames between everybody who
// pushes to a connection and the one goroutine that writes to it.
//
// A Queue has at most one owner at a time. Whoever gets the verdict Schedule
// from Push, Wait or Close must see to it that one goroutine calls Take until
// it returns no frames; everybody else only adds. That is all there is to
// "one writer per connection": no writer waits while the queue is empty.
package outbox

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// Verdict is what became of a frame.
type Verdict uint8

// The verdicts.
const (
	Queued   Verdict = iota // accepted; the owner will take it
	Schedule                // accepted; the caller must have the queue flushed
	Full                    // refused: a bound is reached
	Closed                  // refused: the queue takes no more frames
)

// Accepted reports whether the frame was queued: it will be written, unless the
// connection breaks, or another frame takes its place (Offer).
func (v Verdict) Accepted() bool { return v <= Schedule }

// Queue holds frames in order. Its zero value is unbounded and ready; Limit
// sets the bounds. All methods may be called from any goroutine, but Take
// only by the owner.
type Queue struct {
	limits *Limits
	mu     sync.Mutex

	// first is the inline slot: most connections have one frame at a time, and
	// then no slice is needed. more follows it in order.
	first []byte
	more  *overflow // nil: empty

	// frames and bytes count what is queued and what the owner has in flight.
	frames, taken     int32  // taken is in flight
	bytes, takenBytes uint32 // an int each would weigh on every connection

	owned     bool // someone is flushing
	closed    bool // nothing more is accepted
	ended     bool // closed, and Take has said so
	firstKept bool // first is not to be shed

	reserved uint32 // units of limits.Total that are this queue's

	line *line // nil: nobody waits for room
}

// line is who waits for room in a queue. While anybody does, Push sees a full
// queue: what has waited goes first.
type line struct {
	waiting int
	room    chan struct{} // closed when frames have left; made anew by who finds none
}

// overflow is what does not fit the inline slot. Its frames are plain pushes
// but those that have a mark; marks may be shorter than frames.
//
// A frame for many is kept as the address of the one slice that all share: a
// third of a slice. In a burst to a thousand connections that memory is in no
// cache, and fetching it is much of a push (docs/performance.md).
type overflow struct {
	frames []*[]byte
	marks  []mark
}

var overflows = sync.Pool{New: func() any { return new(overflow) }}

// maxPooled is how many frames an overflow may have room for that is kept.
const maxPooled = 512

// maxBytes bounds a queue that is not bounded otherwise.
const maxBytes = math.MaxInt32

// Limits bound a Queue; they may be shared, and must not change.
type Limits struct {
	Frames, Bytes int
	Total         *Budget // shared with other queues; nil: no bound in total
}

// Limit sets the bounds. It must be called before the first frame.
func (q *Queue) Limit(l *Limits) { q.limits = l }

// Touch fetches the queue's memory, which is often in no cache. Whoever pushes
// to many touches some queues before it pushes to the first: the processor then
// waits for all of them at once. A broadcast to a thousand idle connections is
// pushed in 180 to 200 µs instead of 220 to 240 (docs/performance.md).
func (q *Queue) Touch() { runtime.KeepAlive(q.limits) }

// Push adds a frame, or refuses it at once. The frame must not change later.
func (q *Queue) Push(frame []byte) Verdict { return q.offer(frame, mark{}) }

// Share is Push for a frame that goes to many queues: none has more of it than
// the address of the slice, which must not change either.
func (q *Queue) Share(frame *[]byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Closed
	}
	if q.line != nil || !q.admit(len(*frame)) {
		return Full
	}
	return q.share(frame, mark{})
}

// Hold keeps frames from being taken until Resume: nobody gets the verdict
// Schedule meanwhile. It must be called before the first frame.
func (q *Queue) Hold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.owned = true
}

// Resume ends Hold. The verdict is Queued or Schedule.
func (q *Queue) Resume() Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.owned = false
	if q.frames == 0 && !q.closed {
		return Queued
	}
	return q.own()
}

// Keep is Push for a frame that no later push may shed.
func (q *Queue) Keep(frame []byte) Verdict { return q.offer(frame, kept) }

func (q *Queue) offer(frame []byte, m mark) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Closed
	}
	if q.line != nil || !q.admit(len(frame)) {
		return Full
	}
	return q.add(frame, m)
}

// Wait is Keep as soon as there is room for the frame. It returns Closed when
// the queue closes meanwhile, and never Full.
func (q *Queue) Wait(frame []byte) Verdict { return q.WaitUntil(frame, nil) }

// WaitUntil is Wait for a frame that nobody wants any more once done is
// closed: it returns Full then. Whoever closes done and adds a frame afterwards
// can rely on its being behind this one, or alone.
func (q *Queue) WaitUntil(frame []byte, done <-chan struct{}) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && !over(done) && !q.admit(len(frame)) {
		q.standInLine(done)
	}
	switch {
	case q.closed:
		return Closed
	case over(done):
		return Full
	}
	return q.add(frame, kept)
}

// standInLine waits until frames have left, the queue closes or done is closed.
// The caller holds the lock, and has it again afterwards.
func (q *Queue) standInLine(done <-chan struct{}) {
	if q.line == nil {
		q.line = new(line)
	}
	l := q.line
	if l.room == nil {
		l.room = make(chan struct{})
	}
	room := l.room
	l.waiting++
	q.mu.Unlock()
	select {
	case <-room:
	case <-done:
	}
	q.mu.Lock()
	if l.waiting--; l.waiting == 0 {
		q.line = nil
	}
}

func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// admit reports whether a frame of n bytes is within the bounds, and reserves
// its part of the total.
func (q *Queue) admit(n int) bool { return q.holds(q.frames+1, int(q.bytes)+n) }

// holds reports whether so much may be queued, and reserves its part of the
// total. A frame alone may have any size: it could never be sent otherwise.
func (q *Queue) holds(frames int32, bytes int) bool {
	return frames <= 1 || q.limits == nil ||
		int(frames) <= q.limits.Frames && bytes <= min(q.limits.Bytes, maxBytes) && q.reserve(bytes)
}

func (q *Queue) add(frame []byte, m mark) Verdict {
	if q.inline() {
		q.first, q.firstKept = frame, m.kept
	} else {
		own := frame // in memory of its own only here
		q.append(&own, m)
	}
	return q.added(len(frame))
}

func (q *Queue) share(frame *[]byte, m mark) Verdict {
	if q.inline() && m.key == "" {
		q.first, q.firstKept = *frame, m.kept
	} else {
		q.append(frame, m)
	}
	return q.added(len(*frame))
}

// inline reports whether the next frame goes to the inline slot.
func (q *Queue) inline() bool { return q.first == nil && q.more == nil }

func (q *Queue) append(frame *[]byte, m mark) {
	if q.more == nil {
		q.more = overflows.Get().(*overflow)
	}
	q.more.frames = append(q.more.frames, frame)
	if m != (mark{}) {
		q.more.mark(len(q.more.frames)-1, m)
	}
}

func (q *Queue) added(size int) Verdict {
	q.frames++
	q.bytes += uint32(size)
	return q.own()
}

// Close ends the queue: what is queued is still taken, then last, unless it is
// nil. It never waits and never refuses for want of room. The second Close
// returns Closed and changes nothing.
func (q *Queue) Close(last []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Closed
	}
	q.closed = true
	q.wake()
	if last != nil {
		return q.add(last, kept)
	}
	return q.own()
}

// Abort ends the queue and forgets what is queued. Frames in flight are the
// owner's; its next Take returns none. The verdict is Queued or Schedule: a
// queue that was idle needs one last Take, too.
func (q *Queue) Abort() Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.first = nil
	if q.more != nil {
		q.more.drop(len(q.more.frames))
		q.more = nil
	}
	q.frames, q.bytes = q.taken, q.takenBytes
	q.release()
	q.wake()
	return q.own()
}

func (q *Queue) own() Verdict {
	if q.owned || q.ended {
		return Queued
	}
	q.owned = true
	return Schedule
}

// Take hands the next frames to the owner, appended to batch: at least one if
// any is queued, and then no more than max bytes together, nor than half of the
// bounds: a peer that stalls shall not hold all of them with what it was being
// sent, since nothing newer could take its place then. The frames of the Take
// before count as written. Without frames the caller is the owner no
// more; closed then says that none will ever follow.
func (q *Queue) Take(batch [][]byte, maxBytes int) (frames [][]byte, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if more, closed := q.written(); !more {
		return batch, closed
	}
	if q.first != nil {
		batch = append(batch, q.first)
		q.takenBytes += uint32(len(q.first))
		q.taken++
		q.first = nil
	}
	if q.more == nil {
		return batch, false
	}
	maxFrames := math.MaxInt32
	if q.limits != nil {
		maxFrames, maxBytes = q.limits.Frames/2, min(maxBytes, q.limits.Bytes/2)
	}
	n := 0
	for _, shared := range q.more.frames {
		f := *shared
		if q.taken > 0 && (int(q.taken) >= maxFrames || int(q.takenBytes)+len(f) > maxBytes) {
			break
		}
		batch = append(batch, f)
		q.takenBytes += uint32(len(f))
		q.taken++
		n++
	}
	if q.more.drop(n) {
		q.more = nil
	}
	return batch, false
}

// Written counts the frames of the last Take as written, and reports whether
// there are more. Without more the caller is the owner no more, as after a
// Take that returns none.
func (q *Queue) Written() (more, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.written()
}

func (q *Queue) written() (more, closed bool) {
	if q.taken > 0 {
		q.frames -= q.taken
		q.bytes -= q.takenBytes
		q.taken, q.takenBytes = 0, 0
		q.release()
		q.wake()
	}
	if q.first == nil && q.more == nil {
		q.owned = false
		q.ended = q.closed
		return false, q.closed
	}
	return true, false
}

// drop removes the first n frames, and gives the overflow back if that is all.
func (o *overflow) drop(n int) (gone bool) {
	rest := copy(o.frames, o.frames[n:])
	clear(o.frames[rest:])
	o.frames = o.frames[:rest]
	o.marks = slices.Delete(o.marks, 0, min(n, len(o.marks)))
	if rest > 0 {
		return false
	}
	if cap(o.frames) <= maxPooled {
		overflows.Put(o)
	}
	return true
}

func (q *Queue) wake() {
	if q.line != nil && q.line.room != nil {
		close(q.line.room)
		q.line.room = nil
	}
}
