package outbox

import (
	"encoding/binary"
	"math"
	"slices"
	"sync/atomic"
)

// Keeper says how much a Queue keeps of what it has handed out, for a peer that
// comes back on another socket. It may be shared, and must not change. Beyond a
// bound the oldest frame is forgotten.
//
// A frame counts its bytes and 8; one that goes to many queues counts in each
// its share of the bytes only (Frame.Among).
type Keeper struct {
	Frames, Bytes int
	Total         *Budget // shared with other queues; nil: no bound in total

	limits atomic.Pointer[Limits] // of the last queue that got the Keeper; the next one has the same, mostly
}

// of returns the limits of a queue that the Keeper is for and that has these, before
// anything is kept: many queues share them.
func (by *Keeper) of(l *Limits) *Limits {
	all := Limits{Frames: math.MaxInt, Bytes: math.MaxInt}
	if l != nil {
		all = *l
	}
	all.by = by
	if same := by.limits.Load(); same != nil && *same == all {
		return same
	}
	by.limits.Store(&all)
	return &all
}

// keeping is what a Queue with a Keeper has besides, from the first frame on that it
// keeps. The queue finds it by its limits: so one without a Keeper is not a byte
// larger, and its fast paths test one bit of the state that they test anyway.
//
// Frames are counted when they are taken, not when they are queued: what was
// shed or replaced before has no number.
//
// What a push to many writes stands in one cache line, and what the writer does in
// another, but for the place in the ring: they run on different processors. Touch and
// TouchAll fetch them.
type keeping struct {
	// ring has what was handed out last: n frames up to before next, in order. It
	// grows to Keeper.Frames; then the newest takes the place of the oldest, and
	// no other line is fetched for that.
	ring []*Frame
	sent uint64 // how many frames that count were taken

	next, n uint32
	bytes   uint32                 // that the frames count
	enough  uint32                 // as many bytes as they may count before bound has to look
	place   atomic.Pointer[*Frame] // of the next frame in the ring, for TouchAll alone; nil: it is not known
	ahead   atomic.Pointer[*Frame] // of the one that is a cache line further

	Limits

	first    *Frame // in the inline slot, if it is shared
	rare     *rare  // nil: none of it was needed
	reserved uint32 // units of by.Total
	parks    uint32 // how often the queue was parked
}

// rare is what few queues need.
type rare struct {
	notes
	parking chan struct{} // closed when nobody has the queue; nil: nobody waits for that
}

// rarely returns what few queues need, made if need be.
func (k *keeping) rarely() *rare {
	if k.rare == nil {
		k.rare = new(rare)
	}
	return k.rare
}

// keptUnit is how many bytes are reserved at a time for what a queue keeps. It is
// small: most peers have but a few short frames that they have not acknowledged.
const keptUnit = 256

// Keep has the queue count and keep what it hands out. It must be called before
// the first frame and after Limit, once. The frames must not change afterwards,
// even when they have been written.
func (q *Queue) Keep(by *Keeper) {
	q.limits.Store(by.of(q.limits.Load()))
	q.set(keeps)
}

// kept returns what the queue keeps; nil: nothing was kept yet, or there is no Keeper.
func (q *Queue) kept() *keeping {
	if !q.is(keeps) {
		return nil
	}
	return q.limits.Load().keep
}

// keeping is kept for a queue that has a Keeper and is about to keep something.
func (q *Queue) keeping() *keeping {
	l := q.limits.Load()
	if l.keep != nil {
		return l.keep
	}
	k := &keeping{Limits: *l}
	k.Limits.keep = k
	k.look()
	q.limits.Store(&k.Limits)
	return k
}

// noteFirst notes which frame is in the inline slot, if it is shared; else f is nil.
func (q *Queue) noteFirst(f *Frame) {
	if f != nil {
		q.keeping().first = f
	} else if k := q.kept(); k != nil {
		k.first = nil
	}
}

// Aside is Insist for a frame that belongs to the socket and not to what the
// peers tell each other: it is not counted, not kept, and dropped by Rewind, since
// another socket follows. Without a Keeper nothing is kept.
func (q *Queue) Aside(frame []byte) Verdict { return q.offer(frame, mark{how: insisted | aside}) }

