package presence

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// This file is about people: whom the entries of all nodes are of, and what those who
// watch are told of them.

// person is somebody who is present, or has been a moment ago.
type person struct {
	key    string
	first  *entry        // nil: all connections are gone, and the person lingers
	ghost  string        // what the last one said, of a person who lingers
	leaves time.Duration // when such a person is gone
	told   bool          // somebody who watches may know of the person
}

// entry is a connection of a person's.
type entry struct {
	conn       uint64
	of         *person
	prev, next *entry
	meta       string
}

// lapse is when somebody who lingers is gone.
type lapse struct {
	key string
	at  time.Duration
}

// put adds an entry to those of a node, or changes it. It reports whether that changes
// anything.
func (r *Room) put(in map[uint64]*entry, e Entry, now time.Duration) bool {
	if old := in[e.Conn]; old != nil {
		if old.of.key == e.Key {
			if old.meta == e.Meta {
				return false
			}
			old.meta = e.Meta
			r.change(old.of)
			return true
		}
		r.take(in, e.Conn, now, r.o.Linger)
	}
	p := r.people[e.Key]
	if p == nil {
		p = &person{key: e.Key}
		r.people[p.key] = p
		r.change(p)
	} else if p.first != nil || p.ghost != e.Meta {
		r.change(p) // else somebody is back in time, and says the same
	}
	p.ghost, p.leaves = "", 0
	x := &entry{conn: e.Conn, of: p, next: p.first, meta: e.Meta}
	if p.first != nil {
		p.first.prev = x
	}
	p.first = x
	in[e.Conn] = x
	return true
}

// take takes an entry away from those of a node. The person, if that was the last one,
// lingers for a time. It reports whether the entry was there.
func (r *Room) take(in map[uint64]*entry, conn uint64, now, linger time.Duration) bool {
	e := in[conn]
	if e == nil {
		return false
	}
	delete(in, conn)
	p := e.of
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		p.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	switch {
	case p.first != nil:
		r.change(p)
	case linger <= 0:
		r.leave(p)
	default:
		p.ghost, p.leaves = e.meta, now+linger
		r.lingering = append(r.lingering, lapse{p.key, p.leaves})
	}
	return true
}

// leave has somebody be gone.
func (r *Room) leave(p *person) {
	r.change(p)
	delete(r.people, p.key)
}

// lapsed has those be gone who have lingered for long enough.
func (r *Room) lapsed(now time.Duration) {
	for len(r.lingering) > 0 && r.lingering[0].at <= now {
		l := r.lingering[0]
		if r.lingering = r.lingering[1:]; len(r.lingering) == 0 {
			r.lingering = nil
		}
		if p := r.people[l.key]; p != nil && p.first == nil && p.leaves == l.at {
			r.leave(p)
		}
	}
}

// change notes that something of a person is to be told.
func (r *Room) change(p *person) {
	if _, noted := r.changed[p.key]; noted {
		return
	}
	if r.changed == nil {
		r.changed = make(map[string]bool)
	}
	r.changed[p.key] = p.told
}

// tooMany reports whether only the number of people is told.
func (r *Room) tooMany() bool { return r.o.Max > 0 && len(r.people) > r.o.Max }

// tell returns what those who watch are told now, if there is anything.
func (r *Room) tell(now time.Duration) (d Delta, ok bool) {
	if len(r.changed) == 0 || now < r.tellAt {
		return Delta{}, false
	}
	d.Count = len(r.people)
	switch was := r.many; {
	case r.tooMany():
		r.many = true
		d.Full = !was
		ok = !was || d.Count != r.count || r.newcomers
		r.settle()
	case was || r.newcomers:
		r.many = false
		d, ok = r.Full(), true
		r.settle()
	default:
		r.difference(&d)
		ok = len(d.Joined)+len(d.Left) > 0
	}
	if ok {
		r.count, r.tellAt = d.Count, now+gather
		if r.many {
			r.tellAt = now + gatherMany
		}
	}
	return d, ok
}

// settle forgets what was to be told: it is told by a number, or a whole list.
func (r *Room) settle() { r.changed, r.newcomers = nil, false }

// difference fills in who has come, and who has left that somebody knows of.
func (r *Room) difference(d *Delta) {
	for _, key := range slices.Sorted(maps.Keys(r.changed)) {
		if p := r.people[key]; p != nil {
			p.told = true
			d.Joined = append(d.Joined, p.shown())
		} else if r.changed[key] {
			d.Left = append(d.Left, key)
		}
	}
	r.settle()
}

// Full returns what somebody is told who begins to watch, and begins anew. The next
// Delta of Turn follows on it.
func (r *Room) Full() Delta {
	d := Delta{Full: true, Count: len(r.people)}
	if r.tooMany() {
		r.newcomers = r.newcomers || !r.many || d.Count != r.count
		return d
	}
	d.Joined = make([]Person, 0, len(r.people))
	for _, p := range r.people {
		p.told = true
		d.Joined = append(d.Joined, p.shown())
	}
	sortPeople(d.Joined)
	for key := range r.changed {
		if r.people[key] != nil {
			r.changed[key] = true
		}
	}
	return d
}

// People returns who is there, by key.
func (r *Room) People() []Person {
	all := make([]Person, 0, len(r.people))
	for _, p := range r.people {
		all = append(all, p.shown())
	}
	sortPeople(all)
	return all
}

// Count returns how many people there are.
func (r *Room) Count() int { return len(r.people) }

func sortPeople(all []Person) {
	slices.SortFunc(all, func(a, b Person) int { return cmp.Compare(a.Key, b.Key) })
}

// shown returns what is told of a person.
func (p *person) shown() Person {
	if p.first == nil {
		return Person{p.key, []string{p.ghost}}
	}
	if p.first.next == nil {
		return Person{p.key, []string{p.first.meta}}
	}
	var all []*entry
	for e := p.first; e != nil; e = e.next {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.conn, b.conn) })
	all = all[:min(len(all), MaxMetas)]
	metas := make([]string, len(all))
	for i, e := range all {
		metas[i] = e.meta
	}
	return Person{p.key, metas}
}
