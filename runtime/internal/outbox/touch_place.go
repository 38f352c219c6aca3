//go:build !race

package outbox

import "runtime"

// many reports, without the queue's lock, whether there seem to be frames behind the
// first.
func (q *Queue) many() bool { return q.more != nil }

// touch reads what the next frame needs of what is kept, without the queue's lock: these
// are words, and nobody looks at them. many says that more than one frame is taken: these
// go to the ring.
func (k *keeping) touch(many bool) {
	runtime.KeepAlive(k.by)
	if !many && int(k.lone) < len(k.last) {
		return
	}
	if p := k.place; p != nil {
		runtime.KeepAlive(p.frame)
	}
	if p := k.eldest; p != nil && many { // it is forgotten for what comes
		runtime.KeepAlive(p.pack)
	}
}
