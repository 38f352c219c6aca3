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
}

// keeping is what a Queue with a Keeper has besides. The queue finds it by its
// limits: so one without a Keeper is not a byte larger, and its fast paths test
// one bit of the state that they test anyway.
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

	next, n  uint32
	bytes    uint32                 // that the frames count
	enough   uint32                 // as many bytes as they may count before bound has to look
	reserved uint32                 // units of keeper.Total
	parks    uint32                 // how often the queue was parked
	place    atomic.Pointer[*Frame] // of the next frame in the ring, for TouchAll alone; nil: it is not known

	Limits

	first   *Frame // in the inline slot, if it is shared
	keeper  *Keeper
	notes   *notes        // that were handed out; nil: there was none
	parking chan struct{} // closed when nobody has the queue; nil: nobody waits for that
}

// keptUnit is how many bytes are reserved at a time for what a queue keeps. It is
// small: most peers have but a few short frames that they have not acknowledged.
const keptUnit = 256

// Keep has the queue count and keep what it hands out. It must be called before
// the first frame and after Limit, once. The frames must not change afterwards,
// even when they have been written.
func (q *Queue) Keep(by *Keeper) {
	k := &keeping{keeper: by, Limits: Limits{Frames: math.MaxInt, Bytes: math.MaxInt}}
	if q.limits != nil {
		k.Limits = *q.limits
	}
	k.Limits.keep = k
	k.look()
	q.limits = &k.Limits
	q.set(keeps)
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
	q.limits.keep.acknowledge(seq)
}

// handOut counts, stamps and keeps the frames of b, which were taken just now.
func (k *keeping) handOut(q *Queue, b *Batch) {
	if b.first != nil {
		switch {
		case q.is(stamp):
			k.stamp(b.first)
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
			k.stamp(f.bytes)
		case m.kept:
			k.noted(f, m.lost)
		case !m.is(aside):
			k.keep(f)
		}
	}
}

// stamp writes the count to the end of a frame that is the queue's own.
func (k *keeping) stamp(frame []byte) {
	binary.BigEndian.PutUint64(frame[len(frame)-8:], k.sent)
}

// keep counts and keeps a frame.
func (k *keeping) keep(f *Frame) {
	k.sent++
	switch {
	case int(k.n) < len(k.ring):
		k.n++
	case len(k.ring) < k.keeper.Frames:
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
	k.place.Store(&k.ring[k.next])
	if k.bytes += f.weight(); k.bytes > k.enough {
		k.bound()
	}
}

// keepAll is keep for many frames, as many at a time as have room up to the end
// of the ring. The addresses are copied.
func (k *keeping) keepAll(frames []*Frame) {
	for len(frames) > 0 {
		if int(k.n) == len(k.ring) && len(k.ring) < k.keeper.Frames {
			k.grow()
		}
		free := len(k.ring) - int(k.n)
		some := len(k.ring) - int(k.next)
		if len(k.ring) < k.keeper.Frames {
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
}

// grow makes room in the ring, which is full.
func (k *keeping) grow() { k.resize(min(max(minRing, 2*len(k.ring)), k.keeper.Frames)) }

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
	for int(k.bytes) > min(k.keeper.Bytes, maxBytes) {
		k.forgetOldest()
	}
	if total := k.keeper.Total; total != nil {
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
	k.enough = uint32(max(0, min(k.keeper.Bytes, maxBytes)))
	if k.keeper.Total != nil {
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
	if k.notes != nil {
		k.notes.list = nil
	}
	k.release()
}

// units returns how many units hold what is kept.
func (k *keeping) units() uint32 { return (k.bytes + keptUnit - 1) / keptUnit }

// release gives back what is reserved and not needed.
func (k *keeping) release() {
	if need := k.units(); need < k.reserved {
		k.keeper.Total.give(int(k.reserved-need) * keptUnit)
		k.reserved = need
	}
	k.look()
}

// end forgets all frames of a queue that has ended, and says that nobody has it.
func (k *keeping) end() {
	k.forgetAll()
	k.left()
}
