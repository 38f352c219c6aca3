//go:build !race

package outbox

import "runtime"

// touchPlace reads the places of the next frames, without the queue's lock: these are
// words, and nobody looks at them.
func (k *keeping) touchPlace() {
	if p := k.place.Load(); p != nil {
		runtime.KeepAlive(*p)
	}
	if p := k.ahead.Load(); p != nil {
		runtime.KeepAlive(*p)
	}
}