// WaitAside is Aside as Wait is Insist. It returns Full if the queue is parked
// meanwhile: the socket that the frame belongs to is gone.
func (q *Queue) WaitAside(frame []byte) Verdict {
	return q.wait(frame, mark{how: insisted | aside}, nil, bound)
}

// WaitAsideLinked is WaitLinked for a frame of Aside.
func (q *Queue) WaitAsideLinked(frame []byte) Verdict {
	return q.wait(frame, mark{how: insisted | aside}, nil, linked)
}

// Stamp is Aside for a frame whose last 8 bytes become the count of the frames
// before it, big endian, when it is taken: a Ping, of which a Pong then says how
// much has arrived. The frame itself stays as it is, and is the caller's again:
// the queue copies it. It must have these 8 bytes, and the queue a Keeper.
func (q *Queue) Stamp(frame []byte) Verdict {
	return q.offer(slices.Clone(frame), mark{how: insisted | aside | stamp})
}

// Forget says that the peer has the first seq frames that count: they are kept no
// more. A number beyond what was taken means all. The queue must have a Keeper.
func (q *Queue) Forget(seq uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if k := q.kept(); k != nil {
		k.acknowledge(seq)
	}
}

// handOut counts, stamps and keeps the frames of b, which were taken just now.
func (q *Queue) handOut(b *Batch) {
	k := q.kept()
	if k == nil {
		if b.more == nil && q.is(aside) { // a Ping to one that was never sent anything
			if q.is(stamp) {
				stampWith(b.first, 0)
			}
			return
		}
		k = q.keeping()
	}
	if b.first != nil {
		switch {
		case q.is(stamp):
			stampWith(b.first, k.sent)
		case q.is(aside):
		case k.first != nil:
			k.keep(k.first)
			k.first = nil
		default:
			k.keep(&Frame{bytes: b.first})
		}
	}
	if b.more == nil {
		return
	}
	if len(b.more.marks) == 0 {
		k.keepAll(b.more.frames)
		return
	}
	for i, f := range b.more.frames {
		switch m := b.more.at(i); {
		case m.is(stamp):
			stampWith(f.bytes, k.sent)
		case m.kept:
			k.noted(f, m.lost)
		case !m.is(aside):
			k.keep(f)
		}
	}
}

// stampWith writes a count to the end of a frame that is the queue's own.
func stampWith(frame []byte, sent uint64) {
	binary.BigEndian.PutUint64(frame[len(frame)-8:], sent)
}

// keep counts and keeps a frame.
func (k *keeping) keep(f *Frame) {
	k.sent++
	switch {
	case int(k.n) < len(k.ring):
		k.n++
	case len(k.ring) < k.by.Frames:
		k.grow()
		k.n++
	case k.n == 0: // nothing may be kept
		return
	default: // it takes the place of the oldest
		k.bytes -= k.ring[k.next].weight()
	}
	k.ring[k.next] = f
	if k.next++; int(k.next) == len(k.ring) {
		k.next = 0
	}
	k.showPlace()
	if k.bytes += f.weight(); k.bytes > k.enough {
		k.bound()
	}
}

// keepAll is keep for many frames, as many at a time as have room up to the end
// of the ring. The addresses are copied.
func (k *keeping) keepAll(frames []*Frame) {
	for len(frames) > 0 {
		if int(k.n) == len(k.ring) && len(k.ring) < k.by.Frames {
			k.grow()
		}
		free := len(k.ring) - int(k.n)
		some := len(k.ring) - int(k.next)
		if len(k.ring) < k.by.Frames {
			some = min(some, free) // else the ring grows, and nothing goes
		}
		if some = min(some, len(frames)); some == 0 { // nothing may be kept
			k.sent += uint64(len(frames))
			return
		}
		at, bytes := k.ring[k.next:][:some], k.bytes
		for _, old := range at[min(free, some):] { // the free places are before those of the oldest
			bytes -= old.weight()
		}
		copy(at, frames)
		for _, f := range at {
			bytes += f.weight()
		}
		k.bytes = bytes
		k.n += uint32(min(free, some))
		k.sent += uint64(some)
		if k.next += uint32(some); int(k.next) == len(k.ring) {
			k.next = 0
		}
		if k.bytes > k.enough {
			k.bound()
		}
		frames = frames[some:]
	}
	k.showPlace()
}

