package chat

import (
	"iter"
	"slices"
	"sync"
)

// historyLimit is how many messages the history keeps; older ones are forgotten.
const historyLimit = 256

// RoomService stores what is said to everyone and announces it. Safe for concurrent use.
type RoomService struct {
	events Events

	mu      sync.Mutex
	history []ChatMessage // guarded by mu
}

// NewRoomService returns a service with an empty history that announces over events.
func NewRoomService(events Events) *RoomService { return &RoomService{events: events} }

// Record stores a message of user, which is "" for a guest, and sends it to every connection. It
// forgets the oldest message beyond the limit. It holds the lock over the push, which never blocks on a
// peer, so that everyone sees the stored order.
func (s *RoomService) Record(m SendMessage, user string) (ChatMessage, error) {
	stored := ChatMessage{Author: m.Author, Text: m.Text, User: user}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.history) == historyLimit {
		s.history = slices.Delete(s.history, 0, 1)
	}
	s.history = append(s.history, stored)
	_, err := s.events.Message(stored)
	return stored, err
}

// History returns a copy of the stored messages, oldest first; never nil.
func (s *RoomService) History() []ChatMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ChatMessage{}, s.history...)
}

// Pages yields copies of the stored messages, oldest first, at most size in each. It sees the
// messages as they are now, whatever is said while it is read.
func (s *RoomService) Pages(size int) iter.Seq[[]ChatMessage] { return slices.Chunk(s.History(), size) }
