package outbox

import (
	"slices"
	"sync"
)

// Block is how many bytes of replies are copied, at most, into memory that is
// used again and again. A connection has a block only between its first reply
// and the write, which does not wait. So a peer that stalls has no more memory
// than its frames need.
const Block = 4 << 10

var blocks = sync.Pool{New: func() any { return new([Block]byte) }}

// Copy is Insist for a frame whose memory the caller uses again. Frames that an
// empty queue gets one after the other are one run of bytes in a block, which
// needs neither memory nor copying for the write.
func (q *Queue) Copy(frame []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.is(closed):
		return Closed
	case q.waited() || !q.admit(len(frame)):
		return q.full()
	case q.keeps(): // the frame must live on
		return q.add(slices.Clone(frame), mark{how: insisted})
	case q.frames == 0 && len(frame) <= Block:
		q.inline(append(blocks.Get().(*[Block]byte)[:0], frame...), 1, insisted)
	case q.block() > 0 && q.more == nil && len(q.first)+len(frame) <= Block:
		q.first = append(q.first, frame...)
		q.run++
	default:
		return q.add(slices.Clone(frame), mark{how: insisted})
	}
	return q.added(len(frame))
}

// leaveBlock moves the rest of b's one frame, which the socket does not take
// now, out of the block: a peer may never take it.
func (b *Batch) leaveBlock(rest []byte) []byte {
	if b.run > 0 {
		rest = slices.Clone(rest)
		b.recycle()
		b.first = rest
	}
	return rest
}

// recycle gives the block of a run back, if b has one. Nothing may read it any
// more.
func (b *Batch) recycle() {
	if b.run > 0 {
		spoil(b.first)
		blocks.Put((*[Block]byte)(b.first[:Block]))
		b.run = 0
	}
}
