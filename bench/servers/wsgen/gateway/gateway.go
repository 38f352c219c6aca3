// Package gateway is what the benchmark measures wsgen with: an annotated
// struct, its generated dispatch and its typed pushes.
package gateway

import (
	"context"
	"slices"

	"github.com/wsgen/wsgen/bench/internal/peer"
	ws "github.com/wsgen/wsgen/runtime"
)

//go:generate go tool wsgen .

// Line is the data of every message.
type Line = peer.Line

// Gateway answers, keeps rooms and pushes.
//
//ws:gateway /ws
//ws:guard Door
type Gateway struct {
	Push ws.Push[Events]
}

// Events are what Gateway's clients hear.
//
//ws:push
type Events interface {
	Tick(line Line) (int, error)
	Said(line Line) (int, error)
}

// Session is what a connection keeps.
//
//ws:state
type Session struct {
	Room string
}

// Enter makes the session.
//
//ws:connect
func (g *Gateway) Enter() (*Session, error) { return &Session{}, nil }

// Echo answers with the message.
//
//ws:subscribe echo mode=inline
//ws:guard Members
func (g *Gateway) Echo(line Line) Line { return line }

// Join enters a room.
//
//ws:subscribe join
func (g *Gateway) Join(c *ws.Client, s *Session, room string) error {
	s.Room = room
	return c.Join(room)
}

// Say pushes the message to the sender's room.
//
//ws:subscribe say mode=inline
//ws:guard Members
func (g *Gateway) Say(s *Session, line Line) error {
	_, err := g.Push.In(s.Room).Said(line)
	return err
}

// speak is the scope that the guard of the handlers asks for.
const speak = "speak"

// Door lets everybody in, without a name but with the right to speak.
type Door struct {
	Scopes []string // shared by all
}

// NewDoor makes the guard.
func NewDoor() *Door { return &Door{Scopes: []string{speak}} }

// GuardConn fills the principal.
func (d *Door) GuardConn(u *ws.Upgrade) error {
	u.Principal = ws.Principal{Scopes: d.Scopes}
	return nil
}

// Members lets those speak whose principal has the scope.
type Members struct{}

// GuardMessage looks for the scope.
func (*Members) GuardMessage(_ context.Context, m ws.Message) error {
	if !slices.Contains(m.Client.Principal().Scopes, speak) {
		return ws.NewError(ws.CodeForbidden, "listeners do not speak")
	}
	return nil
}
