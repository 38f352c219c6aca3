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
	k.place, k.eldest = &k.ring[k.next], &k.ring[k.back(k.used)]
}

// resize moves the entries to a ring with room for so many, which is more than there
// are.
func (k *keeping) resize(room int) {
	ring := make([]kept, room)
	for i := range k.used {
		ring[i] = k.ring[k.back(k.used-i)]
	}
	k.ring, k.next, k.place, k.eldest = ring, k.used, nil, nil
}

// back returns where the entry is that was put i entries ago: the last is 1.
func (k *keeping) back(i uint32) uint32 {
	if i > k.next {
		return k.next + uint32(len(k.ring)) - i
	}
	return k.next - i
}

// oldest returns how many frames the oldest entry of the ring has that are kept, of
// which there must be one.
func (k *keeping) oldest() uint32 {
	if p := k.ring[k.back(k.used)].pack; p != nil {
		return p.len() - k.skip
	}
	return 1
}

// forget forgets the n oldest frames, of which there must be so many.
func (k *keeping) forget(n uint32) {
	k.n -= n
	for n > 0 && k.used > 0 {
		oldest := &k.ring[k.back(k.used)]
		if p := oldest.pack; p != nil {
			if rest := p.len() - k.skip; n < rest {
				k.bytes -= p.sum(k.skip, k.skip+n)
				k.skip += n
				return
			}
			k.bytes -= p.sum(k.skip, p.len())
			n -= p.len() - k.skip
			k.skip = 0
		} else {
			k.bytes -= oldest.frame.weight()
			n--
		}
		*oldest = kept{}
		k.used--
	}
	if n == 0 {
		return
	}
	for _, f := range k.last[:n] {
		k.bytes -= f.weight()
	}
	rest := copy(k.last[:], k.last[n:k.lone])
	clear(k.last[rest:])
	k.lone = uint32(rest)
}

// pop forgets the n newest frames, of which there must be so many.
func (k *keeping) pop(n uint32) {
	k.n -= n
	for ; n > 0 && k.lone > 0; n-- {
		k.lone--
		k.bytes -= k.last[k.lone].weight()
		k.last[k.lone] = nil
	}
	for n > 0 {
		at := k.back(1)
		newest := &k.ring[at]
		if p := newest.pack; p != nil {
			first := uint32(0)
			if k.used == 1 {
				first = k.skip
			}
			rest := p.len() - min(n, p.len()-first)
			k.bytes -= p.sum(rest, p.len())
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
	return append(frames, k.last[before:k.lone]...)
}
