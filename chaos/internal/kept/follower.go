package kept

import (
	"maps"
	"slices"
	"time"
)

// Follower is what one client has had. Its methods are called by one goroutine at a
// time.
type Follower struct {
	book   *Book
	name   string
	traces map[string]*trace   // guarded by book.mu; by room
	unions map[string][]string // guarded by book.mu; in which rooms it has heard what went to several, by text
}

// trace is what a follower has had of one history. It is guarded by Book.mu.
type trace struct {
	follows bool // since $joined, in the connection that there is
	claims  bool // in this connection it has said where it is
	has     bool // it has a place
	at      Place
	since   time.Time // when it was told of that
	joined  time.Time // when it began to follow in this connection
	spans   []span
	breaks  []gone
}

// span is what was heard from one place on, without a word that something is missing.
type span struct {
	epoch string
	start uint64
	heard []uint64
}

// gone is that something is missing, as a follower was told.
type gone struct {
	since time.Time // when it was told of the place before
	told  time.Time
	lost  bool // by $lost; else by $joined
}

// Follower returns a new one, by a name that no other has.
func (b *Book) Follower(name string) *Follower {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := &Follower{book: b, name: name, traces: make(map[string]*trace), unions: make(map[string][]string)}
	b.followers[name] = f
	return f
}

// Connect begins a connection in which the follower follows rooms. It returns where it
// is in their histories, which it says to the server.
func (f *Follower) Connect(rooms []string) (claims map[string]Place) {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	claims = make(map[string]Place)
	for _, room := range rooms {
		t := f.traces[room]
		if t == nil {
			t = new(trace)
			f.traces[room] = t
		}
		if t.follows, t.claims = false, t.has; t.has {
			claims[room] = t.at
		}
	}
	return claims
}

// Gone ends a connection.
func (f *Follower) Gone() {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	for _, t := range f.traces {
		t.follows = false
	}
}

// Joined takes $joined. recovered is nil if it does not say so.
func (f *Follower) Joined(room string, at Place, recovered *bool, now time.Time) {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	b, t := f.book, f.traces[room]
	switch {
	case t == nil:
		b.fail("I1: %s was told $joined of %s, which it does not follow", f.name, room)
		return
	case t.follows:
		b.fail("I1: %s was told $joined of %s twice in one connection", f.name, room)
	case recovered == nil && t.claims:
		b.fail("I1: %s has said that it is at %v of %s, and was told to begin at %v, and not whether something is missing", f.name, t.at, room, at)
	case recovered != nil && !t.claims:
		b.fail("I1: %s has said no place in %s, and was told recovered: %v", f.name, room, *recovered)
	case recovered != nil && *recovered && at != t.at:
		b.fail("I1: %s was at %v of %s, and was recovered at %v", f.name, t.at, room, at)
	case recovered != nil && !*recovered:
		t.breaks = append(t.breaks, gone{since: t.since, told: now})
	}
	t.follows, t.joined = true, now
	t.begin(at, now)
}

// Lost takes $lost.
func (f *Follower) Lost(room string, at Place, now time.Time) {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	t := f.traces[room]
	if t == nil || !t.follows {
		f.book.fail("I1: %s was told $lost of %s, and no $joined before", f.name, room)
		return
	}
	t.breaks = append(t.breaks, gone{since: t.since, told: now, lost: true})
	t.begin(at, now)
}

// begin has a new span begin.
func (t *trace) begin(at Place, now time.Time) {
	t.at, t.has, t.since = at, true, now
	t.spans = append(t.spans, span{epoch: at.Epoch, start: at.Offset})
}

// Heard takes a kept push. One that comes before $joined is none that is followed.
func (f *Follower) Heard(room string, at Place, m Message, now time.Time) {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	b, t := f.book, f.traces[room]
	b.heard++
	b.found(room, at, m, true, now)
	switch {
	case t == nil:
		b.fail("I1: %s has got %s of %s, which it does not follow", f.name, m.Text, room)
		return
	case !t.follows:
		return
	case at.Epoch != t.at.Epoch:
		b.fail("I1: %s was at %v of %s, and has got %v, and was told of no reset", f.name, t.at, room, at)
		t.begin(Place{at.Epoch, at.Offset - 1}, now)
	case at.Offset <= t.at.Offset:
		b.fail("I1: %s was at %v of %s, and has got %v: twice, or out of order", f.name, t.at, room, at)
		return
	}
	last := &t.spans[len(t.spans)-1]
	last.heard = append(last.heard, at.Offset)
	t.at, t.since = at, now
	if m.Rooms > 1 {
		f.union(room, m, now)
	}
}

// union notes that the follower has got what went to several rooms. In two of them it
// gets it only if it began to follow one of them, or was told that something is
// missing, since it was pushed. The caller holds the lock.
func (f *Follower) union(room string, m Message, now time.Time) {
	before := f.unions[m.Text]
	f.unions[m.Text] = append(before, room)
	if len(before) == 0 || f.book.lost(m.Said, now) {
		return
	}
	for _, in := range append(before, room) {
		if t := f.traces[in]; t.joined.After(m.Said) || t.broken(m.Said) {
			return
		}
	}
	f.book.fail("I1: %s has got %s in %s, and in %v before", f.name, m.Text, room, before)
}

// broken reports whether a follower was told that something is missing since then.
func (t *trace) broken(since time.Time) bool {
	return slices.ContainsFunc(t.breaks, func(g gone) bool { return g.told.After(since) })
}

// Behind returns which followers are not at the ends of histories that they follow: at
// most ten of them. Who has been there and is away is behind if now is true.
func (b *Book) Behind(ends map[string]Place, now bool) []string {
	return b.which(func(room string, t *trace) bool {
		end, is := ends[room]
		return is && !(t.at.Epoch == end.Epoch && t.at.Offset >= end.Offset && (t.follows || !now))
	}, ends)
}

// Nowhere returns which followers were not told where they are in histories that they
// follow: at most ten of them.
func (b *Book) Nowhere() []string {
	return b.which(func(_ string, t *trace) bool { return !t.has }, nil)
}

// which returns at most ten followers of which something is so.
func (b *Book) which(is func(room string, t *trace) bool, ends map[string]Place) (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(b.followers)) {
		f := b.followers[name]
		if len(f.traces) == 0 {
			all = append(all, name+" has not connected")
		}
		for room, t := range f.traces {
			if is(room, t) {
				all = append(all, t.where(name, room, ends[room]))
			}
		}
		if len(all) >= 10 {
			return all[:10]
		}
	}
	return all
}

// where says where a follower is, and not at the end.
func (t *trace) where(name, room string, end Place) string {
	switch {
	case !t.has:
		return name + " follows nothing of " + room
	case !t.follows:
		return name + " was at " + t.at.String() + " of " + room + ", and does not follow it"
	}
	return name + " is at " + t.at.String() + " of " + room + ", and " + end.String() + " is the end"
}

// Newest returns the newest place of each history that a writer was told. What went to
// several histories does not count: who follows them gets it in one of these.
func (b *Book) Newest() map[string]Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	newest, when := make(map[string]Place), make(map[string]time.Time)
	for _, v := range b.told {
		if v.kept && v.Rooms == 1 && v.when.After(when[v.room]) {
			newest[v.room], when[v.room] = v.at, v.when
		}
	}
	return newest
}
