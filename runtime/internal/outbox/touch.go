package outbox

import "runtime"

// Touch fetches the queue's memory, which is often in no cache. A push to many
// touches some queues before it pushes to the first: the processor then waits for
// all of them at once. A broadcast to a thousand idle connections is pushed in 180 to
// 200 µs instead of 220 to 240 (docs/performance.md). What a queue keeps is none of
// a push's business.
func (q *Queue) Touch() { runtime.KeepAlive(q.limits.Load()) }

// TouchAll is Touch for one who takes frames, with the memory of what is kept.
func (q *Queue) TouchAll() {
	if k := q.beside.Load(); k != nil {
		k.touch(q.many())
	}
}

// TouchMany is TouchAll for a queue that has more than one frame.
func (q *Queue) TouchMany() {
	if k := q.beside.Load(); k != nil && q.many() {
		k.touch(true)
	}
}
