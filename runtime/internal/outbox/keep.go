package outbox

import (
	"encoding/binary"
	"math"
	"slices"
	"sync/atomic"
)

// Keeper says how much a Queue keeps of what it has handed out, for a peer that
// comes back on another socket. It may be shared, and must not change. Beyond a
// bound the oldest frame is forgotten; of bursts, Frames and a quarter may be in memory.
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
// keeps, and any queue while a caller waits for room. So a queue that keeps nothing
// is not a byte larger, and a push finds in the queue all that it needs: it touches
// nothing of this.
//
// Frames are counted when they are taken, not when they are queued: what was
// shed or replaced before has no number.
//
// A frame that is taken alone needs the first cache line of it only, three times of
// four. TouchAll fetches what the next batch needs. The two lines are no other's.
type keeping struct {
	sent     uint64 // how many frames that count were taken
	n, bytes uint32 // the frames that are kept, and what they count
	enough   uint32 // as many bytes as they may count before bound has to look
	lone     uint32 // how many frames are in last
	last     [4]*Frame
	by       *Keeper // nil: nothing is kept

	// ring has what was handed out before those of last: used entries up to before
	// next, in order. It grows until there are Keeper.Frames.
	ring       []kept
	place      *kept // where the next entry goes, for TouchAll alone; nil: it is not known
	eldest     *kept // the oldest entry when one was put last, for the same; nil: it is not known
	next, used uint32
	skip       uint32 // how many frames of the oldest entry, which is a pack then, are kept no more
	reserved   uint32 // units of by.Total
	rare       *rare  // nil: none of it was needed
}

