package presence

import (
	"maps"
	"slices"
	"time"
)

// This file is about the part of this node, and what others are told of it.

// answer is one to a node that has asked.
type answer struct {
	to    uint64
	base  uint32
	known uint64 // what it knows already; 0 is nothing
	at    time.Duration
}

// Set has a connection of this node be present, or changes what is told of it.
func (r *Room) Set(e Entry, now time.Duration) {
	if r.put(r.mine, e, now) {
		r.touch(e.Conn)
	}
}

// Unset ends that a connection of this node is present.
func (r *Room) Unset(conn uint64, now time.Duration) {
	if r.take(r.mine, conn, now, r.o.Linger) {
		r.touch(conn)
	}
}

// Has reports whether a connection of this node is present.
func (r *Room) Has(conn uint64) bool { return r.mine[conn] != nil }

// Own returns the entries of this node, by their connections.
func (r *Room) Own() []Entry {
	all := make([]Entry, 0, len(r.mine))
	for _, conn := range slices.Sorted(maps.Keys(r.mine)) {
		e := r.mine[conn]
		all = append(all, Entry{conn, e.of.key, e.meta})
	}
	return all
}

// touch notes that others are to be told of a connection.
func (r *Room) touch(conn uint64) {
	switch {
	case r.o.Alone:
		return
	case !r.up:
		r.whole = true // nobody hears it now, so all of it is told later
	case !r.whole:
		if r.unsent == nil {
			r.unsent = make(map[uint64]struct{})
		}
		r.unsent[conn] = struct{}{}
	}
	r.pending = true
}

// publish tells others what has changed here.
func (r *Room) publish(now time.Duration) {
	if !r.pending || !r.up {
		return
	}
	r.pending, r.sendAt = false, now+gather
	if r.whole {
		r.publishWhole(now)
		return
	}
	conns, most := slices.Sorted(maps.Keys(r.unsent)), r.o.Most()
	r.unsent = nil
	var items []byte
	flush := func() {
		since := r.version
		r.version = r.o.Versions.Next()
		r.out = append(r.out, Message{Kind: Change, Since: since, Version: r.version, Items: items})
		items = nil
	}
	for _, conn := range conns {
		if len(items) > 0 && len(items)+maxItem > most {
			flush()
		}
		if e := r.mine[conn]; e != nil {
			items = appendEntry(items, Entry{conn, e.of.key, e.meta})
		} else {
			items = appendGone(items, conn)
		}
	}
	flush()
}

// publishWhole tells others all that there is, or, if that is much, that there is
// something to ask for.
func (r *Room) publishWhole(now time.Duration) {
	r.whole, r.unsent = false, nil
	r.version = r.o.Versions.Next()
	if parts := r.parcels(); len(parts) == 1 {
		r.out = append(r.out, Message{Kind: Change, Version: r.version, Items: parts[0]})
		return
	}
	r.digest(now)
}

// parcels returns the items of the own part, in parts of which each may be sent: one
// at least.
func (r *Room) parcels() (parts [][]byte) {
	var items []byte
	most := r.o.Most()
	for _, e := range r.Own() {
		if len(items) > 0 && len(items)+maxItem > most {
			parts, items = append(parts, items), nil
		}
		items = appendEntry(items, e)
	}
	return append(parts, items)
}

// stands returns the state that this node says it is at; 0: it has nobody.
func (r *Room) stands() uint64 {
	if len(r.mine) == 0 {
		return 0
	}
	return r.version
}

// digest says which state this node is at.
func (r *Room) digest(now time.Duration) {
	r.digestAt = now + digesting - digesting/5 + r.o.Random(2*digesting/5)
	r.out = append(r.out, Message{Kind: Digest, Version: r.stands()})
}

// Unheard notes that a message to others did not leave: they are told soon which state
// this node is at.
func (r *Room) Unheard(now time.Duration) { r.digestAt = min(r.digestAt, now+waiting) }

// owes notes that a node is to be answered, soon.
func (r *Room) owes(from *Origin, known uint64, now time.Duration) {
	r.answers = slices.DeleteFunc(r.answers, func(a answer) bool { return a.to == from.Node })
	if len(r.answers) < maxNodes {
		r.answers = append(r.answers, answer{from.Node, from.Base, known, now + r.o.Random(answering)})
	}
}

// answer answers those whose turn it is.
func (r *Room) answer(now time.Duration) {
	due := slices.ContainsFunc(r.answers, func(a answer) bool { return a.at <= now })
	if !due {
		return
	}
	r.publish(now) // what is told is as of a state that others hear of
	var parts [][]byte
	r.answers = slices.DeleteFunc(r.answers, func(a answer) bool {
		if a.at > now {
			return false
		}
		if a.known != 0 && a.known == r.version {
			r.out = append(r.out, Message{Kind: Digest, Direct: true, Base: a.base, Version: r.version})
			return true
		}
		if parts == nil {
			parts = r.parcels()
		}
		for i, items := range parts {
			r.out = append(r.out, Message{Kind: State, Direct: true, Base: a.base, Version: r.version, Part: uint64(i), Last: i == len(parts)-1, Items: items})
		}
		return true
	})
}

// Nobody returns what a node is answered that asks for a room in which nobody is here,
// if it is to be answered: it was told of somebody once, or asks this node alone.
func Nobody(o *Options, from *Origin, m *Message) (Message, bool) {
	_, listed := known(m.Items, o.Self)
	if m.Kind != Ask || !from.Direct && !listed {
		return Message{}, false
	}
	return Message{Kind: State, Direct: true, Base: from.Base, Version: o.Versions.Last(), Last: true}, true
}
