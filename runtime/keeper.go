package ws

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// ErrNoHistory says that a Push has no history to follow, and its text why: the push
// interface has none, or the Server is one of a cluster whose Broker keeps no messages.
var ErrNoHistory = errors.New("ws: there is no history to follow")

// Errors of a kept push by a node of a cluster. Nobody gets it then, here neither,
// unless it is kept after all.
var (
	// ErrUnavailable says that the push is not kept: the cluster's engine is not there,
	// or too much waits for it. It may be tried again.
	ErrUnavailable = errors.New("ws: the cluster's engine cannot keep the push now, so nobody gets it")
	// ErrUnsure says that nobody knows whether the push is kept, or that only some of
	// its rooms or users have it. Tried again with the same key (Push.Key) it is kept
	// once.
	ErrUnsure = errors.New("ws: the cluster's engine has not said whether the push is kept: try again with the same key")
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
// counted since it was made. A node of a cluster remembers the newest alone
// (Cluster.RecentBytes): the engine keeps all of them.
type HistoryStats struct {
	Rooms    int // and users of which something is remembered; in a cluster, that are followed here
	Messages int // that are remembered, a union's in each of its rooms
	Bytes    int // that all of it counts towards Cluster.HistoryBytes or, in a cluster, RecentBytes

	Kept        uint64 // pushes of this Server that were kept, a union's in each of its rooms
	Duplicates  uint64 // those with a key that was known: they were kept before
	CatchUps    uint64 // connections that were behind, and caught up at their own pace
	Recovered   uint64 // those that came back, and got all that they had missed
	Unrecovered uint64 // those that came back, and were told that something is missing
	LostTold    uint64 // those that fell behind further than is remembered, and were told
	Pressed     uint64 // messages forgotten before their time, for want of room
	// KeepFailed counts what was to be kept in a cluster and is not, or perhaps not: the
	// push has failed, or the log says so.
	KeepFailed uint64
	// Resets is how often this node has found that a room that is followed here goes on
	// behind a gap: the cluster's engine has lost it, or the node has missed more than
	// is kept. All who follow there were told so.
	Resets uint64
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
		Recovered: n.Recovered, Unrecovered: n.Unrecovered, LostTold: n.Lost, Pressed: n.Pressed, Resets: n.Resets,
	}
}
