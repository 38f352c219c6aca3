package presence

import (
	"maps"
	"slices"
	"time"
)

// This file is about the parts of other nodes, as they tell them.

// part is what is known of another node.
type part struct {
	base    uint32
	entries map[uint64]*entry // as of version
	version uint64
	seen    uint64 // the latest that was heard of
	synced  bool   // entries are all that there is, as far as is known
	held    []Message
	coming  *coming

	askAt time.Duration // Never: it is not asked
	tries int
	sure  time.Duration // it is asked then, unless it has said something
}

// coming is a State of which not all parts have come.
type coming struct {
	version uint64
	next    uint64
	bytes   int
	entries []Entry
}

// Hear takes a message of another node. It keeps the items. It returns false, and
// nothing has happened, if no node sends such a message.
func (r *Room) Hear(from *Origin, m *Message, now time.Duration) bool {
	if !sound(m) {
		return false
	}
	if m.Kind == Ask || m.Kind == Digest {
		r.hearDigest(from, m.Version, now)
		if m.Kind == Ask {
			r.hearAsk(from, m, now)
		}
		return true
	}
	p := r.part(from, now)
	if p == nil {
		return true
	}
	if m.Kind == Change {
		r.hearChange(p, m, now)
	} else {
		r.hearState(p, m, now)
	}
	r.heard(from.Node, p, now)
	return true
}

// part returns the part of a node, made if need be; nil if there are too many.
func (r *Room) part(from *Origin, now time.Duration) *part {
	p := r.parts[from.Node]
	if p == nil {
		if len(r.parts) >= maxNodes {
			return nil
		}
		p = &part{askAt: Never, sure: now + sure}
		if r.parts == nil {
			r.parts = make(map[uint64]*part)
		}
		r.parts[from.Node] = p
	}
	p.base = from.Base
	return p
}

// heard notes that a node has said something of its part. One that is no member, as
// far as is known, is soon asked whether it is still there.
func (r *Room) heard(node uint64, p *part, now time.Duration) {
	p.sure = now + sure
	if !r.o.Member(node) {
		p.sure = now + unknown
	}
}

// ask has a node asked soon.
func (r *Room) ask(p *part, now time.Duration) {
	p.synced = false
	if p.askAt == Never {
		p.askAt, p.tries = now, 0
	}
}

// answered notes that nothing is to be asked of a node.
func (p *part) answered() {
	p.synced, p.askAt, p.tries, p.held = true, Never, 0, nil
}

// hearChange takes a change.
func (r *Room) hearChange(p *part, m *Message, now time.Duration) {
	switch p.seen = max(p.seen, m.Version); {
	case m.Version <= p.version:
	case m.Since == 0:
		r.replace(p, entriesOf(m.Items), now)
		r.at(p, m.Version, now)
	case p.synced && m.Since <= p.version:
		r.apply(p, m, now)
	default:
		p.hold(m)
		r.ask(p, now)
	}
}

// hold keeps a change that builds on a state which is not known yet.
func (p *part) hold(m *Message) {
	if len(m.Items) > heldBytes {
		return // it is asked for
	}
	if len(p.held) == maxHeld {
		p.held = slices.Delete(p.held, 0, 1)
	}
	p.held = append(p.held, *m)
}

// apply applies a change that builds on what is known.
func (r *Room) apply(p *part, m *Message, now time.Duration) {
	for i := range each(m.Items) {
		if i.gone {
			r.take(p.entries, i.Conn, now, r.o.Linger)
		} else {
			r.add(p, i.Entry, now)
		}
	}
	p.version = m.Version
}

// add adds an entry to a part, or changes it.
func (r *Room) add(p *part, e Entry, now time.Duration) {
	if p.entries == nil {
		p.entries = make(map[uint64]*entry)
	}
	if len(p.entries) < maxEntries || p.entries[e.Conn] != nil {
		r.put(p.entries, e, now)
	}
}

// at notes that a part is known as of a version, and takes what has come before and
// builds on that.
func (r *Room) at(p *part, version uint64, now time.Duration) {
	p.version = version
	for _, m := range p.held {
		if m.Version > p.version && m.Since <= p.version {
			r.apply(p, &m, now)
		}
	}
	if p.seen <= p.version {
		p.answered()
		return
	}
	p.askAt = Never // it has answered, and is asked again for what is missing
	r.ask(p, now)
}

