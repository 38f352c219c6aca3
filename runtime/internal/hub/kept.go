package hub

import (
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Kept says how a push is kept.
type Kept struct {
	Log *history.Log
	Key string // the same within two minutes: kept and pushed once; "" is none
	// Build returns the frame of the push at its place in a history, and Deflate
	// its compressed twin, or nil.
	Build   func(id string, at history.Position) []byte
	Deflate func(frame []byte) []byte
}

// keeping is one push of PushKept on its way.
type keeping struct {
	hub  *Hub
	kept *Kept
	how  How
	n    *Tally

	except  []uint64
	union   bool
	follow  map[*Member]struct{} // who follows one of the rooms; nil: it is not a union
	seen    map[*Member]struct{} // who has it, or will get it
	copies  []history.Copy       // in the histories of rooms so far
	due     []*socket.Socket
	message *Message // of the history that it is pushed to now
}

// PushKept keeps a push in the history of each room or user of a set, and pushes it
// to the members there, each once: to followers within the history's order, and to
// others as Push does. Who has no room and follows gets it later, and loses nothing.
// at is where the last copy is, and duplicate says that it was kept before, and
// pushed then.
func PushKept[ID ~uint64](h *Hub, to *Set[ID], k *Kept, how *How, n *Tally) (at history.Position, duplicate bool) {
	rs, names, user := h.rooms, to.Rooms, false
	if len(names) == 0 {
		rs, names, user = h.users, to.Users, true
	}
	p := keeping{hub: h, kept: k, how: How{Overflow: how.Overflow}, n: n, union: len(names) > 1 && !user}
	for _, id := range to.Except {
		p.except = append(p.except, uint64(id))
	}
	names = distinct(names)
	if p.union {
		p.begin(names)
	}
	h.engine.BeginPush()
	for _, name := range names {
		at, duplicate = p.push(rs, history.Key{Log: k.Log, User: user, Name: name})
	}
	h.engine.Queue(p.due...)
	h.engine.EndPush(n.Sent)
	return at, duplicate
}

// distinct returns names without those that were there before.
func distinct(names []string) []string {
	if len(names) < 2 {
		return names
	}
	seen := make(map[string]struct{}, len(names))
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, again := seen[name]
		seen[name] = struct{}{}
		return again
	})
}

// begin notes who follows a room of a union: those get the push as followers, also if
// they are in an earlier one, since it cannot be lost there.
func (p *keeping) begin(names []string) {
	p.follow, p.seen = make(map[*Member]struct{}), make(map[*Member]struct{})
	for _, name := range names {
		for _, m := range p.hub.tails.All(history.Key{Log: p.kept.Log, Name: name}) {
			p.follow[m] = struct{}{}
		}
	}
}

// push keeps the push in one history, and pushes it to the members there.
func (p *keeping) push(rs *rooms, k history.Key) (at history.Position, duplicate bool) {
	at, duplicate = p.hub.tails.Publish(k, history.Message{
		Key: p.kept.Key, Except: p.except, Copies: slices.Clip(p.copies), Build: p.kept.Build,
	}, func(e *history.Entry, f history.Followers[*Member]) {
		p.deliver(rs.find(k.Name), e.Frame, func(m *Member) { p.give(m, e, f) })
	})
	if p.union {
		p.copies = append(p.copies, history.Copy{Key: k, At: at})
	}
	return at, duplicate
}

// deliver pushes what was kept just now to the members of a room, by give; nil: there
// is nobody. The lock of the history is held.
func (p *keeping) deliver(r *room, frame []byte, give func(*Member)) {
	if r == nil {
		return
	}
	p.message = new(Message)
	p.message.Encoded(frame, p.kept.Deflate(frame))
	if p.hub.engine.Keeps() {
		p.message.among(r.count())
	}
	r.each(give, nil, 0)
	p.message.plain.Settle(p.hub.engine.Waiting())
	p.message.deflated.Settle(p.hub.engine.Waiting())
}

// give pushes to one member.
func (p *keeping) give(m *Member, e *history.Entry, f history.Followers[*Member]) {
	if slices.Contains(p.except, m.ID) {
		return // a follower's place is behind it nevertheless
	}
	follows, behind := f.Has(m)
	if p.union {
		if _, seen := p.seen[m]; seen {
			return
		}
		if _, later := p.follow[m]; later && !follows {
			return
		}
		p.seen[m] = struct{}{}
	}
	switch {
	case !follows:
		if m.push(p.message.to(m), &p.how, p.n) {
			p.flush(m)
		}
	case behind: // it comes in its turn
	default:
		p.giveFollower(m, e, f)
	}
}

// giveFollower pushes to a member that is at the end of the history. The frame is
// insisted on, since a gap would not be seen. A member without a socket gets it when it
// has one: its place is kept, and its outbox has the room for what is kept nowhere else.
func (p *keeping) giveFollower(m *Member, e *history.Entry, f history.Followers[*Member]) {
	switch v := m.Socket.Out().Present(p.message.to(m).Bytes()); {
	case v.Accepted():
		p.n.Sent++
		if v == outbox.Schedule {
			p.flush(m)
		}
	case v.Refused():
		f.Behind(m, e)
	}
}

// flush has a member's outbox written soon.
func (p *keeping) flush(m *Member) {
	if p.due = append(p.due, &m.Socket); len(p.due) == 64 {
		p.hub.engine.Queue(p.due...)
		p.due = p.due[:0]
	}
}
