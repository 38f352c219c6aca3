package node

import (
	"fmt"
	"strconv"
	"strings"

	ws "github.com/wsgen/wsgen/runtime"
)

// The rooms, and how many users share the connections.
const (
	Rooms   = 10
	Users   = 12
	Churn   = "churn"   // the room that is joined and left all the time
	Churner = "churner" // begins the name of who does that
	Flood   = "flood"   // the room of those that read nothing
	Seen    = "seen"    // the room in which all others are present
)

// Room returns the name of the k-th room.
func Room(k int) string { return "room " + strconv.Itoa(k%Rooms) }

// Union returns the rooms of the k-th union.
func Union(k int) []string { return []string{Room(k), Room(k + 1)} }

// User returns the name of the k-th user.
func User(k int) string { return "user" + strconv.Itoa(k%Users) }

// Local returns the room of a node's own connections.
func Local(name string) string { return "local " + name }

// ID returns a Server's id.
func ID(s *ws.Server) string { return s.Nodes()[0].ID.String() }

// Kind is whom a stream of pushes is for.
type Kind byte

// The kinds of streams.
const (
	ToRoom  Kind = 'r'
	ToUnion Kind = 'v'
	ToUser  Kind = 'u'
	ToAll   Kind = 'a'
	ToLocal Kind = 'l'
	ToChurn Kind = 'c'
)

// The kinds of streams of what is kept.
const (
	KeptRoom  Kind = 'k'
	KeptUnion Kind = 'w'
	KeptUser  Kind = 'p'
	KeptAsync Kind = 'j' // to a room, and nobody waits until it is kept
	KeptFlood Kind = 'f' // to the room Torrent, long ones
)

// Line is what a numbered push says: who has pushed it, the how manieth it is of
// that node, and to whom, and the how manieth of those. What of one stream is
// missing has left a gap.
type Line struct {
	Node   string
	Number uint64
	Stream string // a Kind, and a number
	Seq    uint64
}

// String returns a Line as it is pushed.
func (l Line) String() string { return fmt.Sprintf("%s,%d,%s,%d", l.Node, l.Number, l.Stream, l.Seq) }

// Stream returns the name of a stream.
func Stream(k Kind, i int) string { return string(k) + strconv.Itoa(i) }

// ReadLine reads what String has written.
func ReadLine(text string) (l Line, ok bool) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 || len(parts[2]) < 2 {
		return l, false
	}
	number, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return l, false
	}
	seq, err := strconv.ParseUint(parts[3], 10, 64)
	return Line{parts[0], number, parts[2], seq}, err == nil
}

// Of returns a stream's Kind and number.
func Of(stream string) (Kind, int) {
	i, _ := strconv.Atoi(stream[1:])
	return Kind(stream[0]), i
}
