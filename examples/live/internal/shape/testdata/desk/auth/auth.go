// Package auth knows who a client is. It has no directive.
package auth

import (
	"context"

	ws "github.com/wsgen/wsgen/runtime"
)

// Tokens are what clients show.
type Tokens struct{ users map[string]string }

// Authn admits clients with a token, and says who they are.
type Authn struct{ tokens *Tokens }

// NewAuthn reads the tokens.
func NewAuthn() (*Authn, func(), error) {
	return &Authn{&Tokens{map[string]string{"t-ann": "ann", "t-bob": "bob"}}}, func() {}, nil
}

// GuardConn implements ws.ConnGuard.
func (a *Authn) GuardConn(u *ws.Upgrade) error {
	user, ok := a.tokens.users[u.Request.URL.Query().Get("token")]
	if !ok {
		return ws.NewError(ws.CodeUnauthenticated, "show a token")
	}
	u.Principal = ws.Principal{ID: user}
	return nil
}

// Trader lets only ann trade.
type Trader struct{}

// GuardMessage implements ws.MessageGuard.
func (Trader) GuardMessage(_ context.Context, m ws.Message) error {
	if m.Client.Principal().ID != "ann" {
		return ws.NewError(ws.CodeForbidden, "no trader")
	}
	return nil
}
