package livetest

import (
	"testing"
	"time"
)

// Eventually waits until is says true. Only for what no frame announces.
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
