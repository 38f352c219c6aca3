// Package presence is who is present in a room, as one node knows it: of itself, and
// of the others, which each tell what they hold. Nothing is stored anywhere else.
//
// A Room has neither a goroutine nor a lock nor a clock. Who has one holds a lock
// around all of its methods, passes in what time it is and what has arrived, calls
// Turn after each of them and when Due says so, and carries out what that returns: it
// tells those who watch, and sends messages to other nodes.
//
// Each node is the only writer of its own part, so a number says which of two states
// of it is the later one. A node tells its changes to all who hear the room, and each
// change says on which state it builds. Who has missed one, or has just come, asks.
// Now and then each node says which state it is at, in case that nobody noticed.
package presence

import (
	"math"
	"sync/atomic"
	"time"
)

// Bounds of what is told of one connection, in bytes, and of what is shown of a person.
const (
	MaxKey   = 1024
	MaxMeta  = 1024
	MaxMetas = 64 // the first by the ids of their connections
)

// Bounds of what other nodes say of one room.
const (
	maxNodes   = 1024
	maxEntries = 1 << 20  // of one node
	maxState   = 64 << 20 // bytes of one State
	maxHeld    = 32       // changes of one node that wait for the state on which they build
	heldBytes  = 64 << 10 // of one of them
)

// Never stands for a time that does not come.
const Never = time.Duration(math.MaxInt64)

// The times. All of them are long enough for a busy engine, and short enough for
// somebody who looks at a list.
const (
	gather     = 50 * time.Millisecond // changes within it are told together
	gatherMany = time.Second           // and so are numbers, where only these are told
	answering  = 20 * time.Millisecond // answers are spread over it
	waiting    = time.Second           // for an answer, and then twice as long, and so on
	longest    = 30 * time.Second      // at most
	spread     = 2 * time.Second       // over which all rooms ask when the link works again
	digesting  = 60 * time.Second      // between two digests, 12 s more or less
	sure       = 75 * time.Second      // a node that has said nothing of a room for it is asked
	unknown    = 10 * time.Second      // the same for one that is no member
	vain       = 4                     // so many questions to one that is no member are enough
)

// Options are what all rooms of one kind have in common.
type Options struct {
	Linger time.Duration // how long somebody who has left is shown still
	Max    int           // of more people only the number is told; 0 is any number

	Alone    bool       // there are no other nodes, and the rest has no meaning
	Self     uint64     // this node
	Most     func() int // bytes of the items of one Message; more if one item has more
	Versions *Versions
	Member   func(node uint64) bool                  // whether it is there, as far as is known
	Random   func(below time.Duration) time.Duration // 0 to below
}

// Versions hands out the numbers of the states of one node's parts. All of its rooms
// share it, so a room that is made again begins behind all that was told of it before.
type Versions struct{ last atomic.Uint64 }

// Next returns a number that is larger than all before.
func (v *Versions) Next() uint64 { return v.last.Add(1) }

// Last returns the largest number so far.
func (v *Versions) Last() uint64 { return v.last.Load() }

// Entry is a connection that is present.
type Entry struct {
	Conn uint64
	Key  string // whose it is
	Meta string // what is told of it: JSON
}

// Person is somebody who is present, by however many connections.
type Person struct {
	Key   string
	Metas []string // JSON, by the ids of the connections; at least one, at most MaxMetas
}

// Delta is what those who watch are told.
type Delta struct {
	Full   bool // all who are there: what was known before counts no more
	Joined []Person
	Left   []string
	Count  int // people, after this
}

// Kind is what a Message is.
type Kind uint8

// The kinds.
const (
	Change Kind = iota + 1 // Items have come and gone between the states Since and Version; Since 0 is nothing
	State                  // Items, in parts, are all at Version
	Ask                    // for the State; Items are what is known of whom. Version is as a Digest's
	Digest                 // the sender is at Version; 0: it has nobody
)

// Message is what one node tells another, or all who hear the room.
type Message struct {
	Kind           Kind
	Direct         bool   // to one node: that of the ids which begin with Base
	Base           uint32 // of the receiver
	Version, Since uint64
	Part           uint64
	Last           bool
	Items          []byte
}

// Origin is where a Message comes from.
type Origin struct {
	Node   uint64
	Base   uint32 // what the ids of its connections begin with
	Direct bool   // the Message was for this node alone
}
