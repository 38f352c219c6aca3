package hub

import "slices"

// Set says which members are meant: everyone, or rooms, or users, or ids, the
// first of these that is not empty, with exceptions. They are looked up anew at
// each use. ID is the owner's type for the id of a member.
type Set[ID ~uint64] struct {
	All          bool
	Rooms, Users []string
	IDs, Except  []ID
}

// Single reports whether the set is one member, by its id.
func (to *Set[ID]) Single() bool {
	return len(to.IDs) == 1 && !to.All && len(to.Rooms) == 0 && len(to.Users) == 0
}

// Present visits each member of a set once that has not begun to close. It holds
// a room's lock during the room's visits: visit must neither block nor join nor
// leave.
func Present[ID ~uint64](h *Hub, to *Set[ID], visit func(*Member)) {
	each(h, to, true, func(m *Member) {
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
// present is set. present is no function for the room: arguments of a function
// that is not known here would be on the heap, for each push.
func each[ID ~uint64](h *Hub, to *Set[ID], present bool, visit func(*Member)) {
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
		h.everyone.visit(present, visit)
	case len(to.Rooms) > 0:
		h.rooms.visit(to.Rooms, present, visit)
	case len(to.Users) > 0:
		h.users.visit(to.Users, present, visit)
	default:
		for i, id := range to.IDs {
			if m := h.Get(uint64(id)); m != nil && !slices.Contains(to.IDs[:i], id) {
				visit(m)
			}
		}
	}
}

// visit visits the union of rooms; a member of several is visited once.
func (rs *rooms) visit(names []string, present bool, visit func(*Member)) {
	if len(names) > 1 {
		seen := make(map[*Member]struct{})
		every := visit
		visit = func(m *Member) {
			if _, again := seen[m]; !again {
				seen[m] = struct{}{}
				every(m)
			}
		}
	}
	for _, name := range names {
		if r := rs.find(name); r != nil {
			r.visit(present, visit)
		}
	}
}
