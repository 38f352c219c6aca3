//go:build !race

// The race detector makes sync.Pool drop what it is given, so under it budgets
// do not hold: make test runs these once more without.

package stdjson

import "testing"

// TestBudgetEncode: a text costs its memory, and one that is lent nothing.
func TestBudgetEncode(t *testing.T) {
	v := &struct{ A string }{"some text"}
	encode := func(lend int) float64 {
		return testing.AllocsPerRun(100, func() {
			e := NewEncoder()
			defer e.Release()
			e.Lend(lend)
			if _, err := e.Encode(append(e.AvailableBuffer(), "front"...), v, "tail"); err != nil {
				t.Error(err)
			}
		})
	}
	if got := encode(0); got > 1 {
		t.Errorf("%v allocations for a text of its own", got)
	}
	if got := encode(1 << 10); got > 0 {
		t.Errorf("%v allocations for a text that is lent", got)
	}
}
