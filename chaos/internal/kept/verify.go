package kept

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"
)

// Sums are what a Book has of each.
type Sums struct {
	Kept, Refused, Unsure int // what writers were told
	Heard                 int // by all followers together
	Returns               int // of followers who said where they were, and were told whether something is missing
	Missing               int // of these: it is
	Lost                  int // how often $lost came
}

// Sums adds up.
func (b *Book) Sums() (s Sums) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.told {
		switch {
		case v.kept:
			s.Kept++
		case v.not:
			s.Refused++
		default:
			s.Unsure++
		}
	}
	s.Heard = b.heard
	for _, f := range b.followers {
		for _, t := range f.traces {
			lost := 0
			for _, g := range t.breaks {
				if g.lost {
					lost++
				} else {
					s.Missing++
				}
			}
			s.Lost += lost
			s.Returns += max(len(t.spans)-lost-1, 0)
		}
	}
	return s
}

// graceOfLoss is how long behind a loss a node may not know of it yet: it asks for the
// ends of histories every 36 s at most.
const graceOfLoss = 45 * time.Second

// Verify returns what does not hold. What a writer was told before began is not asked
// for: perhaps nobody followed yet.
func (b *Book) Verify(began time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := problems{list: slices.Clone(b.wrong)}
	if more := b.wrongs - len(b.wrong); more > 0 {
		all.list = append(all.list, fmt.Sprintf("I1: … and %d more of that kind", more))
	}
	for _, name := range slices.Sorted(maps.Keys(b.followers)) {
		f := b.followers[name]
		for _, room := range slices.Sorted(maps.Keys(f.traces)) {
			b.gaps(&all, f, room)
			b.unexplained(&all, f, room)
		}
	}
	all.end("I1")
	b.promises(&all, began)
	all.end("I2")
	return all.list
}

// problems is a list with a bound for each kind.
type problems struct {
	list []string
	n    int // of the kind that is looked at
}

func (p *problems) add(format string, args ...any) {
	if p.n++; p.n <= mostWrong {
		p.list = append(p.list, fmt.Sprintf(format, args...))
	}
}

// end is called behind all of one kind.
func (p *problems) end(kind string) {
	if p.n > mostWrong {
		p.list = append(p.list, fmt.Sprintf("%s: … and %d more of that kind", kind, p.n-mostWrong))
	}
	p.n = 0
}

// gaps finds what a follower has not had between what it has. The caller holds mu.
func (b *Book) gaps(all *problems, f *Follower, room string) {
	h := b.rooms[room]
	for _, s := range f.traces[room].spans {
		if len(s.heard) == 0 {
			continue
		}
		of := h.epochs[s.epoch]
		had := 0
		for _, offset := range between(of, s.start, s.heard[len(s.heard)-1]) {
			for had < len(s.heard) && s.heard[had] < offset {
				had++
			}
			if s.heard[had] == offset || b.inHole(room, offset) || b.elsewhere(f, room, of[offset]) {
				continue
			}
			all.add("I1: %s has not got %v of %s, which is %s, between %d and %d, and was told nothing", f.name, Place{s.epoch, offset}, room, of[offset].Text, s.before(offset), s.heard[had])
		}
	}
}

// before returns what was heard before an offset.
func (s *span) before(offset uint64) uint64 {
	i := sort.Search(len(s.heard), func(i int) bool { return s.heard[i] >= offset })
	if i == 0 {
		return s.start
	}
	return s.heard[i-1]
}

// between returns the offsets behind one, up to another, in order.
func between(of map[uint64]*entry, after, to uint64) (offsets []uint64) {
	for offset := range of {
		if after < offset && offset <= to {
			offsets = append(offsets, offset)
		}
	}
	slices.Sort(offsets)
	return offsets
}

// elsewhere reports whether a follower has got what went to several rooms in another
// one, or was told there that something is missing. The caller holds mu.
func (b *Book) elsewhere(f *Follower, room string, e *entry) bool {
	if e.Rooms < 2 {
		return false
	}
	if len(f.unions[e.Text]) > 0 {
		return true
	}
	for other, t := range f.traces {
		if other == room || !t.broken(e.Said) {
			continue
		}
		if h := b.rooms[other]; h != nil {
			if _, is := h.places[e.Text]; is {
				return true
			}
		}
	}
	return false
}

// unexplained finds where a follower was told that something is missing, and nothing
// was lost. The caller holds mu.
func (b *Book) unexplained(all *problems, f *Follower, room string) {
	for _, g := range f.traces[room].breaks {
		if !b.lost(g.since.Add(-graceOfLoss), g.told) {
			all.add("I1: %s was told at %s that something of %s is missing, and the engine has lost nothing since it was told of its place at %s", f.name, g.told.Format("05.000"), room, g.since.Format("05.000"))
		}
	}
}

// promises finds what writers were told and is not so. The caller holds mu.
func (b *Book) promises(all *problems, began time.Time) {
	for _, room := range slices.Sorted(maps.Keys(b.rooms)) {
		h := b.rooms[room]
		for _, t := range h.twice {
			if !b.lost(t.first.when.Add(-graceOfLoss), t.second.when) {
				all.add("I2: %s is in %s twice: at %v, and at %v", t.Text, room, t.first.at, t.second.at)
			}
		}
		for text := range h.places {
			if b.told[text].not {
				all.add("I2: %s is in %s, at %v, and its writer was told that it is not kept", text, room, h.places[text].at)
			}
		}
	}
	followed := make(map[string]bool)
	for _, f := range b.followers {
		for room := range f.traces {
			followed[room] = true
		}
	}
	for _, text := range slices.Sorted(maps.Keys(b.told)) {
		v := b.told[text]
		if !v.kept || v.when.Before(began) || !followed[v.room] {
			continue
		}
		e := b.rooms[v.room].epochs[v.at.Epoch][v.at.Offset]
		if e.heard || e.Text != text || e.Rooms > 1 && b.heardOf(text) || b.inHole(v.room, v.at.Offset) || b.excused(&v) {
			continue
		}
		all.add("I2: a writer was told at %s that %s is kept at %v of %s, and nobody has got it", v.when.Format("05.000"), text, v.at, v.room)
	}
}

// heardOf reports whether somebody has got a message in any of its rooms. The caller
// holds mu.
func (b *Book) heardOf(text string) bool {
	for _, h := range b.rooms {
		if was, is := h.places[text]; is && h.epochs[was.at.Epoch][was.at.Offset].heard {
			return true
		}
	}
	return false
}

// excused reports whether nobody needs to have got a message: the engine has lost it
// soon, or had lost what was before it, and all followers were told to begin behind it.
// The caller holds mu.
func (b *Book) excused(v *verdict) bool {
	switch {
	case b.lost(v.when, v.when.Add(graceOfLoss)):
		return true
	case !b.lost(v.when.Add(-graceOfLoss), v.when):
		return false
	}
	for _, f := range b.followers {
		t := f.traces[v.room]
		if t != nil && !slices.ContainsFunc(t.spans, func(s span) bool { return s.epoch == v.at.Epoch && s.start >= v.at.Offset }) {
			return false
		}
	}
	return true
}
