//go:build !race

// The race detector makes sync.Pool drop what it is given.

package socket

import "testing"

// TestBudgetTaken: the memory of a message that was taken is used again.
func TestBudgetTaken(t *testing.T) {
	for _, size := range []int{0, smallMessage, smallMessage + 1, middleMessage, middleMessage + 1, longestTaken} {
		if got := testing.AllocsPerRun(1000, func() {
			m := messagesFor(size).Get().(*message)
			if room := cap(m.bytes); room < size {
				t.Fatalf("%d bytes for %d", room, size)
			}
			_ = m.Close()
		}); got > 0 {
			t.Errorf("%d bytes: %v allocations", size, got)
		}
	}
}
