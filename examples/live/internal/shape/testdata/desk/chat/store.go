package chat

import (
	"errors"
	"slices"
	"sync"
)

// Store keeps what was said. It is safe for concurrent use.
type Store struct {
	events Events
	mu     sync.Mutex
	lines  []Line // guarded by mu
}

// NewStore returns an empty store that announces over events.
func NewStore(events Events) *Store { return &Store{events: events} }

// Add keeps a line and tells everybody.
func (s *Store) Add(l Line) (Line, error) {
	if l.Text == "" {
		return l, errors.New("empty")
	}
	s.mu.Lock()
	l.ID = len(s.lines) + 1
	s.lines = append(s.lines, l)
	s.mu.Unlock()
	_, err := s.events.Said(l)
	return l, err
}

// Lines are all of them, the oldest first.
func (s *Store) Lines() []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}
