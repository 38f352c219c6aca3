// Package chat is the lobby, its rooms and the order counter, at /ws.
package chat

import (
	"context"
	"iter"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Lobby is the room that every connection of this gateway is in from the start.
const Lobby = "lobby"

// ChatGateway serves the chat to anonymous clients.
//
//ws:gateway /ws
//ws:public
type ChatGateway struct {
	Rooms    *RoomService
	Events   Events
	Lines    ws.Push[Lines]
	Orders   *OrderQueue
	Roster   *Roster
	Push     ws.Push[Presence]
	Watchers *Watchers
	Fleet    *Fleet
	Crowd    ws.Presence[Tab]
	Ask      ws.Ask[Questions]
}

// Session is what the gateway keeps for one connection. Handlers of a connection run one after the
// other, so it needs no lock.
//
//ws:state
type Session struct {
	since    time.Time
	messages int
	name     string // "" until it says hello
}

// Joined puts a new connection in the lobby.
//
//ws:connect
func (g *ChatGateway) Joined(c *ws.Client) (*Session, error) {
	return &Session{since: time.Now().UTC()}, c.Join(Lobby)
}

// Left tells the others that a connection has ended.
//
//ws:disconnect
func (g *ChatGateway) Left(c *ws.Client) {
	g.Roster.Exit(c.ID(), rooms(c))
	g.Watchers.Remove(c.ID())
	g.Fleet.Remove(c.ID())
}

// Hello introduces the caller. From now on it is told who is here and in its rooms, and they are told
// of it. The lines that it says in a room carry its name. A second hello changes the name.
//
//ws:subscribe hello
func (g *ChatGateway) Hello(c *ws.Client, s *Session, h Hello) error {
	s.name = h.Name
	g.Roster.Enter(c.ID(), Person{Name: h.Name, User: c.Principal().ID}, rooms(c))
	g.Fleet.Add(c.ID())
	_, err := g.Push.Client(c).Heartbeat(time.Now().UTC().Format(time.RFC3339))
	return err
}

// Me answers since when the caller is connected, and how many of its messages were stored.
//
//ws:subscribe me
func (g *ChatGateway) Me(s *Session) Me {
	return Me{Since: s.since.Format(time.RFC3339), Messages: s.messages}
}

// OnMessage stores a message, which also broadcasts it, and answers the stored message.
//
//ws:subscribe message
//ws:guard ModeratedGuard
func (g *ChatGateway) OnMessage(c *ws.Client, s *Session, m SendMessage) (ChatMessage, error) {
	stored, err := g.Rooms.Record(m, c.Principal().ID)
	if err == nil {
		s.messages++
	}
	return stored, err
}

// History answers the stored messages, oldest first.
//
//ws:subscribe history
func (g *ChatGateway) History() []ChatMessage { return g.Rooms.History() }

// HistoryPages answers the same as a stream of pages, so that a client can show the first while the
// others are on their way, and stop when it has enough.
//
//ws:subscribe history_pages
func (g *ChatGateway) HistoryPages(size int) (iter.Seq[[]ChatMessage], error) {
	if size < 1 || size > historyLimit {
		return nil, ws.NewError(ws.CodeInvalidPayload, "size is from 1 to 256")
	}
	return g.Rooms.Pages(size), nil
}

// Presence answers how many connections the application's Servers have, on all gateways of all nodes. It
// asks the other nodes, and so has a context: it may wait, beside the loop that reads the connection.
//
//ws:subscribe presence
func (g *ChatGateway) Presence(ctx context.Context, c *ws.Client) int {
	return c.Server().All().Across(ctx, nil).Count()
}

// Watch begins or ends that the caller is told the counters.
//
//ws:subscribe watch
func (g *ChatGateway) Watch(c *ws.Client, on bool) {
	if on {
		g.Watchers.Add(c.ID())
	} else {
		g.Watchers.Remove(c.ID())
	}
}

// OnTyping passes a typing notice on to everyone.
//
//ws:subscribe typing
func (g *ChatGateway) OnTyping(t Typing) error { return g.Events.Typing(t) }

// Join enters a room.
//
//ws:subscribe join
func (g *ChatGateway) Join(c *ws.Client, room string) error {
	if err := c.Join(room); err != nil {
		return err
	}
	g.Roster.Join(c.ID(), room)
	return nil
}

// Leave leaves a room; leaving one it is not in is no error.
//
//ws:subscribe leave
func (g *ChatGateway) Leave(c *ws.Client, room string) {
	c.Leave(room)
	g.Roster.Leave(c.ID(), room)
}

// Say pushes a line to a room and answers how many outboxes took it, of those on this node. The sender gets it too if it
// is in the room, and need not be in it.
//
//ws:subscribe say
func (g *ChatGateway) Say(c *ws.Client, s *Session, room, text string) (int, error) {
	said := Said{Room: room, Text: text}
	if s.name != "" {
		said.Author, said.User = s.name, c.Principal().ID
	}
	return c.To(room, "said", said)
}

// Order queues a job for the OrderWorker, which has no connection at hand: the job carries its id.
//
//ws:subscribe order
func (g *ChatGateway) Order(c *ws.Client, text string) error {
	return g.Orders.Put(Order{Conn: c.ID(), Text: text})
}

// WhoAmI answers who the caller is to the server, by its token.
//
//ws:subscribe whoami
func (g *ChatGateway) WhoAmI(c *ws.Client) Who {
	p := c.Principal()
	who := Who{Conn: c.ID(), User: p.ID, Scopes: append([]string{}, p.Scopes...)}
	if !p.Expires.IsZero() {
		who.Expires = p.Expires.UTC().Format(time.RFC3339)
	}
	return who
}

// SignOut closes all connections of a user, on all nodes, and answers how many there were. They may come
// back, as a guest or with a token.
//
//ws:subscribe sign_out
//ws:guard AdminGuard
func (g *ChatGateway) SignOut(ctx context.Context, c *ws.Client, user string) int {
	return c.Server().Users(user).Across(ctx, nil).Disconnect(ws.CloseUnauthenticated, "signed out by "+c.Principal().ID)
}

// mostNap is how long a call may take on purpose.
const mostNap = 3 * time.Second

// Nap answers after so many milliseconds: a call that is under way while something else happens, such as a
// restart.
//
//ws:subscribe nap mode=parallel
func (g *ChatGateway) Nap(ctx context.Context, ms int) error {
	if ms < 0 || ms > int(mostNap/time.Millisecond) {
		return ws.NewError(ws.CodeInvalidPayload, "a nap is of 0 to 3000 ms")
	}
	over := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// MayClose asks whoever goes by a name whether their connection may be closed, closes it if they say
// yes, and answers what they said. It waits for a person, and other messages of the caller do not wait
// for that.
//
//ws:subscribe may_close mode=parallel
//ws:guard AdminGuard
func (g *ChatGateway) MayClose(ctx context.Context, c *ws.Client, name string) (bool, error) {
	conn, err := g.Roster.Find(name)
	if err != nil {
		return false, err
	}
	by := c.Principal().ID
	yes, err := g.Ask.Conn(conn).Confirm(ctx, Question{By: by, Text: "May I close this?"})
	if yes {
		c.Server().Conn(conn).Disconnect(ws.CloseNormal, "closed by "+by)
	}
	return yes, err
}
