package chat

import (
	"iter"
	"log/slog"
	"slices"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
)

// historyLimit is how many messages the history keeps; older ones are forgotten.
const historyLimit = 256

// RoomService stores what is said to everyone and announces it. Safe for concurrent use.
type RoomService struct {
	events Events
	lines  ws.Push[Lines]

	mu      sync.Mutex
	history []ChatMessage     // guarded by mu
	stored  func(ChatMessage) // tells other nodes; nil: there are none; guarded by mu
}

// NewRoomService returns a service with an empty history that announces over events, and over lines to who
// follows them.
func NewRoomService(events Events, lines ws.Push[Lines]) *RoomService {
	return &RoomService{events: events, lines: lines}
}

// Share has tell called with each message that is recorded here from now on, for the history of other
// nodes. It waits for nobody.
func (s *RoomService) Share(tell func(ChatMessage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored = tell
}

// Store puts a message into the history that another node has recorded, and announced to everyone.
func (s *RoomService) Store(m ChatMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(m)
}

// Adopt takes the history of another node, if this one has none yet, or only the newest of it: messages
// may have come before that was asked for.
func (s *RoomService) Adopt(history []ChatMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shared := min(len(history), len(s.history))
	for shared > 0 && !slices.Equal(history[len(history)-shared:], s.history[:shared]) {
		shared--
	}
	if shared > 0 || len(s.history) == 0 {
		all := slices.Concat(history, s.history[shared:])
		s.history = slices.Clone(all[max(0, len(all)-historyLimit):])
	}
}

// Record stores a message of user, which is "" for a guest, and sends it to every connection. It
// forgets the oldest message beyond the limit. It holds the lock over the push, which never blocks on a
// peer, so that everyone sees the stored order.
func (s *RoomService) Record(m SendMessage, user string) (ChatMessage, error) {
	stored := ChatMessage{Author: m.Author, Text: m.Text, User: user}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(stored)
	if s.stored != nil {
		s.stored(stored)
	}
	if err := s.lines.In(Book).Recorded(stored); err != nil { // it is stored and announced all the same
		slog.Warn("a message is not kept", "error", err)
	}
	_, err := s.events.Message(stored)
	return stored, err
}

// store is Store for callers that hold mu.
func (s *RoomService) store(m ChatMessage) {
	if len(s.history) == historyLimit {
		s.history = slices.Delete(s.history, 0, 1)
	}
	s.history = append(s.history, m)
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
