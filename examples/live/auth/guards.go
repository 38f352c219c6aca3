package auth

import (
	"context"
	"slices"

	ws "github.com/wsgen/wsgen/runtime"
)

// TokenGuard sets the principal of a connection. A token that is not good is refused with 401. A
// client without a token is a guest, whose Principal is zero. The guard decides about $refresh, too.
// Safe for concurrent use.
type TokenGuard struct{ Tokens *Tokens }

// GuardConn implements ws.ConnGuard.
func (g *TokenGuard) GuardConn(u *ws.Upgrade) error {
	if u.Token == "" {
		return nil
	}
	p, err := g.Tokens.Principal(u.Token)
	u.Principal = p
	return err
}

// AdminGuard lets only users with ScopeAdmin use the events of operators. Safe for concurrent use.
type AdminGuard struct{}

// GuardMessage returns an error with code unauthenticated for a guest, forbidden for a user without
// ScopeAdmin.
func (*AdminGuard) GuardMessage(_ context.Context, m ws.Message) error {
	switch p := m.Client.Principal(); {
	case slices.Contains(p.Scopes, ScopeAdmin):
		return nil
	case p.ID == "":
		return ws.NewError(ws.CodeUnauthenticated, "guests may not do this: sign in")
	default:
		return ws.NewError(ws.CodeForbidden, "this needs the scope "+ScopeAdmin)
	}
}
