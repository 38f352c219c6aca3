package ws

import "slices"

// The rooms of one connection.

// join is idempotent. It fails with ErrClosed once the connection has left all
// its rooms for good.
func (c *conn) join(names ...string) error {
	c.roomsMu.Lock()
	defer c.roomsMu.Unlock()
	if c.left {
		return ErrClosed
	}
	for _, name := range names {
		if c.member(name) < 0 {
			c.rooms = append(c.rooms, c.server.rooms.join(c, name))
		}
	}
	return nil
}

func (c *conn) leave(names ...string) {
	c.roomsMu.Lock()
	defer c.roomsMu.Unlock()
	for _, name := range names {
		if i := c.member(name); i >= 0 {
			c.server.rooms.leave(c.rooms[i])
			c.rooms = slices.Delete(c.rooms, i, i+1)
		}
	}
}

// leaveAll is the last thing that happens to a connection's rooms.
func (c *conn) leaveAll() {
	c.roomsMu.Lock()
	defer c.roomsMu.Unlock()
	for _, m := range c.rooms {
		c.server.rooms.leave(m)
	}
	c.rooms = nil
	c.left = true
}

func (c *conn) roomNames() []string {
	c.roomsMu.Lock()
	defer c.roomsMu.Unlock()
	names := make([]string, len(c.rooms))
	for i, m := range c.rooms {
		names[i] = m.room.name
	}
	slices.Sort(names)
	return names
}

// member returns the index of a room in c.rooms, or -1. A connection is in few
// rooms; the caller holds roomsMu.
func (c *conn) member(name string) int {
	return slices.IndexFunc(c.rooms, func(m *membership) bool { return m.room.name == name })
}
