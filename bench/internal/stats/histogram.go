// Package stats sums up measurements: latencies while they come, rounds when
// they are over.
package stats

import "math/bits"

// Values below linear have a bucket each; above, every doubling has linear
// buckets, so that a quantile is at most 1/linear too high.
const (
	linear  = 128
	buckets = (64 - 7 + 1) * linear
)

// Histogram counts non-negative integers without keeping them. The zero value
// is empty.
type Histogram struct {
	counts [buckets]uint32
	total  int
	max    int64
}

func bucket(v int64) int {
	if v < linear {
		return int(max(v, 0))
	}
	shift := bits.Len64(uint64(v)) - 8
	return (shift+1)*linear + int(v>>shift) - linear
}

// upper is the largest value of a bucket.
func upper(i int) int64 {
	if i < linear {
		return int64(i)
	}
	shift := i/linear - 1
	return int64(i%linear+linear+1)<<shift - 1
}

// Add counts v; a negative one counts as 0.
func (h *Histogram) Add(v int64) {
	h.counts[bucket(v)]++
	h.total++
	h.max = max(h.max, v)
}

// Total is how many values were added.
func (h *Histogram) Total() int { return h.total }

// Max is the largest of them.
func (h *Histogram) Max() int64 { return h.max }

// Quantile returns the value that a share q of all does not exceed; 0 if
// there are none.
func (h *Histogram) Quantile(q float64) int64 {
	if h.total == 0 {
		return 0
	}
	rank := max(1, int(q*float64(h.total)+0.999999))
	for i, n := range h.counts {
		if rank -= int(n); rank <= 0 {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

// Reset empties h.
func (h *Histogram) Reset() { *h = Histogram{} }
