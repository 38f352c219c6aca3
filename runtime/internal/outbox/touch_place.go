//go:build !race

package outbox

import "runtime"

// touchPlace reads the place of the next entry, and where that is, without the queue's
// lock: these are words, and nobody looks at them.
func (k *keeping) touchPlace() {
	if p := k.place; p != nil {
		runtime.KeepAlive(p.frame)
	}
}
