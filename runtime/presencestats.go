package ws

// PresenceStats is who is present on a Server at one moment, and what it has counted
// since it was made.
type PresenceStats struct {
	Rooms       int    // in which connections of this node are present, or watch
	Connections int    // of this node that are present, in each of these rooms
	Late        uint64 // frames that an outbox had no room for: the client gets the whole list later
}
