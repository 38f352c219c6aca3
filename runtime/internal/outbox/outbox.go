// Package outbox is the bounded queue of encoded frames between all that push to
// a connection and the one goroutine that writes to it.
//
// A Queue has at most one writer at a time, and none while it is empty. A caller
// that gets the verdict Schedule from Push, Wait or Close must have the queue
// flushed: a goroutine has to call Take and write the frames that it gets, until
// it gets none, or leaves the rest to another by such a verdict. Meanwhile all
// others only add frames. A push that finds the queue full may write in the place
// of a goroutine that has not come yet (Steal). That is all there is to "one
// writer per connection".
package outbox

import (
	"math"
	"sync"
	"sync/atomic"
)

// Verdict says what became of a frame.
type Verdict uint8

// The verdicts.
const (
	Queued   Verdict = iota // accepted; a writer will take it
	Schedule                // accepted; the caller must have the queue flushed
	Full                    // refused: a bound is reached, and writing may help
	Stalled                 // refused: a bound is reached, and the writer waits for the peer
	Closed                  // refused: the queue takes no more frames
)

// Accepted reports whether the frame was queued: it will be written, unless the
// connection breaks, or another frame takes its place (Offer).
func (v Verdict) Accepted() bool { return v <= Schedule }

// Refused reports whether the frame was refused for want of room.
func (v Verdict) Refused() bool { return v == Full || v == Stalled }

// Queue holds frames in order. Its zero value is unbounded and ready; Limit
// sets the bounds. All methods may be called from any goroutine, but Next,
// Written and Stuck only by the one that writes. All fields but limits are
// guarded by mu.
type Queue struct {
	limits atomic.Pointer[Limits] // nil: none
	mu     sync.Mutex

	// first is the inline slot, for a frame that finds the queue empty: most
	// connections have one frame at a time, and then no slice is needed. more
	// follows it in order.
	first []byte
	more  *overflow // nil: empty

	// frames and bytes count what is queued and what the writer has in flight.
	frames, taken     int32  // taken is in flight
	bytes, takenBytes uint32 // an int each would weigh on every connection

	reserved uint32 // units of limits.Total that are this queue's
	state    state
	run      uint16 // of first, if that is insisted on: how many frames it is in a block (Copy), or 0; else its Frame.share

	// beside is what the queue keeps, and who waits for room; nil: nothing and
	// nobody. It is guarded by mu, but that TouchAll looks without.
	beside atomic.Pointer[keeping]
}

// state is a set of facts about a queue.
type state uint16

const (
	coming    state = 1 << iota // a caller has the verdict Schedule, and has not called Take
	writing                     // there is a writer, which writes the frames in flight
	patient                     // the writer may be waiting for the peer
	stalled                     // the writer waits for the peer, as far as can be known: trying is in vain
	ownFlight                   // the frames in flight count as the queue's own
	held                        // nothing may be taken yet
	soon                        // and that is about to end
	paused                      // nothing may be taken for a while
	closed                      // nothing more is accepted
	aborted                     // and frames that were accepted are not sent
	ended                       // closed, and the last writer has been told
	waits                       // callers wait for room
	parked                      // nothing may be taken: there is no socket

	// How a frame is more than a plain push: that in the inline slot, or one with
	// a mark.
	insisted // it is never shed
	aside    // it is not counted, and not kept
	stamp    // and its last bytes become the count
)

func (q *Queue) is(s state) bool { return q.state&s != 0 }
func (q *Queue) set(s state)     { q.state |= s }
func (q *Queue) clear(s state)   { q.state &^= s }

// line counts the callers that wait for room in a queue. While there are any,
// Push sees a full queue: frames that have waited go first, unless it is parked.
// A push sees that by its state, which it looks at anyway (waits).
type line struct {
	waiting int
	room    chan struct{} // closed when frames have left; made anew by the next caller that waits
}

// overflow has the frames behind the inline slot. They are plain pushes but
// those that have a mark; marks may be shorter than frames.
//
// A frame is stored as the address of what all queues share: a third of a
// slice. In a burst to a thousand connections that memory is in no cache, and
// fetching it is much of a push (docs/performance.md).
type overflow struct {
	frames []*Frame
	marks  []mark
	own    int // bytes of frames that only this queue has
}

var overflows = sync.Pool{New: func() any { return new(overflow) }}

// maxPooledFrames is how many frames an overflow may have room for that is
// pooled.
const maxPooledFrames = 512

// maxBytes bounds a queue that is not bounded otherwise.
const maxBytes = math.MaxInt32

// Limits bound a Queue; they may be shared, and must not change.
type Limits struct {
	Frames, Bytes int
	Total         *Budget // shared with other queues; nil: no bound in total

	by *Keeper // nil: nothing is kept
}

// Limit sets the bounds. It must be called before the first frame.
func (q *Queue) Limit(l *Limits) { q.limits.Store(l) }

// Push adds a frame, or refuses it at once. The frame must not change later.
func (q *Queue) Push(frame []byte) Verdict { return q.offer(frame, mark{}) }

