package hub

import "time"

// A member that has joined a room hears nothing, neither a reply nor a push, until
// what other nodes push to the room comes here. So who has the reply to the
// message in which it joined hears every push from then on, whoever pushes.

// holding is how a member waits.
type holding struct {
	rooms   int           // for how many it does
	until   time.Time     // no longer than that, from the first to the last
	heard   func(bool)    // Member.heard, made once for all of them
	settled chan struct{} // closed when it waits for none; nil: nobody wants to know
}

// want has pushes of other nodes to a room of m's come here, and m wait for that.
// The caller holds m.mu.
func (rs *rooms) want(m *Member, channel string) {
	own := m.own()
	h := own.holding
	if h == nil {
		h = &holding{until: rs.interest.Hold(), heard: m.heard}
	}
	if !rs.interest.WantUntil(channel, h.until, h.heard) {
		return
	}
	if own.holding == nil {
		own.holding = h
		m.Socket.Pause()
	}
	h.rooms++
}

// heard ends one of m's waits, however it ended.
func (m *Member) heard(bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.rooms.holding
	if h.rooms--; h.rooms > 0 {
		return
	}
	m.rooms.holding = nil
	if h.settled != nil {
		close(h.settled)
	}
	m.Socket.Unpause()
}

// Settled returns a channel that is closed when m waits for no room; nil if it does
// not wait.
func (m *Member) Settled() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms == nil || m.rooms.holding == nil {
		return nil
	}
	h := m.rooms.holding
	if h.settled == nil {
		h.settled = make(chan struct{})
	}
	return h.settled
}
