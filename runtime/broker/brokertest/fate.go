package brokertest

import (
	"container/heap"
	"hash/fnv"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// fate is a sequence of random numbers for one message.
type fate uint64

// newFate returns that of the n-th message of a channel at a link.
func newFate(seed, link uint64, channel string, n uint64) fate {
	h := fnv.New64a()
	_, _ = h.Write([]byte(channel)) // it never fails
	f := fate(seed)
	for _, part := range []uint64{link, h.Sum64(), n} {
		f = fate(f.next() ^ part)
	}
	return f
}

// next returns 64 random bits (SplitMix64).
func (f *fate) next() uint64 {
	*f += 0x9e3779b97f4a7c15
	z := uint64(*f)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit returns a number from 0 up to 1, without 1.
func (f *fate) unit() float64 { return float64(f.next()>>11) / (1 << 53) }

// late is a message that is delayed.
type late struct {
	due    time.Time
	number uint64 // equals keep their order
	d      broker.Delivery
}

// delayed has the message that is due first at its top.
type delayed []late

var _ heap.Interface = (*delayed)(nil)

func (q delayed) Len() int { return len(q) }

func (q delayed) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].number < q[j].number
}

func (q delayed) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push adds a late message.
func (q *delayed) Push(m any) { *q = append(*q, m.(late)) }

// Pop takes the last one off.
func (q *delayed) Pop() any {
	last := (*q)[len(*q)-1]
	(*q)[len(*q)-1] = late{}
	*q = (*q)[:len(*q)-1]
	return last
}