// lineFrames is how many places of a ring are in a cache line.
const lineFrames = 8

// showPlace says where the next frames go.
func (k *keeping) showPlace() {
	if len(k.ring) == 0 {
		return
	}
	ahead := int(k.next) + lineFrames
	if ahead >= len(k.ring) {
		ahead = 0
	}
	k.place.Store(&k.ring[k.next])
	k.ahead.Store(&k.ring[ahead])
}

// grow makes room in the ring, which is full.
func (k *keeping) grow() { k.resize(min(max(minRing, 2*len(k.ring)), k.by.Frames)) }

// minRing is how many frames the first ring has room for.
const minRing = 4

// resize moves the frames to a ring with room for so many.
func (k *keeping) resize(room int) {
	ring := make([]*Frame, room)
	for i := range k.n {
		ring[i] = k.ring[k.back(k.n-i)]
	}
	k.ring, k.next = ring, k.n
	k.place.Store(nil)
	k.ahead.Store(nil)
}

// back returns where the frame is that was handed out i frames ago: the last is
// 1.
func (k *keeping) back(i uint32) uint32 {
	if i > k.next {
		return k.next + uint32(len(k.ring)) - i
	}
	return k.next - i
}

// bound forgets what is beyond a bound of bytes, and reserves the rest.
func (k *keeping) bound() {
	for int(k.bytes) > min(k.by.Bytes, maxBytes) {
		k.forgetOldest()
	}
	if total := k.by.Total; total != nil {
		for need := k.units(); need > k.reserved; need = k.units() {
			if total.take(int(need-k.reserved)*keptUnit, false) {
				k.reserved = need
			}
			for need > k.reserved && k.units() == need {
				k.forgetOldest()
			}
		}
	}
	k.look()
}

// look notes how many bytes there may be before bound has to look again.
func (k *keeping) look() {
	k.enough = uint32(max(0, min(k.by.Bytes, maxBytes)))
	if k.by.Total != nil {
		k.enough = min(k.enough, k.reserved*keptUnit)
	}
}

// forgetOldest forgets the oldest frame.
func (k *keeping) forgetOldest() {
	at := k.back(k.n)
	k.bytes -= k.ring[at].weight()
	k.ring[at] = nil
	k.n--
}

// takeBack takes back the numbers of frames that were handed out last and are
// about to be queued again.
func (k *keeping) takeBack(o *overflow) {
	for i := range slices.Backward(o.frames) {
		if m := o.at(i); m.is(aside) {
			if m.kept {
				k.unnote(m)
			}
			continue
		}
		k.sent--
		if k.n > 0 {
			k.next = k.back(1)
			k.bytes -= k.ring[k.next].weight()
			k.ring[k.next] = nil
			k.n--
		}
	}
	k.release()
}

// acknowledge forgets the first seq frames. The ring becomes smaller if it has
// been much too large since the last time.
func (k *keeping) acknowledge(seq uint64) {
	before := int(k.n)
	for first := k.sent - uint64(k.n); first < min(seq, k.sent); first++ {
		k.forgetOldest()
	}
	k.forgetNotes(seq)
	k.release()
	if size := len(k.ring); size > 8*minRing && before <= size/8 {
		k.resize(max(minRing, 2*before))
	}
}

// forgetAll forgets all frames, for good.
func (k *keeping) forgetAll() {
	k.ring, k.first = nil, nil
	k.next, k.n, k.bytes = 0, 0, 0
	k.place.Store(nil)
	k.ahead.Store(nil)
	if k.rare != nil {
		k.rare.list = nil
	}
	k.release()
}

// units returns how many units hold what is kept.
func (k *keeping) units() uint32 { return (k.bytes + keptUnit - 1) / keptUnit }

// release gives back what is reserved and not needed.
func (k *keeping) release() {
	if need := k.units(); need < k.reserved {
		k.by.Total.give(int(k.reserved-need) * keptUnit)
		k.reserved = need
	}
	k.look()
}

// end forgets all frames of a queue that has ended, and says that nobody has it.
func (k *keeping) end() {
	k.forgetAll()
	k.left()
}
