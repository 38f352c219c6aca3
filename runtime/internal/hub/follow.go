package hub

import (
	"errors"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// This file is about members that follow what is pushed to rooms and users: they get
// what came while they were away, and all that is new.

// Tails is who follows which histories.
type Tails = history.Tails[*Member]

// ErrNobody is the error of FollowUser for a member that is nobody's.
var ErrNobody = errors.New("ws: the connection has no user")

// Follow is Join for a member that follows the histories of the rooms as well, from
// where claim says that it has got (history.Tails.Follow).
func (h *Hub) Follow(m *Member, l *history.Log, most int, claim func(id string) history.Claim, names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.own()
	if own.left {
		return ErrLeft
	}
	if !h.fits(own, names, most) {
		return ErrTooMany
	}
	for _, name := range names {
		h.tails.Follow(m, history.Key{Log: l, Name: name}, claim, func() {
			_ = h.join(m, most, []string{name}) // there is room
			own.list[h.find(own, name)].room.follow()
		})
	}
	return nil
}

// fits reports whether a member is in at most most rooms if it joins these as well.
func (h *Hub) fits(o *own, names []string, most int) bool {
	in := len(o.list)
	for i, name := range names {
		if h.find(o, name) < 0 && !slices.Contains(names[:i], name) {
			in++
		}
		if in > most {
			return false
		}
	}
	return true
}

// FollowUser has a member follow the history of its user, as Follow does.
func (h *Hub) FollowUser(m *Member, l *history.Log, claim func(id string) history.Claim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.rooms == nil || m.rooms.user == nil:
		return ErrNobody
	case m.rooms.left:
		return ErrLeft
	}
	of := m.rooms.user.room
	of.follow()
	h.tails.Follow(m, history.Key{Log: l, User: true, Name: of.name}, claim, nil)
	return nil
}

// leave takes m out of a room or user, and ends what it follows there, and that it is
// present there. The caller holds m.mu.
func (h *Hub) leave(m *Member, place *membership, user bool) {
	rs, name := h.rooms, place.room.name
	if user {
		rs = h.users
	}
	if rs.leave(place) {
		h.tails.Leave(m, user, name)
		if h.left != nil && !user {
			h.left(m, name)
		}
	}
}

// Offer implements history.Peer. A member without a socket has no room: what it is to
// get is kept in the history, and is not read before it has one.
func (m *Member) Offer(entries []*history.Entry) (taken int, v history.Verdict) {
	taken, due, last := m.Socket.Out().PresentAll(len(entries), func(i int) *outbox.Frame { return made(entries[i]) })
	if due {
		m.Socket.Schedule(outbox.Schedule)
	}
	return taken, verdict(last)
}

// made returns a kept message as outboxes have it: all of them the same. The lock of
// the history is held.
func made(e *history.Entry) *outbox.Frame {
	f, is := e.Made.(*outbox.Frame)
	if !is {
		f = outbox.Lone(e.Frame)
		e.Made = f
	}
	return f
}

// Say implements history.Peer. What is said may be lost with the socket that it was
// written to, and is said again then, in its place among what is pushed.
func (m *Member) Say(frame []byte) history.Verdict { return m.queued(m.Socket.Out().Inform(frame)) }

// queued has what was queued written.
func (m *Member) queued(v outbox.Verdict) history.Verdict {
	m.Socket.Schedule(v)
	return verdict(v)
}

// verdict returns an outbox's verdict as a history knows it.
func verdict(v outbox.Verdict) history.Verdict {
	switch {
	case v == outbox.Closed:
		return history.Gone
	case v.Refused():
		return history.Full
	}
	return history.Taken
}

// Wait implements history.Peer. It waits for a socket, too.
func (m *Member) Wait(frame []byte) bool {
	v := m.Socket.Out().WaitPresent(frame)
	m.Socket.Schedule(v)
	return v.Accepted()
}

// WaitSay implements history.Peer.
func (m *Member) WaitSay(frame []byte) bool {
	v := m.Socket.Out().WaitInform(frame)
	m.Socket.Schedule(v)
	return v.Accepted()
}

// Gets implements history.Peer.
func (m *Member) Gets(except []uint64) bool { return !slices.Contains(except, m.ID) }
