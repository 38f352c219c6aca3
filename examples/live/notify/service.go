package notify

import (
	ws "github.com/wsgen/wsgen/runtime"
)

// NotifyService announces to the connections of the application's Server, on whatever gateway
// they are. Safe for concurrent use.
type NotifyService struct{ server *ws.Server }

// NewNotifyService returns a service that pushes over server.
func NewNotifyService(server *ws.Server) *NotifyService { return &NotifyService{server} }

// Announce sends text to every connection and returns how many outboxes took it.
func (s *NotifyService) Announce(text string) (int, error) {
	return s.server.Broadcast("announce", text)
}

// AnnounceTo sends text to the members of room and returns how many outboxes took it.
func (s *NotifyService) AnnounceTo(room, text string) (int, error) {
	return s.server.EmitTo(room, "announce", text)
}
