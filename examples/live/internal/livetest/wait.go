package livetest

import (
	"testing"
	"time"
)

// Eventually waits until is returns true. It is for conditions that no frame announces.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(Patience)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited %v in vain: %s", Patience, what)
		}
	}
}
