package hub

import (
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/history"
)

// Arrived is what a node has to know of a kept push that an engine hands over, besides
// its Entry.
type Arrived struct {
	// Rooms are the rooms that it was pushed to, in their order, and Place is which of
	// them this copy is for. They are empty if it was one room, or a user.
	Rooms    []string
	Place    int
	Overflow Overflow
	Deflate  func(frame []byte) []byte // the compressed twin; nil if there is none
}

// arrived is one copy of a kept push on its way to the members of a room.
type arrived struct {
	keeping

	entry     *history.Entry
	followers history.Followers[*Member]
	before    map[*Member]struct{} // members of the rooms before this one
	others    []history.Key        // histories of all other rooms
}

// PushArrived pushes what an engine has kept to the members of the room or user, each
// once: to followers within the history's order, and to others as Push does. f says who
// follows. The lock of the history is held.
//
// A union has a copy in each room. Who follows several of them gets the first; who
// only joined some gets it by the first that they follow, and else by the first of all.
func (h *Hub) PushArrived(k history.Key, e *history.Entry, f history.Followers[*Member], a *Arrived, n *Tally) {
	rs := h.rooms
	if k.User {
		rs = h.users
	}
	r := rs.find(k.Name)
	if r == nil {
		return
	}
	p := &arrived{
		keeping: keeping{hub: h, kept: &Kept{Deflate: a.Deflate}, how: How{Overflow: a.Overflow}, n: n, except: e.Except},
		entry:   e, followers: f,
	}
	if len(a.Rooms) > 1 {
		p.before = make(map[*Member]struct{})
		h.rooms.alone(a.Rooms[:a.Place+1], p.before)
		for i, name := range a.Rooms {
			if i != a.Place {
				p.others = append(p.others, history.Key{Log: k.Log, Name: name})
			}
		}
	}
	h.engine.BeginPush()
	p.deliver(r, e.Frame, p.give)
	h.engine.Queue(p.due...)
	h.engine.EndPush(n.Sent)
}

// give pushes to one member.
func (p *arrived) give(m *Member) {
	if slices.Contains(p.except, m.ID) {
		return // a follower's place is behind it nevertheless
	}
	follows, behind := p.followers.Has(m)
	_, before := p.before[m]
	switch {
	case behind: // it comes in its turn
	case follows:
		if !p.followers.Elsewhere(m, p.entry) {
			p.giveFollower(m, p.entry, p.followers)
		}
	case before, p.followers.Follows(m, p.others): // it has it, or will get it there
	default:
		if m.push(p.message.to(m), &p.how, p.n) {
			p.flush(m)
		}
	}
}
