package ws

import (
	"testing"
	"testing/synctest"
	"time"
)

// A worker waits for who broadcasts again and again, for nobody else, and not
// for ever.
func TestCalm(t *testing.T) {
	for name, c := range map[string]struct {
		pushes  uint32 // since the worker looked last
		pushing int32
		waits   time.Duration
	}{
		"one push after the other":  {1, 1, 0},
		"a burst that is over":      {2, 0, calmStep},
		"a burst that does not end": {50, 1, maxCalm * calmStep},
		"as many as half an outbox": {defaultOutboxFrames / 2, 1, calmStep},
		"nothing since it looked":   {0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var f flusher
				f.wide.Store(7 + c.pushes)
				f.pushing.Store(c.pushing)
				begun := time.Now()
				seen := f.calm(7)
				if waited := time.Since(begun); waited != c.waits {
					t.Errorf("waited %v, want %v", waited, c.waits)
				}
				if c.waits > 0 && seen != 7+c.pushes {
					t.Errorf("has seen %d pushes, there were %d", seen, 7+c.pushes)
				}
			})
		})
	}
}
