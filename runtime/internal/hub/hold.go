package hub

// A member that has joined a room hears nothing, neither a reply nor a push, until
// what other nodes push to the room comes here. So who has the reply to the
// message in which it joined hears every push from then on, whoever pushes.

// want has pushes of other nodes to a room of m's come here, and m wait for that.
// The caller holds m.mu.
func (rs *rooms) want(m *Member, channel string) {
	if !rs.interest.Want(channel, func(bool) { m.heard() }) {
		return
	}
	own := m.own()
	if own.waits++; own.waits == 1 {
		m.Socket.Pause()
	}
}

// heard ends one of m's waits, however it ended.
func (m *Member) heard() {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.own()
	if own.waits--; own.waits > 0 {
		return
	}
	if own.settled != nil {
		close(own.settled)
		own.settled = nil
	}
	m.Socket.Unpause()
}

// Settled returns a channel that is closed when m waits for no room; nil if it does
// not wait.
func (m *Member) Settled() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms == nil || m.rooms.waits == 0 {
		return nil
	}
	if m.rooms.settled == nil {
		m.rooms.settled = make(chan struct{})
	}
	return m.rooms.settled
}
