package hub

import (
	"errors"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Member is a peer's place among all peers, with its socket. It is a part of
// the socket's owner, which is a Keeper.
type Member struct {
	Socket socket.Socket
	ID     uint64 // set before Hub.Add

	everyone membership // in the room of all members

	mu    sync.Mutex
	rooms *own // guarded by mu, as its fields are; nil: no rooms, and no user
}

// Keeper is the owner of a Member's socket.
type Keeper interface {
	socket.Owner
	// Overflow returns what becomes of a push that does not say it, if the
	// outbox is full. Locks may be held.
	Overflow() Overflow
}

// own holds the rooms of one member. It is allocated on first use, since many
// members are in no room.
type own struct {
	list    []*membership
	user    *membership // among the connections of the principal; nil: nobody known
	left    bool        // all rooms, for good
	holding *holding    // nil: it does not wait
}

// own returns m.rooms, made if need be. The caller holds m.mu.
func (m *Member) own() *own {
	if m.rooms == nil {
		m.rooms = new(own)
	}
	return m.rooms
}

// Registered reports whether m has ever been in the Hub.
func (m *Member) Registered() bool { return m.everyone.member != nil }

// The errors of Join, which joins nothing then.
var (
	ErrLeft    = errors.New("ws: the connection has left its rooms for good")
	ErrTooMany = errors.New("ws: too many rooms")
)

// Join makes m a member of rooms, and ignores those that it is in already. It
// fails, and joins none of them, after LeaveAll (ErrLeft), and if m would be in
// more than most rooms (ErrTooMany).
func (h *Hub) Join(m *Member, most int, names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return h.join(m, most, names)
}

// join is Join for a caller that holds m.mu.
func (h *Hub) join(m *Member, most int, names []string) error {
	own := m.own()
	if own.left {
		return ErrLeft
	}
	before := len(own.list)
	for _, name := range names {
		if h.find(own, name) >= 0 {
			continue
		}
		if len(own.list) >= most {
			for _, place := range own.list[before:] {
				h.rooms.leave(place)
			}
			own.list = slices.Delete(own.list, before, len(own.list))
			return ErrTooMany
		}
		own.list = append(own.list, h.rooms.join(m, name))
	}
	return nil
}

// Leave takes m out of rooms, and ignores those that it is not in.
func (h *Hub) Leave(m *Member, names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms == nil {
		return
	}
	for _, name := range names {
		if i := h.find(m.rooms, name); i >= 0 {
			h.leave(m, m.rooms.list[i], false)
			m.rooms.list = slices.Delete(m.rooms.list, i, i+1)
		}
	}
}

// LeaveAll takes m out of all its rooms, for good: Join fails from now on.
func (h *Hub) LeaveAll(m *Member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.own()
	for _, place := range own.list {
		h.leave(m, place, false)
	}
	own.list, own.left = nil, true
}

// Rooms returns the names of m's rooms, sorted; nil if it is in none.
func (m *Member) Rooms() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms == nil || m.rooms.list == nil {
		return nil
	}
	names := make([]string, len(m.rooms.list))
	for i, place := range m.rooms.list {
		names[i] = place.room.name
	}
	slices.Sort(names)
	return names
}

// fewRooms is how many names are compared, one by one, to find a room of a member.
const fewRooms = 8

// find returns the index of a room in o.list, or -1. Most members are in few rooms.
func (h *Hub) find(o *own, name string) int {
	if len(o.list) <= fewRooms {
		return slices.IndexFunc(o.list, func(place *membership) bool { return place.room.name == name })
	}
	r := h.rooms.find(name)
	if r == nil {
		return -1 // it would be there: o is in it
	}
	return slices.IndexFunc(o.list, func(place *membership) bool { return place.room == r })
}
