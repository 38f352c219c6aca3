// Package feed tells everybody who is connected what one of them says.
package feed

import ws "github.com/wsgen/wsgen/runtime"

//go:generate go tool wsgen .

// Feed is the gateway.
//
//ws:gateway /feed
//ws:guard Tokens
type Feed struct{ Push ws.Push[Events] }

// Events are what clients are told.
//
//ws:push
type Events interface {
	Told(text string) (int, error)
}

// Tell tells everybody, and answers how many that were.
//
//ws:subscribe tell
func (f *Feed) Tell(text string) (int, error) { return f.Push.All().Told(text) }

// Where answers the address that the client comes from.
//
//ws:subscribe where
func (f *Feed) Where(c *ws.Client) string { return c.RemoteAddr().Addr().String() }

// Tokens lets in whoever has a token, by its name.
type Tokens struct{}

// GuardConn makes the token the principal's id.
func (*Tokens) GuardConn(u *ws.Upgrade) error {
	if u.Token == "" {
		return ws.NewError(ws.CodeUnauthenticated, "no token")
	}
	u.Principal.ID = u.Token
	return nil
}

// New returns the gateway's endpoint and the push that services use.
func New(server *ws.Server) (*ws.Router, ws.Push[Events]) {
	push := NewEventsPush(server)
	return ws.NewRouter(NewFeedEndpoint(server, &Feed{Push: push}, &Tokens{}).Endpoint), push
}
