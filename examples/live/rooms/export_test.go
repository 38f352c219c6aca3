package rooms

// Stored returns how many senders room has.
func (s *ChatService) Stored(room string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members[room])
}

// Subscribed returns how many goroutines send updates.
func (s *ChatService) Subscribed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.subscribed)
}
