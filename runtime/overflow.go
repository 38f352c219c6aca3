package ws

// Overflow says what becomes of a push to a connection whose outbox is full,
// because its client reads more slowly than it is pushed to, or not at all.
// No policy waits, and none concerns other connections. Replies and streams
// wait for room instead, under every policy. It is set for a Server
// (Options.Overflow), a gateway (its Configure method), or a push
// (Target.Overflow, Push.Overflow), and the last of these that says something
// counts.
type Overflow uint8

// The policies. The zero Overflow leaves it to the gateway, and there to the
// Server, whose default is ShedNewest.
const (
	// ShedNewest drops the push. The frames that were queued before are
	// delivered, so a client that reads again first sees the past.
	ShedNewest Overflow = iota + 1
	// ShedOldest drops the oldest pushes that wait until there is room: whole
	// frames, never one that is being written, never a reply. If that cannot
	// make enough room, or if a reply waits for some, the push is dropped.
	ShedOldest
	// CloseSlow drops the push and closes the connection with 1008, after
	// the frames that are queued. It is for clients that must not miss
	// anything unawares: they connect again, and begin anew.
	CloseSlow
)
