package outbox

import "sync/atomic"

// Budget bounds what many queues hold together. Queues reserve their part in
// units, so that a push to many, which adds a little to each, seldom touches
// what they share; and a queue with a single frame, which is most of them,
// reserves nothing.
type Budget struct {
	units int64 // never more than these
	used  atomic.Int64
	_     [48]byte // it is written often: it shall have a cache line of its own
}

// unit is how many bytes are reserved at a time. Half of one is what a
// reservation is too large on average.
const unit = 2 << 10

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int) *Budget { return &Budget{units: int64(bytes / unit)} }

// Used returns how many bytes are reserved.
func (b *Budget) Used() int64 { return b.used.Load() * unit }

func (b *Budget) take(units uint32) bool {
	if b.used.Add(int64(units)) <= b.units {
		return true
	}
	b.used.Add(-int64(units))
	return false
}

// reserve sees to it that the queue's part of the total is at least so many
// bytes, unless the total is used up.
func (q *Queue) reserve(bytes int) bool {
	if q.limits.Total == nil {
		return true
	}
	need := uint32((bytes + unit - 1) / unit)
	if need <= q.reserved {
		return true
	}
	if !q.limits.Total.take(need - q.reserved) {
		return false
	}
	q.reserved = need
	return true
}

// release gives back what the queue has reserved and does not need any more.
func (q *Queue) release() {
	if q.reserved == 0 {
		return
	}
	need := uint32(0)
	if q.frames > 1 {
		need = (q.bytes + unit - 1) / unit
	}
	if need < q.reserved {
		q.limits.Total.used.Add(-int64(q.reserved - need))
		q.reserved = need
	}
}
