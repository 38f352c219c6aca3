package chat

import (
	"maps"
	"slices"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
)

// Counters are what the application's registries count, added up.
type Counters struct {
	Connections int    `json:"connections"` // now
	Rooms       int    `json:"rooms"`       // with members now
	In          uint64 `json:"in"`          // messages read in the last second
	Out         uint64 `json:"out"`         // frames that outboxes took in it
	Shed        uint64 `json:"shed"`        // pushes lost to full outboxes since the start
	Refused     uint64 `json:"refused"`     // handshakes, frames and messages since then
	Waiting     int64  `json:"waiting"`     // bytes in outboxes now
	Limit       int64  `json:"limit"`       // of those; 0: there is none
}

// Counting are the pushes to connections that watch the counters. Others get none of them.
//
//ws:push
type Counting interface {
	// Counters tells what the registries count, once a second, and to who begins to watch at once.
	Counters(c Counters)
}

// Watchers are the connections that watch the counters. They are no room, which a client could join by
// its name, and which the counters would count. Safe for concurrent use.
type Watchers struct {
	push ws.Push[Counting]

	mu    sync.Mutex
	conns map[ws.ConnID]struct{} // guarded by mu
	last  Counters               // guarded by mu
}

// NewWatchers returns none.
func NewWatchers(push ws.Push[Counting]) *Watchers {
	return &Watchers{push: push, conns: map[ws.ConnID]struct{}{}}
}

// Add lets a connection watch from now on.
func (w *Watchers) Add(conn ws.ConnID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[conn] = struct{}{}
	w.to(conn)
}

// Remove ends that; it need not have begun.
func (w *Watchers) Remove(conn ws.ConnID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, conn)
}

// Tell pushes new numbers to all of them.
func (w *Watchers) Tell(c Counters) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = c
	if len(w.conns) > 0 {
		w.to(slices.Sorted(maps.Keys(w.conns))...)
	}
}

// to pushes the last numbers, for callers that hold mu. In the outbox of a slow reader they replace
// those before.
func (w *Watchers) to(conns ...ws.ConnID) {
	w.push.Coalesce("counters").Conn(conns...).Counters(w.last)
}
