// Package gateway is what the benchmark measures wsgen with: an annotated
// struct, its generated dispatch and its typed pushes.
package gateway

import (
	"context"

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

// Echo answers with the message.
//
//ws:subscribe echo mode=inline
//ws:guard Members
func (g *Gateway) Echo(line Line) Line { return line }

// Join enters a room.
//
//ws:subscribe join
func (g *Gateway) Join(c *ws.Client, room string) error { return c.Join(room) }

// Say pushes the message to the sender's rooms.
//
//ws:subscribe say mode=inline
//ws:guard Members
func (g *Gateway) Say(c *ws.Client, line Line) error {
	_, err := g.Push.In(c.Rooms()...).Said(line)
	return err
}

// Door refuses requests with more than one Via header. It sets no principal,
// because the other servers keep nothing about their peers either.
type Door struct{}

// GuardConn looks at the request.
func (Door) GuardConn(u *ws.Upgrade) error {
	if len(u.Request.Header.Values("Via")) > 1 {
		return ws.NewError(ws.CodeForbidden, "a loop of proxies")
	}
	return nil
}

// Members refuses messages with long data.
type Members struct {
	Longest int // bytes of data that it lets through
}

// GuardMessage looks at the data.
func (g *Members) GuardMessage(_ context.Context, m ws.Message) error {
	if len(m.Data) > g.Longest {
		return ws.NewError(ws.CodeForbidden, "too long")
	}
	return nil
}
