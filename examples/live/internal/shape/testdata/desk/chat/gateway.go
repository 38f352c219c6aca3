// Package chat lets traders talk to each other.
package chat

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"time"

	"example.com/desk/auth"
	ws "github.com/wsgen/wsgen/runtime"
)

// Line is one thing said.
type Line struct {
	ID     int    `json:"id"`
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Events go to everybody.
//
//ws:push
type Events interface {
	Said(l Line) (int, error)
	Typing(who string) error
	//ws:event member.joined
	Joined(who string)
	Cleared()
}

// Authn guards the chat.
type Authn = auth.Authn

// Session is what a connection keeps.
//
//ws:state
type Session struct {
	Name  string
	Count int
	Since time.Time
}

// Gateway is the chat.
//
//ws:gateway /chat version=1
//ws:guard Authn
type Gateway struct {
	Store  *Store
	Events Events
	Push   ws.Push[Events]
}

//ws:configure
func (g *Gateway) Configure(o *ws.Options) { o.MaxStreams = 2 }

//ws:connect
func (g *Gateway) Connect(_ context.Context, c *ws.Client, r *http.Request) (*Session, error) {
	g.Events.Joined(c.Principal().ID)
	return &Session{Name: c.Principal().ID, Since: time.Now()}, c.Join("lobby")
}

//ws:disconnect
func (g *Gateway) Disconnect(_ context.Context, s *Session, _ ws.Closed) {}

//ws:subscribe say
func (g *Gateway) Say(s *Session, text string) (Line, error) {
	s.Count++
	return g.Store.Add(Line{Author: s.Name, Text: text})
}

//ws:subscribe count
func (g *Gateway) Count(s *Session) int { return s.Count }

//ws:subscribe lines
func (g *Gateway) Lines() []Line { return g.Store.Lines() }

//ws:subscribe line
func (g *Gateway) Line(id int) (*Line, error) {
	for _, l := range g.Store.Lines() {
		if l.ID == id {
			return &l, nil
		}
	}
	return nil, ws.NewError(ws.CodeNotFound, "no such line")
}

//ws:subscribe pages
func (g *Gateway) Pages(size int) (iter.Seq[[]Line], error) {
	if size < 1 {
		return nil, ws.NewError(ws.CodeInvalidPayload, "a page has a line or more")
	}
	return slices.Chunk(g.Store.Lines(), size), nil
}

//ws:subscribe typing
func (g *Gateway) Typing(s *Session) error { return g.Events.Typing(s.Name) }

//ws:subscribe join
func (g *Gateway) Join(c *ws.Client, room string) error { return c.Join(room) }

//ws:subscribe leave
func (g *Gateway) Leave(c *ws.Client, room string) { c.Leave(room) }

//ws:subscribe rooms
func (g *Gateway) Rooms(c *ws.Client) []string { return c.Rooms() }

//ws:subscribe whisper
func (g *Gateway) Whisper(s *Session, room, text string) (int, error) {
	return g.Push.In(room).Said(Line{Author: s.Name, Text: text})
}

//ws:subscribe echo
func (g *Gateway) Echo(v json.RawMessage) json.RawMessage { return v }

//ws:subscribe clear mode=serial
func (g *Gateway) Clear() { g.Events.Cleared() }