// rare is what few queues need.
type rare struct {
	notes
	line    line
	parks   uint32        // how often the queue was parked
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
func (q *Queue) Keep(by *Keeper) { q.limits.Store(by.of(q.limits.Load())) }

// keeper returns the Keeper of the queue; nil: it keeps nothing.
func (q *Queue) keeper() *Keeper {
	if l := q.limits.Load(); l != nil {
		return l.by
	}
	return nil
}

// keeps reports whether the queue keeps what it hands out.
func (q *Queue) keeps() bool { return q.keeper() != nil }

// kept returns what the queue keeps; nil: nothing was kept yet, or there is no Keeper.
func (q *Queue) kept() *keeping {
	if !q.keeps() {
		return nil
	}
	return q.beside.Load()
}

// keeping returns what the queue has besides, made if need be.
func (q *Queue) keeping() *keeping {
	if k := q.beside.Load(); k != nil {
		return k
	}
	k := &keeping{by: q.keeper()}
	if k.by != nil {
		k.look()
	}
	q.beside.Store(k)
	return k
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
func (q *Queue) handOut(b *Batch, by *Keeper) {
	k := q.beside.Load()
	if k == nil {
		if b.more == nil && q.is(aside) { // a Ping to one that was never sent anything
			if q.is(stamp) {
				stampWith(b.first, 0)
			}
			return
		}
		k = q.keeping()
	}
	var first *Frame // that of the inline slot, if it counts
	if b.first != nil {
		switch {
		case q.is(stamp):
			stampWith(b.first, k.sent)
		case q.is(aside):
		default:
			first = b.lately.frame(b)
		}
	}
	switch {
	case b.more == nil:
		k.keepFirst(first, by)
	case len(b.more.marks) == 0:
		k.keepAll(first, b, by)
	default:
		k.keepFirst(first, by)
		k.keepMarked(b.more, by)
	}
}

// keepFirst is keep, if there is a frame.
func (k *keeping) keepFirst(f *Frame, by *Keeper) {
	if f != nil {
		k.keep(f, by)
	}
}

// keepAll counts and keeps first, if that is not nil, and the frames of b behind it, of
// which none has a mark.
func (k *keeping) keepAll(first *Frame, b *Batch, by *Keeper) {
	if first != nil && first != b.lately.first { // no other queue has it
		k.keep(first, by)
		first = nil
	}
	if p := b.lately.pack(first, b, by); p != nil {
		k.keepPack(p, by)
		return
	}
	k.keepFirst(first, by)
	for _, f := range b.more.frames {
		k.keep(f, by)
	}
}

// keepMarked counts, stamps and keeps the frames of o, each as its mark says.
func (k *keeping) keepMarked(o *overflow, by *Keeper) {
	for i, f := range o.frames {
		switch m := o.at(i); {
		case m.is(stamp):
			stampWith(f.bytes, k.sent)
		case m.kept:
			k.noted(f, m.lost)
		case !m.is(aside):
			k.keep(f, by)
		}
	}
}

// stampWith writes a count to the end of a frame that is the queue's own.
func stampWith(frame []byte, sent uint64) {
	binary.BigEndian.PutUint64(frame[len(frame)-8:], sent)
}

// keep counts and keeps a frame.
func (k *keeping) keep(f *Frame, by *Keeper) {
	k.sent++
	if by.Frames == 0 { // nothing may be kept
		return
	}
	if int(k.lone) == len(k.last) {
		k.shelve(by)
	}
	k.last[k.lone] = f
	k.lone++
	k.n++
	if k.bytes += f.weight(); k.bytes > k.enough {
		k.bound()
	}
}

// shelve moves the last frames to the ring, which is in no cache: so they go there
// several at a time. What is beyond the bound is forgotten then, and until then it is
// there, and Rewind does not see it (has).
func (k *keeping) shelve(by *Keeper) {
	k.trim(by)
	for _, f := range k.last[:k.lone] {
		k.put(kept{frame: f})
	}
	k.last, k.lone = [4]*Frame{}, 0
}

// trim forgets what is beyond the bound.
func (k *keeping) trim(by *Keeper) {
	if over := int(k.n) - by.Frames; over > 0 {
		k.forget(uint32(over))
	}
}

// keepPack counts and keeps the frames of a pack, which are no more than may be kept.
// What is beyond the bound is forgotten a whole entry at a time, and nothing of what
// it had is looked at. It is more only if that is not enough.
func (k *keeping) keepPack(p *pack, by *Keeper) {
	if k.lone > 0 {
		k.shelve(by)
	}
	k.sent += uint64(p.len())
	for over := int(k.n+p.len()) - by.Frames; over > 0; over = int(k.n+p.len()) - by.Frames {
		n := k.oldest()
		if int(n) > over {
			if over > by.Frames/lateness || int(k.used) >= by.Frames {
				k.forget(uint32(over))
			}
			break
		}
		k.forget(n)
	}
	k.put(kept{pack: p})
	k.n += p.len()
	if k.bytes += p.weight; k.bytes > k.enough {
		k.bound()
	}
}

// lateness is the part of Keeper.Frames, one of so many, that may be there beyond them.
const lateness = 4

// has reports whether all that counts is kept behind the first seq.
func (k *keeping) has(seq uint64) bool {
	return seq <= k.sent && k.sent-seq <= uint64(min(int(k.n), k.by.Frames))
}

// bound forgets what is beyond a bound of bytes, and reserves the rest.
func (k *keeping) bound() {
	for int(k.bytes) > min(k.by.Bytes, maxBytes) {
		k.forget(1)
	}
	if total := k.by.Total; total != nil {
		for need := k.units(); need > k.reserved; need = k.units() {
			if total.take(int(need-k.reserved)*keptUnit, false) {
				k.reserved = need
			}
			for need > k.reserved && k.units() == need {
				k.forget(1)
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

// takeBack takes back the numbers of frames that were handed out last and are
// about to be queued again.
func (k *keeping) takeBack(o *overflow) {
	k.trim(k.by)
	var n uint32
	for i := range slices.Backward(o.frames) {
		if m := o.at(i); m.is(aside) {
			if m.kept {
				k.unnote(m)
			}
			continue
		}
		k.sent--
		n++
	}
	k.pop(min(n, k.n))
	k.release()
}

// acknowledge forgets the first seq frames. The ring becomes smaller if it has
// been much too large since the last time.
func (k *keeping) acknowledge(seq uint64) {
	before := int(k.used)
	if first := k.sent - uint64(k.n); seq > first {
		k.forget(uint32(min(seq, k.sent) - first))
	}
	k.forgetNotes(seq)
	k.release()
	if size := len(k.ring); size > 8*minRing && before <= size/8 {
		k.resize(max(minRing, 2*before))
	}
}

// forgetAll forgets all frames, for good.
func (k *keeping) forgetAll() {
	k.ring, k.place, k.eldest, k.last = nil, nil, nil, [4]*Frame{}
	k.next, k.used, k.lone, k.n, k.bytes, k.skip = 0, 0, 0, 0, 0, 0
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
