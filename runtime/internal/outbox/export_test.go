package outbox

import "unsafe"

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

// KeepingSize returns how large what a queue has is that keeps, and where the part of
// it begins that is rare.
func KeepingSize() (size, second uintptr) {
	return unsafe.Sizeof(keeping{}), unsafe.Offsetof(keeping{}.ring)
}

// Sent returns how many frames that count were taken. The queue must have a
// Keeper.
func (q *Queue) Sent() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.keeping().sent
}

// After returns the frames that were taken behind the first seq, in order. It
// returns false if not all of them are kept, or if there were not so many. The
// queue must have a Keeper.
func (q *Queue) After(seq uint64) (frames [][]byte, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.keeping()
	if !k.has(seq) {
		return nil, false
	}
	for _, f := range k.behind(seq) {
		frames = append(frames, f.bytes)
	}
	return frames, true
}

// Entries returns how many entries hold what is kept, and for how many there is room.
// The queue must have a Keeper.
func (q *Queue) Entries() (used, room int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.keeping()
	return int(k.used + k.lone), len(k.ring) + len(k.last)
}
