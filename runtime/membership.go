package ws

import (
	"fmt"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// Join makes the connection a member of rooms; those it is in already stay. It
// fails with ErrClosed when the connection is gone, and joins none of the rooms
// if that is beyond Options.MaxRooms (ErrTooManyRooms) or a name is longer than
// Options.MaxRoomBytes (ErrRoomName). A handler may return that error as it is.
// A room's name is opaque: any bytes are a name, and no pattern means anything.
func (c *Client) Join(rooms ...string) error {
	if c.owner() == nil {
		return ErrClosed
	}
	return c.join(rooms...)
}

// Leave takes the connection out of rooms. It ignores rooms that the
// connection is not in.
func (c *Client) Leave(rooms ...string) {
	if s := c.Server(); s != nil {
		s.hub.Leave(&c.member, rooms...)
	}
}

// Rooms returns the names of the connection's rooms, sorted.
func (c *Client) Rooms() []string { return c.member.Rooms() }

// join is Join for a Client that has an owner. It is idempotent. It fails
// with ErrClosed once the connection has left all its rooms for good. For
// names or numbers beyond the limits it fails as Join does, and the
// connection has joined none of the rooms.
func (c *Client) join(names ...string) error {
	if err := c.checkRooms(names); err != nil {
		return err
	}
	return c.joinError(c.Server().hub.Join(&c.member, c.owner().limits().MaxRooms, names...))
}

// follow is join with histories of the rooms (Push.Follow).
func (c *Client) follow(l *history.Log, names []string) error {
	if err := c.checkRooms(names); err != nil {
		return err
	}
	return c.joinError(c.Server().hub.Follow(&c.member, l, c.owner().limits().MaxRooms, c.owner().claim, names...))
}

// checkRooms returns why names cannot be those of rooms; nil if they can.
func (c *Client) checkRooms(names []string) error {
	most := c.owner().limits().MaxRoomBytes
	for _, name := range names {
		if len(name) > most {
			return newRoomRefusal(CodeTooLarge, "the name of a room has at most %d bytes", most, ErrRoomName)
		}
	}
	return nil
}

// joinError returns what a handler is told of an error of the hub's.
func (c *Client) joinError(err error) error {
	switch err {
	case hub.ErrLeft:
		return ErrClosed
	case hub.ErrTooMany:
		most := c.owner().limits().MaxRooms
		return newRoomRefusal(CodeConflict, "a connection is in at most %d rooms", most, ErrTooManyRooms)
	}
	return nil
}

// newRoomRefusal returns an error that a handler may pass on to the client.
// It names no room, since the name may be at fault.
func newRoomRefusal(code Code, format string, limit int, kind error) error {
	return NewError(code, fmt.Sprintf(format, limit)).WithCause(kind)
}
