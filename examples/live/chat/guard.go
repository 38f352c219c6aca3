package chat

import (
	"context"

	"github.com/wsgen/wsgen/examples/live/auth"
	ws "github.com/wsgen/wsgen/runtime"
)

// AdminGuard is for what only operators may do.
type AdminGuard = auth.AdminGuard

// bannedAuthor may read but not write.
const bannedAuthor = "banned"

// ModeratedGuard refuses messages of an author who is banned. Safe for concurrent use.
type ModeratedGuard struct{}

// GuardMessage returns an error with code forbidden for a banned author. Data it cannot read is
// not its business: the decoder, which comes next, refuses it with the better message.
func (*ModeratedGuard) GuardMessage(_ context.Context, m ws.Message) error {
	var in SendMessage
	if m.Decode(&in) == nil && in.Author == bannedAuthor {
		return ws.NewError(ws.CodeForbidden, "this author is banned")
	}
	return nil
}
