// Package room is what the benchmark measures kept pushes with: a gateway with one kind
// of rooms.
package room

import (
	"github.com/wsgen/wsgen/bench/internal/peer"
	ws "github.com/wsgen/wsgen/runtime"
)

//go:generate go tool wsgen .

// Line is the data of every message.
type Line = peer.Line

// Server is a registry of its own: what it pushes is no part of what other clients are
// generated for.
//
//ws:namespace
type Server struct{ *ws.Server }

// Gateway has rooms.
//
//ws:gateway /room namespace=Server
//ws:guard Door
type Gateway struct {
	Push ws.Push[Events]
	Kept bool // who joins follows
}

// Events are what a room hears. Its size and time are peer.KeptSize and peer.KeptTime.
//
//ws:push namespace=Server
//ws:history size=200 ttl=10m
type Events interface {
	Tick(line Line) (int, error)
	// Kept is kept.
	//
	//ws:kept
	Kept(line Line) error
}

// Join enters a room.
//
//ws:subscribe join
func (g *Gateway) Join(c *ws.Client, room string) error {
	if g.Kept {
		return g.Push.Follow(c, room)
	}
	return c.Join(room)
}

// Door refuses requests with more than one Via header.
type Door struct{}

// GuardConn looks at the request.
func (Door) GuardConn(u *ws.Upgrade) error {
	if len(u.Request.Header.Values("Via")) > 1 {
		return ws.NewError(ws.CodeForbidden, "a loop of proxies")
	}
	return nil
}
