// Package node is one node of the cluster that chaos is made in: a process with a
// gateway, which pushes, asks, joins and leaves all the time, and counts.
package node

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
)

//go:generate go tool wsgen .

// Gateway is what the clients talk to.
//
//ws:gateway /ws
//ws:guard Door
type Gateway struct {
	Push    ws.Push[Events]
	Records ws.Push[Records]
	Here    ws.Presence[string] // each connection says its id
	Server  *ws.Server
	Name    string
	churn   *churners
}

// Events are what clients hear.
//
//ws:push
type Events interface {
	// N is a numbered push: a Line as text.
	N(line string) (int, error)
	// First is the push that a client has asked for right after its join.
	First(token string) (int, error)
	// Mark says in and out: whether the connection is in the room Churn now.
	Mark(is string) (int, error)
}

// Door lets everybody in, by the name that is their token.
type Door struct{}

// GuardConn makes the token a user.
func (*Door) GuardConn(u *ws.Upgrade) error {
	u.Principal.ID = u.Token
	return nil
}

// Connected notes who is to join and leave all the time.
//
//ws:connect
func (g *Gateway) Connected(_ context.Context, c *ws.Client, _ *http.Request) error {
	if strings.HasPrefix(c.Principal().ID, Churner) {
		g.churn.add(c)
	}
	return nil
}

// Gone forgets them.
//
//ws:disconnect
func (g *Gateway) Gone(c *ws.Client) { g.churn.remove(c) }

// Welcome is the answer to a Join.
type Welcome struct {
	Node string `json:"node"` // its id, which is another one at each start
	Name string `json:"name"`
}

// Join enters rooms, and that of the connections of this node alone. In the room Seen
// everybody sees who else is there.
//
//ws:subscribe join
func (g *Gateway) Join(c *ws.Client, rooms []string) (Welcome, error) {
	if slices.Contains(rooms, Seen) {
		if err := g.Here.Join(c, Seen, c.ID().String()); err != nil {
			return Welcome{}, err
		}
	}
	return Welcome{ID(g.Server), g.Name}, c.Join(append(rooms, Local(g.Name))...)
}

// Leave leaves rooms.
//
//ws:subscribe leave
func (g *Gateway) Leave(c *ws.Client, rooms []string) { c.Leave(rooms...) }

// Tell pushes a token to a room.
//
//ws:subscribe tell
func (g *Gateway) Tell(room, token string) error {
	_, err := g.Push.In(room).First(token)
	return err
}

// churners are the connections that join and leave all the time.
type churners struct {
	mu  sync.Mutex
	all []*ws.Client
}

func (c *churners) add(who *ws.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, who)
}

func (c *churners) remove(who *ws.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, is := range c.all {
		if is == who {
			c.all = append(c.all[:i], c.all[i+1:]...)
			return
		}
	}
}

func (c *churners) one() *ws.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) == 0 {
		return nil
	}
	return c.all[0]
}
