package ws

import (
	"fmt"
	"slices"
)

// The rooms of one connection.

// join is idempotent. It fails with ErrClosed once the connection has left all
// its rooms for good, and for names or numbers beyond the limits: then the
// connection has joined none of the rooms.
func (c *conn) join(names ...string) error {
	o := &c.endpoint.opts
	for _, name := range names {
		if len(name) > o.MaxRoomBytes {
			return refuseRoom(CodeTooLarge, "the name of a room has at most %d bytes", o.MaxRoomBytes, ErrRoomName)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	some := c.seldom()
	if some.left {
		return ErrClosed
	}
	before := len(some.rooms)
	for _, name := range names {
		if c.member(name) >= 0 {
			continue
		}
		if len(some.rooms) >= o.MaxRooms {
			for _, m := range some.rooms[before:] {
				c.endpoint.server.rooms.leave(m)
			}
			some.rooms = slices.Delete(some.rooms, before, len(some.rooms))
			return refuseRoom(CodeConflict, "a connection is in at most %d rooms", o.MaxRooms, ErrTooManyRooms)
		}
		some.rooms = append(some.rooms, c.endpoint.server.rooms.join(c, name))
	}
	return nil
}

// refuseRoom returns an error that a handler may pass on to the client. It
// names no room: the name may be what is wrong with it.
func refuseRoom(code Code, format string, limit int, kind error) error {
	return NewError(code, fmt.Sprintf(format, limit)).WithCause(kind)
}

func (c *conn) leave(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if i := c.member(name); i >= 0 {
			c.endpoint.server.rooms.leave(c.some.rooms[i])
			c.some.rooms = slices.Delete(c.some.rooms, i, i+1)
		}
	}
}

// leaveAll is the last thing that happens to a connection's rooms.
func (c *conn) leaveAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	some := c.seldom()
	for _, m := range some.rooms {
		c.endpoint.server.rooms.leave(m)
	}
	some.rooms, some.left = nil, true
}

func (c *conn) roomNames() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.some == nil || c.some.rooms == nil {
		return nil
	}
	names := make([]string, len(c.some.rooms))
	for i, m := range c.some.rooms {
		names[i] = m.room.name
	}
	slices.Sort(names)
	return names
}

// member returns the index of a room in c.some.rooms, or -1. A connection is in few
// rooms; the caller holds c.mu.
func (c *conn) member(name string) int {
	if c.some == nil {
		return -1
	}
	return slices.IndexFunc(c.some.rooms, func(m *membership) bool { return m.room.name == name })
}
