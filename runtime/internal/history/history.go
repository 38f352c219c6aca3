// Package history keeps what is pushed to rooms and users, for those who were away
// for a moment, and brings followers to its end: each gets every message once and in
// order, or is told that some are missing.
//
// A Store has the messages. Tails has who follows which history, hands them what is
// new, and has those who are behind catch up at their own pace. It knows a follower
// by the interface Peer, and no socket, room or frame.
package history

import "time"

// Log is a history as a program declares it: so many messages of each room or user,
// for so long.
type Log struct {
	Name string
	Size int
	TTL  time.Duration
}

// Key names the history of one room or user. Its Log must be one that
// Tails.Declare has returned.
type Key struct {
	Log  *Log
	User bool
	Name string
}

// Entry is a kept message. It does not change, but for Made.
type Entry struct {
	Frame  []byte
	Offset uint64
	Prev   uint64   // the offset of the one before
	Except []uint64 // members that do not get it
	Copies []Copy   // of the same push, in the histories of rooms before this one

	// Made is what peers have made of Frame, once for all of them (Peer.Offer). It is
	// guarded by the lock of the history, and is the only thing that changes.
	Made any

	kept time.Duration // when, by Store.clock
}

// Copy is a place of the same push in another history.
type Copy struct {
	Key Key
	At  Position
}

// Page is what Read has found.
type Page struct {
	Epoch    string
	Top      uint64   // the last offset that was given
	Complete bool     // nothing is missing between the position and the first entry
	Entries  []*Entry // oldest first
}
