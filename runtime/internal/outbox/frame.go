package outbox

import (
	"math"
	"sync/atomic"
)

// Frame is an encoded frame that any number of queues share. Share makes one,
// one goroutine pushes it to queues (Queue.Share, Queue.Offer), and Settle says
// that it has gone to all of them. It must not be copied.
//
// Its bytes count once towards the total, from when the first queue has it
// behind another frame until the last of them lets go. The pusher counts these
// queues by itself, and adds them at the end: an atomic operation for each
// receiver would be much of a push.
type Frame struct {
	bytes []byte

	// holders is how many queues have it behind another frame, and bias more
	// while it is being pushed. It is 0 for a frame that one queue has for
	// itself, or each of many (Lone), which counts there.
	holders atomic.Int32
	pushed  uint16 // how many queues took it behind another frame and holders has not; used by the pusher only
	share   uint16 // what it weighs in each that keeps it (Among); 0: all of it
}

// bias is more than there are queues.
const bias = 1 << 30

// Share makes a frame of bytes, which must not change later.
func (f *Frame) Share(bytes []byte) {
	f.bytes = bytes
	f.holders.Store(bias)
}

// Among says that the frame goes to about n queues: each that keeps it counts a
// share of its bytes. It must be called between Share and the first push.
//
// A share below 32 KiB is exact; a larger one is rounded up to 4 KiB.
func (f *Frame) Among(n int) {
	share := max(1, len(f.bytes)/max(1, n))
	if share >= coarse {
		share = coarse + min(coarse-1, (share+grain-1)/grain)
	}
	f.share = uint16(share)
}

// A share from coarse on is stored as so many grains, with coarse added.
const (
	coarse = 32 << 10
	grain  = 4 << 10
)

// Lone returns a frame of bytes, which must not change later, that counts in each queue
// that has it as if that had it for itself. Nothing of it ever changes: it may go to
// any number of queues, at any time (Queue.PresentAll).
func Lone(bytes []byte) *Frame { return &Frame{bytes: bytes} }

// alone returns the frame as one that a queue has for itself.
func (f *Frame) alone() *Frame { return &Frame{bytes: f.bytes, share: f.share} }

// hold counts a queue that has the frame behind another. pushed stays above 0
// when it has no more numbers: charge asks for that.
func (f *Frame) hold() {
	if f.pushed == math.MaxUint16 {
		f.holders.Add(math.MaxUint16 - 1)
		f.pushed = 1
	}
	f.pushed++
}

// weight returns what a queue counts that keeps the frame: its share of the
// bytes, and the address.
func (f *Frame) weight() uint32 {
	switch share := uint32(f.share); {
	case share == 0:
		return uint32(len(f.bytes)) + address
	case share >= coarse:
		return (share-coarse)*grain + address
	default:
		return share + address
	}
}

// address is how many bytes a queue needs to know a frame.
const address = 8

// Bytes returns the bytes that Share was given.
func (f *Frame) Bytes() []byte { return f.bytes }

// Settle gives the pusher's count to the frame. It must be called when the
// frame has been pushed to all queues, with the total of those.
func (f *Frame) Settle(total *Budget) {
	if f.pushed > 0 {
		f.leave(bias-int32(f.pushed), total)
	}
}

// leave takes back n holders.
func (f *Frame) leave(n int32, total *Budget) {
	if f.holders.Add(-n) == 0 && total != nil {
		total.give(len(f.bytes))
	}
}

// own reports whether one queue has the frame for itself. Only a queue that has
// the frame may ask.
func (f *Frame) own() bool { return f.holders.Load() == 0 }

// last reports whether the next queue that lets go of the frame gives its bytes
// back.
func (f *Frame) last() bool { return f.holders.Load() == 1 }

// Batch has the frames that a writer has taken from a queue, and those that it
// has let go of and not settled yet. The zero Batch is empty and ready.
type Batch struct {
	// Patient says that its writer may wait for the peer within any write, and
	// copies the frames that it writes together.
	Patient bool

	first []byte
	run   uint16 // how many frames first is, if it is in a block; else 0
	share uint16 // of first as a Frame
	more  *overflow

	gone []lot

	lately lately
}

// lot is a frame that queues have let go of, and how many of them have.
type lot struct {
	frame *Frame
	n     int32
}

// Len returns how many frames there are.
func (b *Batch) Len() int {
	n := 0
	if b.first != nil {
		n = 1
	}
	if b.more != nil {
		n += len(b.more.frames)
	}
	return n
}

// Join returns the frames as one slice: a single frame itself, others appended
// to buf.
func (b *Batch) Join(buf []byte) []byte {
	switch {
	case b.more == nil:
		return b.first
	case b.first == nil && len(b.more.frames) == 1:
		return b.more.frames[0].bytes
	}
	buf = append(buf, b.first...)
	for _, f := range b.more.frames {
		buf = append(buf, f.bytes...)
	}
	return buf
}

// Drop lets go of the frames.
func (b *Batch) Drop() {
	b.recycle()
	b.first = nil
	if b.more != nil {
		b.letGo(len(b.more.frames))
		b.more.drop(len(b.more.frames))
		b.more = nil
	}
}

// letGo notes that the queue lets go of the first n frames of more. In a burst
// a worker writes the same frames to one connection after the other. So each
// frame is looked for behind where the one before was found.
func (b *Batch) letGo(n int) {
	next := 0
each:
	for _, f := range b.more.frames[:n] {
		if f.own() {
			continue
		}
		for i := next; i < min(next+ahead, len(b.gone)); i++ {
			if b.gone[i].frame == f {
				b.gone[i].n++
				next = i + 1
				continue each
			}
		}
		b.gone = append(b.gone, lot{f, 1})
	}
}

// ahead is how far letGo looks: connections that were idle did not hold the
// first frame, which was alone there.
const ahead = 4

// Settle gives back to the total the frames that the batch has let go of and no
// queue has any more. It must be called before the writer pauses.
func (b *Batch) Settle(total *Budget) {
	for i, l := range b.gone {
		l.frame.leave(l.n, total)
		b.gone[i].frame = nil
	}
	b.gone = b.gone[:0]
	if cap(b.gone) > maxPooledFrames {
		b.gone = nil
	}
	b.lately.settle()
}
