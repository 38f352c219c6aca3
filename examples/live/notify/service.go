package notify

import (
	"context"

	ws "github.com/wsgen/wsgen/runtime"
)

// Untyped is the push that this package makes by the name of its event. Nobody calls the method: by it documents
// and generated clients know the event.
//
//ws:push
type Untyped interface {
	// Announce is a text for everyone, or for a room.
	Announce(text string) (int, error)
}

// NotifyService announces to the connections of the application's Server, on whatever gateway
// they are. Safe for concurrent use.
type NotifyService struct{ server *ws.Server }

// NewNotifyService returns a service that pushes over server.
func NewNotifyService(server *ws.Server) *NotifyService { return &NotifyService{server} }

// Announce sends text to every connection and returns how many outboxes took it. It waits for other nodes.
func (s *NotifyService) Announce(ctx context.Context, text string) (int, error) {
	return s.server.All().Across(ctx, nil).Emit("announce", text)
}

// AnnounceTo sends text to the members of room and returns how many outboxes took it, as Announce does.
func (s *NotifyService) AnnounceTo(ctx context.Context, room, text string) (int, error) {
	return s.server.In(room).Across(ctx, nil).Emit("announce", text)
}
