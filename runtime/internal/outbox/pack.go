package outbox

import "slices"

// pack has frames that were handed out together. In a burst to a thousand queues
// they take the same ones, and then keep the same pack: one entry for each queue
// where there would be one for each frame. A ring of these is in no cache, and to
// write it is most of what keeping costs (docs/performance.md). It must not change.
//
// A frame of it that a queue has forgotten stays in memory as long as the queue keeps
// one behind it, and that weighs no more than a part of what may be kept (packPart).
type pack struct {
	frames []*Frame
	weight uint32   // what they weigh together
	sums   []uint32 // what the first i of them weigh
}

// newPack makes a pack of first, unless that is nil, and the frames behind it.
func newPack(first *Frame, behind []*Frame) *pack {
	p := &pack{frames: make([]*Frame, 0, len(behind)+1)}
	if first != nil {
		p.frames = append(p.frames, first)
	}
	p.frames = append(p.frames, behind...)
	p.sums = make([]uint32, len(p.frames)+1)
	for i, f := range p.frames {
		p.sums[i+1] = p.sums[i] + f.weight()
	}
	p.weight = p.sums[len(p.frames)]
	return p
}

func (p *pack) len() uint32 { return uint32(len(p.frames)) }

// is reports whether it has these frames: first, unless that is nil, and those behind it.
func (p *pack) is(first *Frame, behind []*Frame) bool {
	mine := p.frames
	if first != nil {
		if mine[0] != first {
			return false
		}
		mine = mine[1:]
	}
	return slices.Equal(mine, behind)
}

// sum returns what the frames weigh from one to before another. All of a pack is
// known without a look at each.
func (p *pack) sum(from, to uint32) uint32 {
	if from == 0 && to == p.len() {
		return p.weight
	}
	return p.sums[to] - p.sums[from]
}

// front returns the first n frames as a pack of their own.
func (p *pack) front(n uint32) *pack { return &pack{p.frames[:n], p.sums[n], p.sums[:n+1]} }

const (
	minPack  = 4 // frames that a pack has, or more
	packPart = 8 // a pack weighs no more than this part of Keeper.Bytes
)

// lately is what a writer has handed out last. It writes the same frames to one
// connection after the other, and those that keep them keep the same memory. A patient
// writer has one connection, and waits for it: it remembers nothing.
type lately struct {
	first *Frame // that was in the inline slot of a queue, which had no address of it
	packs [4]*pack
	next  uint8 // of packs that is made anew
	used  bool  // since settle
}

// settle forgets what was of no use since it was called last. The rest goes with the
// next that is, or with the writer.
func (l *lately) settle() {
	if !l.used {
		*l = lately{}
	}
	l.used = false
}

// frame returns the first frame of b as one to keep.
func (l *lately) frame(b *Batch) *Frame {
	if f := l.first; f != nil && f.share == b.share && len(f.bytes) == len(b.first) && &f.bytes[0] == &b.first[0] {
		l.used = true
		return f
	}
	f := &Frame{bytes: b.first, share: b.share}
	if f.share > 0 && len(f.bytes) > 0 && !b.Patient {
		l.first, l.used = f, true
	}
	return f
}

// pack returns first, unless that is nil, and the frames of b behind it, which have no
// marks, as a pack to keep; nil: they are none.
func (l *lately) pack(first *Frame, b *Batch, by *Keeper) *pack {
	frames := b.more.frames
	n, last := len(frames), len(frames)-1
	if first != nil {
		n++
	}
	if n < minPack || n > by.Frames || frames[0].own() || frames[last].own() || b.Patient {
		return nil
	}
	p := l.find(first, frames)
	if p == nil {
		p = newPack(first, frames)
		l.packs[l.next] = p
		l.next = (l.next + 1) % uint8(len(l.packs))
	}
	l.used = true
	if int64(p.weight) > int64(by.Bytes)/packPart {
		return nil
	}
	return p
}

// find returns the pack that has the same frames; nil: there is none. They are mostly
// those of the last one.
func (l *lately) find(first *Frame, behind []*Frame) *pack {
	for i := range uint8(len(l.packs)) {
		p := l.packs[(l.next-1-i)%uint8(len(l.packs))]
		if p != nil && p.is(first, behind) {
			return p
		}
	}
	return nil
}
