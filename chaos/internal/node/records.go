package node

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// This file is about pushes that are kept: which there are, and who follows them.

// Records are events that are kept.
//
//ws:push
//ws:history size=1000 ttl=10m
type Records interface {
	// K is a numbered push: a Line as text, and perhaps Pad behind it and more. Its
	// number is the time, in milliseconds.
	//
	//ws:kept
	K(line string) error
}

// recordsLog is the name of the history of Records.
const recordsLog = "node.Records"

// Follow has the caller follow what is kept in rooms, and to its user, which is Mine.
//
//ws:subscribe follow
func (g *Gateway) Follow(c *ws.Client, rooms []string) error {
	if i := slices.Index(rooms, Mine); i >= 0 {
		if err := g.Records.FollowUser(c); err != nil {
			return err
		}
		rooms = slices.Delete(rooms, i, i+1)
	}
	if len(rooms) == 0 {
		return nil
	}
	return g.Records.Follow(c, rooms...)
}

// Rooms whose pushes are kept, and users. What is kept to a user has a room of its
// own here, whose name begins with Mine.
const (
	KeptRooms = 10
	KeptUsers = 4
	Mine      = "@"
	Torrent   = "torrent" // the room in which more is kept than who is slow can read
)

// KeptIn returns the name of the k-th room whose pushes are kept.
func KeptIn(k int) string { return "kept" + strconv.Itoa(k%KeptRooms) }

// Reader returns the name of the k-th user to whom pushes are kept.
func Reader(k int) string { return "reader" + strconv.Itoa(k%KeptUsers) }

// AllKept returns all rooms and users with a history.
func AllKept() (all []string) {
	for i := range KeptRooms {
		all = append(all, KeptIn(i))
	}
	for i := range KeptUsers {
		all = append(all, Mine+Reader(i))
	}
	return append(all, Torrent)
}

// KeptTo returns where the pushes of a stream are kept.
func KeptTo(stream string) []string {
	switch kind, i := Of(stream); kind {
	case KeptRoom, KeptAsync:
		return []string{KeptIn(i)}
	case KeptUnion:
		return []string{KeptIn(i), KeptIn(i + 1)}
	case KeptUser:
		return []string{Mine + Reader(i)}
	case KeptFlood:
		return []string{Torrent}
	}
	return nil
}

// Pad is between a Line and what makes it long.
const Pad = ";"

// LogOf returns by what clients know the history of a room or user
// (docs/reference/protocol.md, "Kept pushes"): the first 8 bytes of a hash of the
// history's name, r or u, and the name of the room or user.
func LogOf(room string) string {
	kind := "r"
	if user, is := strings.CutPrefix(room, Mine); is {
		kind, room = "u", user
	}
	sum := sha256.Sum256([]byte(recordsLog + "\x00" + kind + "\x00" + room))
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

// ChannelOf returns how engines call the channel of a room or user whose name is a
// plain word.
func ChannelOf(room string) string {
	if user, is := strings.CutPrefix(room, Mine); is {
		return "u.p_" + user
	}
	return "r.p_" + room
}

// Said returns when a kept push was said first.
func (l Line) Said() time.Time { return time.UnixMilli(int64(l.Number)) }
