package hub

import (
	"iter"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// This file is about members of whom somebody keeps a list in a room.

// Parted makes left what is told of each member that leaves a room of Attend's,
// whichever way. The member's lock is held, and it is in the room no more. It must be
// called before the first member is added.
func (h *Hub) Parted(left func(m *Member, room string)) { h.left = left }

// Attend is Join for a room, and for a caller that wants to know when m leaves it:
// enter is called as soon as m is in the room, and Parted's function when it has left.
// The member's lock is held, so neither may join or leave.
func (h *Hub) Attend(m *Member, most int, name string, enter func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := h.join(m, most, []string{name}); err != nil {
		return err
	}
	m.rooms.list[h.find(m.rooms, name)].room.follow()
	enter()
	return nil
}

// Tell queues a message for each of some members, so that no later push drops it, and
// has it written. It calls full with those that have no room for it. A lock may be
// held, and full must not wait.
func (h *Hub) Tell(all iter.Seq[*Member], m *Message, n *Tally, full func(*Member)) {
	var first [64]*socket.Socket
	due := first[:0]
	h.engine.BeginPush()
	for r := range all {
		switch v := r.Socket.Out().Insist(m.to(r).Bytes()); {
		case v == outbox.Schedule:
			n.Sent++
			due = append(due, &r.Socket)
		case v.Accepted():
			n.Sent++
		case v.Refused():
			full(r)
		}
		if len(due) == cap(due) {
			h.engine.Queue(due...)
			due = due[:0]
		}
	}
	h.engine.Queue(due...)
	h.engine.EndPush(n.Sent)
}
