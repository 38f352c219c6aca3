//go:build !race

package outbox

import "runtime"

// touchPlace reads the place of the next entry, if one is needed, without the queue's
// lock: these are words, and nobody looks at them. many says that more than one frame
// is taken.
func (k *keeping) touchPlace(many bool) {
	if !many && int(k.lone) < len(k.last) {
		return
	}
	if p := k.place; p != nil {
		runtime.KeepAlive(p.frame)
	}
}