// hearState takes a part of a State, or all of it.
func (r *Room) hearState(p *part, m *Message, now time.Duration) {
	if m.Version < p.version {
		return
	}
	p.seen = max(p.seen, m.Version)
	if m.Part == 0 {
		p.coming = &coming{version: m.Version}
	}
	c := p.coming
	if c == nil || c.version != m.Version || c.next != m.Part {
		p.coming = nil // one is missing: it is asked again
		return
	}
	c.next++
	if c.bytes += len(m.Items); c.bytes <= maxState {
		c.entries = append(c.entries, entriesOf(m.Items)...)
	}
	if !m.Last {
		if p.askAt != Never {
			p.askAt = now + waiting // more is on its way
		}
		return
	}
	p.coming = nil
	r.replace(p, c.entries, now)
	r.at(p, m.Version, now)
}

// replace makes entries those of a part.
func (r *Room) replace(p *part, all []Entry, now time.Duration) {
	stays := make(map[uint64]struct{}, len(all))
	for i := range all {
		stays[all[i].Conn] = struct{}{}
	}
	for _, conn := range slices.Sorted(maps.Keys(p.entries)) {
		if _, is := stays[conn]; !is {
			r.take(p.entries, conn, now, r.o.Linger)
		}
	}
	for _, e := range all {
		r.add(p, e, now)
	}
}

// hearDigest takes at which state a node says that it is.
func (r *Room) hearDigest(from *Origin, version uint64, now time.Duration) {
	p := r.parts[from.Node]
	switch {
	case p == nil && version == 0:
		return
	case p == nil:
		if p = r.part(from, now); p == nil {
			return
		}
	case version == 0 && len(p.entries) > 0:
		r.ask(p, now) // it has nobody: what it answers has a version
		return
	case version == 0:
		return
	}
	p.base = from.Base
	r.heard(from.Node, p, now)
	switch {
	case version < p.version:
	case version == p.version && p.seen <= version:
		p.answered()
	default:
		p.seen = max(p.seen, version)
		r.ask(p, now)
	}
}

// hearAsk notes that a node is to be answered: it has asked this one alone, or knows
// of somebody here, or there is somebody.
func (r *Room) hearAsk(from *Origin, m *Message, now time.Duration) {
	has, listed := known(m.Items, r.o.Self)
	if from.Direct || listed || len(r.mine) > 0 {
		r.owes(from, has, now)
	}
}

// Gone has a node's people be gone: the node has left, and they may be back soon
// elsewhere, or it was not heard for so long that they would be.
func (r *Room) Gone(node uint64, left bool, now time.Duration) {
	p := r.parts[node]
	if p == nil {
		return
	}
	linger := r.o.Linger
	if !left {
		linger = 0
	}
	for _, conn := range slices.Sorted(maps.Keys(p.entries)) {
		r.take(p.entries, conn, now, linger)
	}
	delete(r.parts, node)
	r.answers = slices.DeleteFunc(r.answers, func(a answer) bool { return a.to == node })
}

// Back has a node asked soon that was taken for gone.
func (r *Room) Back(node uint64, base uint32, now time.Duration) {
	if p := r.part(&Origin{Node: node, Base: base}, now); p != nil && p.askAt == Never {
		p.synced, p.tries = false, 0
		p.askAt = now + r.o.Random(spread)
	}
}

// question asks all who hear the room, and says what is known of whom. A node that
// does not hear it any more is asked alone, when it has not answered.
func (r *Room) question(now time.Duration) {
	r.askAt = Never
	var items []byte
	for _, node := range slices.Sorted(maps.Keys(r.parts)) {
		p := r.parts[node]
		if p.synced {
			items = appendKnown(items, node, p.version)
		} else if len(p.entries) > 0 {
			items = appendKnown(items, node, 0)
		}
		p.sure = min(p.sure, now+2*waiting)
	}
	r.out = append(r.out, Message{Kind: Ask, Version: r.stands(), Items: items})
}

// askParts asks those whose turn it is, and gives up those that are no members and do
// not answer.
func (r *Room) askParts(now time.Duration) {
	for _, node := range slices.Sorted(maps.Keys(r.parts)) {
		p := r.parts[node]
		if p.askAt == Never && p.sure <= now && len(p.entries) > 0 {
			p.askAt, p.tries = now, 0
			p.sure = now + sure
		}
		if p.askAt > now {
			continue
		}
		if p.tries >= vain && !r.o.Member(node) {
			r.Gone(node, false, now)
			continue
		}
		p.askAt = now + min(waiting<<min(p.tries, 10), longest)
		p.tries++
		has := p.version
		if len(p.held) > 0 || p.seen > p.version {
			has = 0 // whatever it is at, it is not that
		}
		r.out = append(r.out, Message{Kind: Ask, Direct: true, Base: p.base, Version: r.stands(), Items: appendKnown(nil, node, has)})
	}
}
