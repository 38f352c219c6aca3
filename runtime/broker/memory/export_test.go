package memory

// Holds returns how many channels and links b knows.
func Holds(b *Broker) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.heard) + len(b.links)
}
