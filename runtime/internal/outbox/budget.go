package outbox

import "sync/atomic"

// Budget bounds the memory of the frames in many queues together. A frame that
// queues share counts its bytes once (Frame). For frames of their own queues
// reserve their part in units, so that they seldom touch what all share. A
// frame that found its queue empty does not count, and most frames do.
//
// A queue whose writer waits for its peer has the first half of the total only:
// peers that take nothing cannot hold what the others need.
type Budget struct {
	bytes int64 // the bound
	used  atomic.Int64
	_     [48]byte // used is written often, and has a cache line of its own
}

// unit is how many bytes are reserved at a time. A reservation is half of it
// too large on average.
const unit = 2 << 10

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int) *Budget { return &Budget{bytes: int64(bytes)} }

// Used returns how many bytes count now.
func (b *Budget) Used() int64 { return b.used.Load() }

// take counts n bytes, unless the bound is reached; half says that it is the
// first half only.
func (b *Budget) take(n int, half bool) bool {
	most := b.most(half)
	// A refusal leaves no trace that others could be refused for.
	if b.used.Load()+int64(n) > most {
		return false
	}
	if b.used.Add(int64(n)) <= most {
		return true
	}
	b.give(n)
	return false
}

// most returns the bound, or half of it.
func (b *Budget) most(half bool) int64 {
	if half {
		return b.bytes / 2
	}
	return b.bytes
}

// give takes n bytes back.
func (b *Budget) give(n int) { b.used.Add(-int64(n)) }

// total returns the budget that the queue counts towards; nil: nothing counts.
func (q *Queue) total() *Budget {
	l := q.limits.Load()
	if l == nil {
		return nil
	}
	return l.Total
}

// deaf reports whether the queue's writer may be waiting for its peer, or has no
// peer.
func (q *Queue) deaf() bool { return q.is(stalled | patient | parked) }

// charge counts a shared frame, which the queue is about to hold, unless the
// total is used up. A frame that counts already costs nothing; but a peer that
// takes nothing must not hold it longer than the others if the total is more
// than half used.
func (q *Queue) charge(f *Frame) bool {
	total := q.total()
	switch {
	case total == nil:
		return true
	case f.pushed == 0:
		return total.take(len(f.bytes), q.deaf())
	default:
		return !q.deaf() || total.used.Load() <= total.most(true)
	}
}

// ownBytes returns how many bytes of the queue's own count. Frames in flight
// are among them if they may be its own.
func (q *Queue) ownBytes() int {
	n := 0
	if q.more != nil {
		n = q.more.own
	}
	if q.block() > 1 {
		n += len(q.first)
	}
	if q.is(ownFlight) {
		n += int(q.takenBytes)
	}
	return n
}

// units returns how many units hold so many bytes.
func units(bytes int) uint32 { return uint32((bytes + unit - 1) / unit) }

// reserve has more bytes counted as the queue's own, unless the total is used
// up.
func (q *Queue) reserve(more int) bool {
	total := q.total()
	if total == nil {
		return true
	}
	need := units(q.ownBytes() + more)
	if need <= q.reserved {
		return true
	}
	if !total.take(int(need-q.reserved)*unit, q.deaf()) {
		return false
	}
	q.reserved = need
	return true
}

// release gives back the part of the reservation that the queue does not need
// any more.
func (q *Queue) release() {
	if q.reserved == 0 {
		return
	}
	if need := units(q.ownBytes()); need < q.reserved {
		q.total().give(int(q.reserved-need) * unit)
		q.reserved = need
	}
}

// exchange counts a frame that takes the place of one as long, whatever the
// total says: the bytes of that have been given back.
func (q *Queue) exchange() {
	if total := q.total(); total != nil {
		if need := units(q.ownBytes()); need > q.reserved {
			total.used.Add(int64(need-q.reserved) * unit)
			q.reserved = need
		}
	}
}
