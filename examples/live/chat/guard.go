package chat

import (
	"context"

	"github.com/wsgen/wsgen/examples/live/auth"
	ws "github.com/wsgen/wsgen/runtime"
)

// AdminGuard guards the events of operators.
type AdminGuard = auth.AdminGuard

// bannedAuthor may read but not write.
const bannedAuthor = "banned"

// ModeratedGuard refuses messages of an author who is banned. Safe for concurrent use.
type ModeratedGuard struct{}

// GuardMessage returns an error with code forbidden for a banned author. If it cannot read the data,
// it returns the error that the decoder would return.
func (*ModeratedGuard) GuardMessage(_ context.Context, m ws.Message) error {
	var in SendMessage
	if err := m.Decode(&in); err != nil {
		return err
	}
	if in.Author == bannedAuthor {
		return ws.NewError(ws.CodeForbidden, "this author is banned")
	}
	return nil
}
