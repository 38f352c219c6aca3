package hub

import "slices"

// Set says which members are meant: everyone, or rooms, or users, or ids, the
// first of these that is not empty, with exceptions. They are looked up anew at
// each use. ID is the owner's type for the id of a member.
type Set[ID ~uint64] struct {
	All          bool
	Rooms, Users []string
	IDs, Except  []ID

	// LastOnly means the members of the last of the rooms that are in none of
	// the others: those to whom another node's push to all of the rooms goes
	// with the copy for that room.
	LastOnly bool
}

// Single reports whether the set is one member, by its id.
func (to *Set[ID]) Single() bool {
	return len(to.IDs) == 1 && !to.All && len(to.Rooms) == 0 && len(to.Users) == 0
}

// Nobody reports whether the set is empty whoever there is.
func (to *Set[ID]) Nobody() bool {
	return !to.All && len(to.Rooms) == 0 && len(to.Users) == 0 && len(to.IDs) == 0
}

// Present visits each member of a set once that has not begun to close. It holds
// a room's lock during the room's visits: visit must neither block nor join nor
// leave.
func Present[ID ~uint64](h *Hub, to *Set[ID], visit func(*Member)) {
	each(h, to, true, nil, func(m *Member) {
		if len(to.IDs) == 0 || !m.Socket.Closes() { // a room has looked already
			visit(m)
		}
	})
}

// Members returns the members of Present, for callers that do what must not be
// done under a lock.
func Members[ID ~uint64](h *Hub, to *Set[ID]) (all []*Member) {
	Present(h, to, func(m *Member) { all = append(all, m) })
	return all
}

// each visits each member of a set once, with those that are closing unless
// present is set, and has relay pass the push on, unless it is nil. present is no
// function for the room: arguments of a function that is not known here would be
// on the heap, for each push.
func each[ID ~uint64](h *Hub, to *Set[ID], present bool, relay Relay, visit func(*Member)) {
	if len(to.Except) > 0 {
		all := visit
		visit = func(m *Member) {
			if !slices.Contains(to.Except, ID(m.ID)) {
				all(m)
			}
		}
	}
	switch {
	case to.All:
		h.everyone.visit(present, visit, relay, 0)
	case len(to.Rooms) > 0:
		h.rooms.visit(to.Rooms, to.LastOnly, present, visit, relay)
	case len(to.Users) > 0:
		h.users.visit(to.Users, false, present, visit, relay)
	default:
		for i, id := range to.IDs {
			if m := h.Get(uint64(id)); m != nil && !slices.Contains(to.IDs[:i], id) {
				visit(m)
			}
		}
	}
}

// visit visits the union of rooms; a member of several is visited once, and with
// lastOnly only if it is in the last one alone.
func (rs *rooms) visit(names []string, lastOnly, present bool, visit func(*Member), relay Relay) {
	if len(names) > 1 {
		seen := make(map[*Member]struct{})
		if lastOnly {
			names = rs.alone(names, seen)
		}
		every := visit
		visit = func(m *Member) {
			if _, again := seen[m]; !again {
				seen[m] = struct{}{}
				every(m)
			}
		}
	}
	for place, name := range names {
		if r := rs.find(name); r != nil {
			r.visit(present, visit, relay, place)
		} else if relay != nil {
			relay.Relay(place, "")
		}
	}
}

// alone notes the members of all rooms but the last as seen, and returns the last.
func (rs *rooms) alone(names []string, seen map[*Member]struct{}) []string {
	last := len(names) - 1
	for _, name := range names[:last] {
		if r := rs.find(name); r != nil {
			for _, m := range r.all() {
				seen[m] = struct{}{}
			}
		}
	}
	return names[last:]
}