// Share is Push for a frame that goes to many queues.
func (q *Queue) Share(f *Frame) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	var o Outcome
	if !q.enter(f, "", -1, &o) {
		return q.full()
	}
	return o.Verdict
}

// full returns the verdict on a frame that there is no room for.
func (q *Queue) full() Verdict {
	if q.vain() {
		return Stalled
	}
	return Full
}

// vain reports whether only the peer can make room, or the end of Hold, Pause or
// parking.
func (q *Queue) vain() bool { return q.is(stalled|paused|parked) || q.state&(held|soon) == held }

// Hold keeps frames from being taken until Resume: no caller gets the verdict
// Schedule meanwhile. It must be called before the first frame.
func (q *Queue) Hold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.set(held)
}

// Soon notes that Resume will follow without delay: a push that finds no room
// may wait for it.
func (q *Queue) Soon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.set(soon)
}

// Resume ends Hold. The verdict is Queued or Schedule.
func (q *Queue) Resume() Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clear(held)
	if q.frames == 0 && !q.is(closed) {
		return Queued
	}
	return q.look()
}

// Pause keeps frames from being taken until Unpause, or until the queue closes. A
// writer goes on with the frames in flight. Unlike Hold it may be called at any
// time; to pause a queue that is paused changes nothing.
func (q *Queue) Pause() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.is(closed) {
		q.set(paused)
	}
}

// Unpause ends Pause. The verdict is Queued or Schedule.
func (q *Queue) Unpause() Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clear(paused)
	if q.first == nil && q.more == nil {
		return Queued
	}
	return q.look()
}

// Waits reports whether a frame waits to be taken, or is being written.
func (q *Queue) Waits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.frames > 0
}

// Over reports whether the queue is closed and everything in it was written.
func (q *Queue) Over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.is(closed) && q.frames == 0
}

// Insist is Push for a frame that no later push may shed.
func (q *Queue) Insist(frame []byte) Verdict { return q.offer(frame, mark{how: insisted}) }

func (q *Queue) offer(frame []byte, m mark) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	if q.waited() || !q.admit(len(frame)) {
		return q.full()
	}
	return q.add(frame, m)
}

// waited reports whether callers wait for room, which go first. While the queue is
// parked none of them will have any, and nobody waits for them.
func (q *Queue) waited() bool { return q.state&(waits|parked) == waits }

// Wait is Insist as soon as there is room for the frame. It returns Closed when
// the queue closes meanwhile, and never Full.
func (q *Queue) Wait(frame []byte) Verdict { return q.WaitUntil(frame, nil) }

// WaitLinked is Wait for a caller that must not be waited for while the queue is
// parked: the frame is added beyond the bounds then.
func (q *Queue) WaitLinked(frame []byte) Verdict {
	return q.wait(frame, mark{how: insisted}, nil, linked)
}

// WaitUntil is Wait for a frame that is not wanted any more once done is
// closed: it returns Full then. A frame that is added after done was closed is
// behind this one, or this one is not queued.
func (q *Queue) WaitUntil(frame []byte, done <-chan struct{}) Verdict {
	return q.wait(frame, mark{how: insisted}, done, alone)
}

// WaitModest is WaitUntil for one of many frames, which would take all the room that
// there is: a queue with a Keeper has room for them in half of its bounds, and for
// pushes in the other half when it is parked.
func (q *Queue) WaitModest(frame []byte, done <-chan struct{}) Verdict {
	return q.wait(frame, mark{how: insisted}, done, modest)
}

// manner is how a caller waits for room.
type manner uint8

const (
	alone   manner = iota
	linked         // for none while the queue is parked
	modest         // in half of the bounds, if the queue has a Keeper
	present        // modest, and for as long as the queue is parked
	bound          // to its socket: not once the queue has been parked
)

func (q *Queue) wait(frame []byte, m mark, done <-chan struct{}, how manner) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	parks := q.parks()
	late := func() bool { return over(done) || how == bound && q.parks() != parks }
	for !q.is(closed) && !late() && !q.takes(len(frame), how) {
		q.standInLine(done)
	}
	switch {
	case q.is(closed):
		return Closed
	case late():
		return Full
	}
	return q.add(frame, m)
}

// takes reports whether a frame of n bytes need not wait any longer.
func (q *Queue) takes(n int, how manner) bool {
	switch {
	case how == linked && q.is(parked):
		return true
	case how == present && q.is(parked):
		return false
	case (how == modest || how == present) && q.keeps() && q.frames > 0:
		if l := q.limits.Load(); int(q.frames) >= l.Frames/2 || int(q.bytes)+n > l.Bytes/2 {
			return false
		}
	}
	return q.admit(n)
}

