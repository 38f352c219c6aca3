package ws

import "github.com/wsgen/wsgen/runtime/internal/hub"

// Broadcast pushes an event to every connection and returns how many outboxes
// took it. A value that encoding/json refuses is an error, and nothing is sent
// to anyone.
func (s *Server) Broadcast(event string, data any) (int, error) {
	return s.All().Emit(event, data)
}

// EmitTo pushes an event to the members of a room; otherwise as Broadcast.
func (s *Server) EmitTo(room, event string, data any) (int, error) {
	return s.In(room).Emit(event, data)
}

// Emit pushes an event to one connection. It returns false if there is none of
// this id, or it is closing; true and ErrFull if its outbox has no room. If another
// node of the cluster hands out such ids it is sent there, and Emit returns true:
// there may be such a connection.
func (s *Server) Emit(id ConnID, event string, data any) (bool, error) {
	frame, err := encodePush(event, data)
	if err != nil {
		return false, err
	}
	if !s.made() {
		return false, nil
	}
	if s.recorder != nil {
		t := s.Conn(id)
		s.recorder(t.recorded(frame))
	}
	m := s.hub.Get(uint64(id))
	if m == nil {
		if n := s.node(); n != nil {
			return n.emitTo(id, event, frame)
		}
		return false, nil
	}
	switch err := clientOf(m).pushOne(event, frame); err {
	case nil, ErrFull:
		return true, err
	default:
		return false, nil
	}
}

// All addresses every connection.
func (s *Server) All() Target { return Target{server: s, to: hub.Set[ConnID]{All: true}} }

// In addresses the members of the rooms, each once; without rooms, nobody.
func (s *Server) In(rooms ...string) Target {
	return Target{server: s, to: hub.Set[ConnID]{Rooms: rooms}}
}

// Conn addresses connections by id. A push to a single one fails with ErrFull if
// its outbox has no room.
func (s *Server) Conn(ids ...ConnID) Target { return Target{server: s, to: hub.Set[ConnID]{IDs: ids}} }

// Users addresses all connections of the principals with these ids.
func (s *Server) Users(ids ...string) Target {
	return Target{server: s, to: hub.Set[ConnID]{Users: ids}}
}

// Emit pushes an event to this connection. It fails with ErrClosed once the
// connection is closing, with ErrFull if its outbox has no room, and if data
// cannot be encoded.
func (c *Client) Emit(event string, data any) error { return c.Sender().Emit(event, data) }

// To pushes an event to the members of a room, c too if it is one, and returns
// how many outboxes took it; as Server.EmitTo.
func (c *Client) To(room, event string, data any) (int, error) {
	return c.target(Target{to: hub.Set[ConnID]{Rooms: []string{room}}}).Emit(event, data)
}

// Broadcast pushes an event to every connection, c too; as Server.Broadcast.
func (c *Client) Broadcast(event string, data any) (int, error) {
	return c.target(Target{to: hub.Set[ConnID]{All: true}}).Emit(event, data)
}

// Others addresses the members of the rooms, or everyone if none is named,
// without c.
func (c *Client) Others(rooms ...string) Target {
	return c.target(Target{to: hub.Set[ConnID]{All: len(rooms) == 0, Rooms: rooms, Except: []ConnID{c.ID()}}})
}

func (c *Client) target(t Target) Target {
	t.server = c.Server()
	return t
}
