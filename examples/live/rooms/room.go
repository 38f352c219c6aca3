package rooms

import (
	ws "github.com/wsgen/wsgen/runtime"
)

// Said is a line that was said in a room, as on /ws.
type Said struct {
	Room string `json:"room"`
	Text string `json:"text"`
}

// Visitors tells a room how many connections are in it.
type Visitors struct {
	Room  string `json:"room"`
	Count int    `json:"count"`
}

// Where is the answer to the event where.
type Where struct {
	Room  string `json:"room"`
	Count int    `json:"count"`
	Said  int    `json:"said"`
}

// RoomEvents are the pushes to a room.
//
//ws:push
type RoomEvents interface {
	// Said passes on what somebody said, and tells how many outboxes took it.
	Said(s Said) (int, error)
	// Visitors announces that somebody came.
	Visitors(v Visitors) error
}

// RoomGateway serves each room at a path of its own, to anonymous clients. They are the rooms of
// the application's Server, so connections that joined one on /ws are in it, too.
//
//ws:gateway /rooms/{room}
//ws:public
type RoomGateway struct{ Push ws.Push[RoomEvents] }

// Visit is a connection's stay in the room of its path.
//
//ws:state
type Visit struct {
	room string
	said int
}

// Enter puts a new connection in its room, and tells the room.
//
//ws:connect
func (g *RoomGateway) Enter(c *ws.Client) (*Visit, error) {
	v := &Visit{room: c.PathValue("room")}
	if err := c.Join(v.room); err != nil {
		return nil, err
	}
	return v, g.Push.In(v.room).Visitors(Visitors{Room: v.room, Count: g.count(c, v)})
}

// Say pushes a line to the room, to the sender too, and answers how many outboxes took it.
//
//ws:subscribe say
func (g *RoomGateway) Say(v *Visit, text string) (int, error) {
	v.said++
	return g.Push.In(v.room).Said(Said{Room: v.room, Text: text})
}

// Where answers the room that the path named, how many connections are in it, and how many lines
// the caller has said there.
//
//ws:subscribe where
func (g *RoomGateway) Where(c *ws.Client, v *Visit) Where {
	return Where{Room: v.room, Count: g.count(c, v), Said: v.said}
}

func (g *RoomGateway) count(c *ws.Client, v *Visit) int { return c.Server().In(v.room).Count() }
