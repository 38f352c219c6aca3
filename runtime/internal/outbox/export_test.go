package outbox

// Len returns the frames and bytes that are queued or in flight.
func (q *Queue) Len() (frames, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int(q.frames), int(q.bytes)
}

// Frames returns the frames of b.
func (b *Batch) Frames() (frames [][]byte) {
	if b.first != nil {
		frames = append(frames, b.first)
	}
	if b.more != nil {
		for _, f := range b.more.frames {
			frames = append(frames, f.bytes)
		}
	}
	return frames
}

// Stalled reports whether the queue's writer waits for its peer.
func (q *Queue) Stalled() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.is(stalled)
}
