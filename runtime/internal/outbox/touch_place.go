//go:build !race

package outbox

import "runtime"

// touchPlace reads the place of the next frame, without the queue's lock: that is one
// word, and nobody looks at it.
func (k *keeping) touchPlace() {
	if p := k.place.Load(); p != nil {
		runtime.KeepAlive(*p)
	}
}
