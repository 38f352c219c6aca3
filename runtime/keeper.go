package ws

import (
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// Log is the history of a push interface: how many kept events of each room or user are
// remembered, and for how long. Generated code makes one of //ws:history.
type Log struct {
	Name string        // package and interface, "chat.Events", unless the directive says another
	Size int           // 1 to 10000
	TTL  time.Duration // 1 s to 24 h
}

// Position is a place in the history of one room or user. Offsets grow. Positions of
// different epochs cannot be compared: what was kept is lost.
type Position struct {
	Epoch  string // 1 to 16 of a-z A-Z 0-9; "" is nowhere
	Offset uint64
}

// HistoryStats is what a Server remembers of kept pushes at one moment, and what it has
// counted since it was made.
type HistoryStats struct {
	Rooms    int // and users of which something is remembered
	Messages int // that are remembered, a union's in each of its rooms
	Bytes    int // that all of it counts towards Cluster.HistoryBytes

	Kept        uint64 // pushes that were kept, a union's in each of its rooms
	Duplicates  uint64 // those with a key that was known: they were kept before
	CatchUps    uint64 // connections that were behind, and caught up at their own pace
	Recovered   uint64 // those that came back, and got all that they had missed
	Unrecovered uint64 // those that came back, and were told that something is missing
	LostTold    uint64 // those that fell behind further than is remembered, and were told
	Pressed     uint64 // messages forgotten before their time, for want of room
}

// keeper is a Server's part in histories.
type keeper struct {
	tails    *hub.Tails
	lookedAt atomic.Int64  // when logPressed last looked, by Server.clock
	logged   atomic.Uint64 // what it saw then
}

// keeping is how the kept pushes of a Push are kept.
type keeping struct {
	log *history.Log // nil: there is no Server
	key string
}

// stats returns the numbers of histories.
func (k *keeper) stats() HistoryStats {
	n := k.tails.Stats()
	return HistoryStats{
		Rooms: n.Logs, Messages: n.Entries, Bytes: n.Bytes,
		Kept: n.Kept, Duplicates: n.Duplicates, CatchUps: n.CatchUps,
		Recovered: n.Recovered, Unrecovered: n.Unrecovered, LostTold: n.Lost, Pressed: n.Pressed,
	}
}
