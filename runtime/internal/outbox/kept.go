package outbox

// kept is an entry of what a queue keeps: one frame, or many that were handed out
// together.
type kept struct {
	frame *Frame // nil: it is a pack
	pack  *pack
}

// minRing is how many entries the first ring has room for.
const minRing = 4

// put puts an entry behind the newest.
func (k *keeping) put(e kept) {
	if int(k.used) == len(k.ring) {
		k.resize(min(max(minRing, 2*len(k.ring)), k.by.Frames))
	}
	k.ring[k.next] = e
	k.used++
	if k.next++; int(k.next) == len(k.ring) {
		k.next = 0
		if room := 2 * int(k.used); room >= minRing && 2*room <= len(k.ring) { // it has packs by now
			k.resize(room)
		}
	}
}

// showPlace says where the next entry goes.
func (k *keeping) showPlace() {
	if len(k.ring) > 0 {
		k.place = &k.ring[k.next]
	}
}

// resize moves the entries to a ring with room for so many, which is more than there
// are.
func (k *keeping) resize(room int) {
	ring := make([]kept, room)
	for i := range k.used {
		ring[i] = k.ring[k.back(k.used-i)]
	}
	k.ring, k.next, k.place = ring, k.used, nil
}

// back returns where the entry is that was put i entries ago: the last is 1.
func (k *keeping) back(i uint32) uint32 {
	if i > k.next {
		return k.next + uint32(len(k.ring)) - i
	}
	return k.next - i
}

// forget forgets the n oldest frames, of which there must be so many.
func (k *keeping) forget(n uint32) {
	k.n -= n
	for n > 0 {
		oldest := &k.ring[k.back(k.used)]
		if p := oldest.pack; p != nil {
			end := min(k.skip+n, p.len())
			k.bytes -= p.sums[end] - p.sums[k.skip]
			n -= end - k.skip
			if k.skip = end; end < p.len() {
				return
			}
			k.skip = 0
		} else {
			k.bytes -= oldest.frame.weight()
			n--
		}
		*oldest = kept{}
		k.used--
	}
}

// pop forgets the n newest frames, of which there must be so many.
func (k *keeping) pop(n uint32) {
	k.n -= n
	for n > 0 {
		at := k.back(1)
		newest := &k.ring[at]
		if p := newest.pack; p != nil {
			first := uint32(0)
			if k.used == 1 {
				first = k.skip
			}
			rest := p.len() - min(n, p.len()-first)
			k.bytes -= p.sums[p.len()] - p.sums[rest]
			n -= p.len() - rest
			if rest > first {
				newest.pack = p.front(rest)
				return
			}
			if k.used == 1 {
				k.skip = 0
			}
		} else {
			k.bytes -= newest.frame.weight()
			n--
		}
		*newest = kept{}
		k.used--
		k.next = at
	}
}

// behind returns the frames that were handed out behind the first seq that count. All
// of them must be kept.
func (k *keeping) behind(seq uint64) []*Frame {
	frames := make([]*Frame, 0, k.sent-seq)
	before := int(k.n) - cap(frames) // kept, and not wanted
	for i := k.used; i > 0; i-- {
		e := &k.ring[k.back(i)]
		some := []*Frame{e.frame}
		if e.pack != nil {
			some = e.pack.frames
			if i == k.used {
				some = some[k.skip:]
			}
		}
		skip := min(before, len(some))
		before -= skip
		frames = append(frames, some[skip:]...)
	}
	return frames
}
