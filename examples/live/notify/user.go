package notify

import (
	"context"
	"net/http"

	ws "github.com/wsgen/wsgen/runtime"
)

// Notice is for one user.
type Notice struct {
	User string `json:"user"`
	Text string `json:"text"`
}

// Personal are the pushes to the connections of a user.
//
//ws:push
type Personal interface {
	// Notice tells the user something that concerns nobody else. It returns how many outboxes took it.
	Notice(n Notice) (int, error)
}

// UserService tells a user something, in every tab that the user has open. Safe for concurrent use.
type UserService struct{ Push ws.Push[Personal] }

// Tell sends text to all connections of user, on all nodes, and returns how many outboxes took it: 0 if
// the user has none.
func (s *UserService) Tell(ctx context.Context, user, text string) (int, error) {
	return s.Push.Across(ctx, nil).Users(user).Notice(Notice{User: user, Text: text})
}

// ServeHTTP answers POST /notify/{user} {"text":"…"} with {"reached":n}. It refuses the same bodies as
// NotifyService, in the same way.
func (s *UserService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _, err := readAnnouncement(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	reached, err := s.Tell(r.Context(), r.PathValue("user"), text)
	answer(w, reached, err)
}
