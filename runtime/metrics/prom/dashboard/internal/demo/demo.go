// Package demo is a gateway with traffic, for tests and pictures of the dashboard.
package demo

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

//go:generate go tool wsgen .

// Chat is a gateway with rooms, prices that many listen to, notes that nobody misses,
// and a slow search.
//
//ws:gateway /chat
//ws:guard Door
type Chat struct {
	Push  ws.Push[Events]
	Notes ws.Push[Notes]
	Here  ws.Presence[Reader]
	// Trouble is what goes wrong; nil is nothing.
	Trouble *Trouble
}

// Line is a message to a room.
type Line struct {
	Text string `json:"text"`
}

// Events are what Chat pushes.
//
//ws:push
type Events interface {
	Said(Line)
	Price(cents int)
}

// Notes are what Chat keeps of a room, and who reads them.
//
//ws:push
//ws:history size=30 ttl=1m
type Notes interface {
	// Noted is kept.
	//
	//ws:kept
	Noted(Line) error
	// Here says who reads.
	//
	//ws:presence linger=2s
	Here(ws.Present[Reader])
}

// Reader is what is told of who reads notes.
type Reader struct {
	Name string `json:"name"`
}

// Door lets in who has a name.
type Door struct{}

// GuardConn takes the name from the query.
func (*Door) GuardConn(u *ws.Upgrade) error {
	u.Principal.ID = u.Request.URL.Query().Get("name")
	switch u.Principal.ID {
	case "":
		return ws.NewError(ws.CodeUnauthenticated, "who?")
	case "eve":
		return errors.New("the directory does not answer")
	}
	return nil
}

//ws:connect
func (g *Chat) Connected(_ context.Context, c *ws.Client, r *http.Request) error {
	if c.Principal().ID == "unlucky" {
		return errors.New("no profile")
	}
	return c.Join(r.URL.Query().Get("room"))
}

// Say sends a line to a room.
//
//ws:subscribe say
func (g *Chat) Say(ctx context.Context, c *ws.Client, text string) error {
	g.Trouble.wait(ctx, 2*time.Millisecond)
	if text == "" {
		return ws.NewError(ws.CodeValidationFailed, "nothing to say")
	}
	g.Push.In(c.Rooms()...).Said(Line{text})
	return nil
}

// Read has the caller follow the notes of a room, and be seen there.
//
//ws:subscribe read
func (g *Chat) Read(c *ws.Client, room string) error {
	if err := g.Notes.Follow(c, room); err != nil {
		return err
	}
	return g.Here.Join(c, room, Reader{c.Principal().ID})
}

// Search takes its time.
//
//ws:subscribe search mode=parallel
func (g *Chat) Search(ctx context.Context, text string) (int, error) {
	g.Trouble.wait(ctx, time.Duration(20+10*len(text))*time.Millisecond)
	if g.Trouble.Fails() {
		return 0, errors.New("the index is gone")
	}
	return len(text), nil
}

// Watch streams some numbers.
//
//ws:subscribe watch
func (g *Chat) Watch(ctx context.Context, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			g.Trouble.wait(ctx, 300*time.Millisecond)
			if !yield(i) {
				return
			}
		}
	}
}