// standInLine waits until frames have left, the queue closes or done is closed.
// The caller holds mu, and has it again afterwards.
func (q *Queue) standInLine(done <-chan struct{}) {
	l := &q.keeping().rarely().line
	if l.room == nil {
		l.room = make(chan struct{})
	}
	room := l.room
	l.waiting++
	q.set(waits)
	q.mu.Unlock()
	select {
	case <-room:
	case <-done:
	}
	q.mu.Lock()
	if l.waiting--; l.waiting == 0 {
		q.clear(waits)
		if !q.keeps() {
			q.beside.Store(nil)
		}
	}
}

// over reports whether done is closed.
func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// admit reports whether a frame of n bytes, which is the queue's own, is within
// the bounds, and reserves its part of the total. A frame that finds the queue
// empty may have any size, since it could never be sent otherwise, and counts
// nothing.
func (q *Queue) admit(n int) bool {
	return q.within(q.frames+1, int(q.bytes)+n) && (q.frames == 0 || q.reserve(n))
}

// within reports whether so many frames and bytes are within the bounds of the
// queue.
func (q *Queue) within(frames int32, bytes int) bool {
	if frames <= 1 {
		return true
	}
	l := q.limits.Load()
	return l == nil || int(frames) <= l.Frames && bytes <= min(l.Bytes, maxBytes)
}

func (q *Queue) add(frame []byte, m mark) Verdict {
	if q.frames == 0 && !m.kept { // the inline slot has no room for all of that mark
		q.inline(frame, 0, m.how)
		return q.added(len(frame))
	}
	return q.addLone(Lone(frame), m)
}

// addLone is add for a frame of Lone.
func (q *Queue) addLone(f *Frame, m mark) Verdict {
	if q.frames == 0 && !m.kept {
		q.inline(f.bytes, 0, m.how)
	} else {
		q.append(f, m)
		q.more.own += len(f.bytes)
	}
	return q.added(len(f.bytes))
}

// share adds a frame. charge must have admitted it, unless the queue is empty.
func (q *Queue) share(f *Frame, key string) Verdict {
	size := len(f.bytes)
	switch {
	case q.frames == 0 && key == "":
		q.inline(f.bytes, f.share, 0)
	case q.frames == 0 && !q.charge(f): // it is queued in any case
		q.append(f.alone(), mark{key: key})
		q.more.own += size
	default:
		f.hold()
		q.append(f, mark{key: key})
	}
	return q.added(size)
}

// inline puts a frame into the inline slot. share is its Frame.share if it is shared.
func (q *Queue) inline(frame []byte, share uint16, how state) {
	q.first, q.run = frame, share
	q.state = q.state&^(insisted|aside|stamp) | how
}

// block returns how many frames are in the block that first is in; 0: it is in none.
func (q *Queue) block() uint16 {
	if q.is(insisted) {
		return q.run
	}
	return 0
}

func (q *Queue) append(f *Frame, m mark) {
	if q.more == nil {
		q.more = overflows.Get().(*overflow)
	}
	q.more.frames = append(q.more.frames, f)
	if m != (mark{}) {
		q.more.mark(len(q.more.frames)-1, m)
	}
}

func (q *Queue) added(size int) Verdict {
	q.frames++
	q.bytes += uint32(size)
	return q.look()
}

// Close ends the queue: the frames that are queued are still taken, then last,
// unless it is nil. It never waits and never refuses for want of room. The
// second Close returns Closed and changes nothing.
func (q *Queue) Close(last []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	q.set(closed)
	q.clear(paused)
	q.wake()
	if last != nil {
		return q.add(last, mark{how: insisted | aside})
	}
	return q.look()
}

// CloseAlone is Close for a queue that is held, without what is queued: last is all
// that is still taken. It ends Hold.
func (q *Queue) CloseAlone(last []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	q.set(closed)
	q.clear(paused | held)
	q.empty()
	q.wake()
	if last != nil {
		return q.add(last, mark{how: insisted | aside})
	}
	return q.look()
}

// Abort ends the queue and drops the frames that are queued. Frames in flight
// are the writer's; its next Take returns none. The verdict is Queued or
// Schedule: a queue that was idle needs one last Take, too.
func (q *Queue) Abort() Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.set(closed | aborted)
	q.clear(paused | parked)
	q.empty()
	if k := q.kept(); k != nil {
		k.forgetAll()
	}
	q.wake()
	return q.look()
}

// empty drops what is queued.
func (q *Queue) empty() {
	q.first, q.run = nil, 0
	if q.more != nil {
		q.more.letGo(len(q.more.frames), q.total())
		q.more.drop(len(q.more.frames))
		q.more = nil
	}
	q.frames, q.bytes = q.taken, q.takenBytes
	q.release()
}

// look returns Schedule if the queue must be flushed and no goroutine does or
// is about to, else Queued.
func (q *Queue) look() Verdict {
	if q.is(coming | writing | held | paused | parked | ended) {
		return Queued
	}
	q.set(coming)
	return Schedule
}

// wake wakes the callers that wait for room.
func (q *Queue) wake() {
	if !q.is(waits) {
		return
	}
	if l := &q.beside.Load().rare.line; l.room != nil {
		close(l.room)
		l.room = nil
	}
}
