package outbox

// Len returns the frames and bytes that are queued or in flight.
func (q *Queue) Len() (frames, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int(q.frames), int(q.bytes)
}
