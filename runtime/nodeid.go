package ws

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
)

// NodeID names one Server in a cluster. It is random, and another one after each
// start. As text it has 16 hexadecimal digits.
type NodeID uint64

// newNodeID returns a NodeID that nobody has. It is not 0, which is none.
func newNodeID() NodeID { return NodeID(rand.Uint64() | 1) }

var errNodeID = errors.New("ws: the id of a node has 16 hexadecimal digits")

// String returns the 16 digits.
func (id NodeID) String() string { return ConnID(id).String() }

// MarshalText returns the 16 digits; it never fails.
func (id NodeID) MarshalText() ([]byte, error) { return ConnID(id).MarshalText() }

// UnmarshalText reads the 16 digits that MarshalText writes, and fails on anything
// else.
func (id *NodeID) UnmarshalText(text []byte) error {
	if (*ConnID)(id).UnmarshalText(text) != nil {
		return errNodeID
	}
	return nil
}

// Node is a member of the cluster, as it was when it was heard last.
type Node struct {
	ID          NodeID
	Name        string // Cluster.Node of its options
	Conns       string // the digits that the ids of its connections begin with
	Connections int
	Rooms       int
	Draining    bool      // Shutdown has begun
	Began       time.Time // when it was made, by its own clock
	Heard       time.Time // when anything of it was heard last
}

// newNode returns what is known of another node.
func newNode(p *cluster.Peer) Node {
	return Node{
		ID: NodeID(p.ID), Name: p.Name, Conns: nodeDigits(p.Base), Connections: int(p.Connections), Rooms: int(p.Rooms),
		Draining: p.Draining, Began: p.Began, Heard: p.Heard,
	}
}
