package prom

import (
	"maps"
	"math"
	"sync"
	"sync/atomic"
)

// table is a map that is read at every message, and grows seldom and to a bound:
// a reader takes no lock, and who adds something copies it. The zero table is
// empty.
type table[K comparable, V any] struct {
	mu   sync.Mutex // held by who adds
	rows atomic.Pointer[map[K]V]
}

// find returns the row of k.
func (t *table[K, V]) find(k K) (v V, found bool) {
	if rows := t.rows.Load(); rows != nil {
		v, found = (*rows)[k]
	}
	return v, found
}

// add returns the row of k, made if nobody else has meanwhile. It returns false if
// k has no row, and there are most already.
func (t *table[K, V]) add(k K, most int, made func() V) (v V, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v, found = t.find(k); found {
		return v, true
	}
	rows := map[K]V{}
	if old := t.rows.Load(); old != nil {
		if len(*old) >= most {
			return v, false
		}
		rows = maps.Clone(*old)
	}
	v = made()
	rows[k] = v
	t.rows.Store(&rows)
	return v, true
}

// row returns the row of k, made if there is none. The keys must be bounded by
// what they are made of.
func (t *table[K, V]) row(k K, made func() V) V {
	v, _ := t.add(k, math.MaxInt, made)
	return v
}
