package chat

import (
	"maps"
	"reflect"
	"slices"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
)

// Node is a node of the cluster, as the one that tells of it sees it.
type Node struct {
	Addr        string `json:"addr"` // host:port, where it serves what this one serves
	Connections int    `json:"connections"`
	// State is "up", "draining", or "silent" for one that was not heard for a while.
	State string `json:"state"`
}

// Nodes are all that are known.
type Nodes struct {
	Self  string `json:"self"`  // Addr of the one that tells
	Up    bool   `json:"up"`    // its link to the others works
	Nodes []Node `json:"nodes"` // by Addr, itself too
}

// Neighbours are the pushes about nodes, to connections that introduced themselves. Where there is but
// one node nobody gets them.
//
//ws:push
type Neighbours interface {
	// Nodes tells which nodes there are, whenever that changes.
	Nodes(n Nodes)
}

// Fleet tells who introduced themselves which nodes there are. Safe for concurrent use.
type Fleet struct {
	push ws.Push[Neighbours]

	mu    sync.Mutex
	conns map[ws.ConnID]struct{} // guarded by mu
	last  Nodes                  // guarded by mu; none before the first Tell
}

// NewFleet returns one that tells nobody of nothing.
func NewFleet(push ws.Push[Neighbours]) *Fleet {
	return &Fleet{push: push, conns: map[ws.ConnID]struct{}{}}
}

// Add lets a connection know from now on.
func (f *Fleet) Add(conn ws.ConnID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[conn] = struct{}{}
	f.to(conn)
}

// Remove ends that; it need not have begun.
func (f *Fleet) Remove(conn ws.ConnID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, conn)
}

// Tell pushes what is known now, if that is something new.
func (f *Fleet) Tell(n Nodes) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if reflect.DeepEqual(n, f.last) {
		return
	}
	f.last = n
	if len(f.conns) > 0 {
		f.to(slices.Sorted(maps.Keys(f.conns))...)
	}
}

// to is for callers that hold mu. In the outbox of a slow reader the news replace what is old.
func (f *Fleet) to(conns ...ws.ConnID) {
	if f.last.Self != "" {
		f.push.Coalesce("nodes").Conn(conns...).Nodes(f.last)
	}
}
