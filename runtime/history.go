package ws

import (
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// The bounds of a Log.
const (
	maxLogSize = 10_000
	minLogTTL  = time.Second
	maxLogTTL  = 24 * time.Hour
	maxLogName = 200 // bytes; of a cluster's
)

// historyWord returns the frame by which a client is told where it is in a history:
// $joined or $lost. Nothing in it needs an escape. encoding/json would need a stack twice
// as large, which a connection that is idle from then on would keep.
func historyWord(w history.Word) []byte {
	event := joinedEvent
	if w.Lost {
		event = lostEvent
	}
	to := make([]byte, frame.HeadRoom, frame.HeadRoom+len(`{"event":"$joined","data":{"log":"","at":"","recovered":false}}`)+len(w.ID)+history.MaxPosition)
	to = append(append(append(to, `{"event":"`...), event...), `","data":{"log":"`...)
	to = append(append(to, w.ID...), `","at":"`...)
	to = append(w.At.Append(to), '"')
	if w.Claimed && !w.Lost {
		to = strconv.AppendBool(append(to, `,"recovered":`...), w.Recovered)
	}
	return frame.Seal(append(to, `}}`...))
}

// NewKeptPush is NewPush for an interface with a history: what its methods marked
// //ws:kept push to rooms and users is kept there, and pushed in one order to all who
// follow (Push.Follow). Generated code calls it. A log beyond its bounds is logged,
// and as near as they allow; of two logs of one name the first counts.
//
// In a cluster the engine keeps them, and everybody gets them from there, this node's
// connections too: a moment later, and not at all while the engine is not there. The
// push fails then with ErrUnavailable, and the number that it returns is 0. If the
// Broker keeps no messages (broker.Keeper) kept events are pushed as all others are.
func NewKeptPush[E any](s *Server, log Log, bind func(Target) E) Push[E] {
	p := NewPush(s, bind)
	p.keeps = s.keepsLog(log)
	return p
}

// keepsLog declares a log.
func (s *Server) keepsLog(l Log) *keeping {
	if !s.made() {
		return &keeping{}
	}
	if s.cluster != nil && (l.Name == "" || len(l.Name) > maxLogName) {
		s.logPeer(nil, slog.LevelError, "ws: the name of a history has 1 to 200 bytes, so nothing of this one is kept: mend the directive //ws:history", "log", l.Name)
		return &keeping{}
	}
	within := Log{l.Name, min(max(l.Size, 1), maxLogSize), min(max(l.TTL, minLogTTL), maxLogTTL)}
	of, same := s.history.tails.Declare(history.Log(within))
	switch {
	case within != l:
		s.logPeer(nil, slog.LevelError, "ws: a history keeps 1 to 10000 messages for 1s to 24h: mend the directive //ws:history", "log", l.Name, "size", l.Size, "ttl", l.TTL)
	case !same:
		s.logPeer(nil, slog.LevelError, "ws: two histories of one name, of which the first counts: give one of them another by name= of //ws:history", "log", l.Name, "size", l.Size, "ttl", l.TTL)
	}
	if s.cluster != nil {
		s.cluster.declares(of)
	}
	return &keeping{log: of}
}

// Key returns a Push whose kept events have a key: one with the same key within two
// minutes is kept and pushed once in a room, however often it is tried. The empty
// key is none, and events that are not kept have no use for it.
//
//	push.Key(line.ID).In(room).Said(line)
func (p Push[E]) Key(key string) Push[E] {
	if p.keeps != nil {
		p.keeps = &keeping{p.keeps.log, key}
	}
	return p
}

// Follow has the connection join rooms, as Client.Join does, and follow what E's kept
// events have pushed there: it gets each of them once and in order, also what came
// while it was away, if it says where it was; or it is told that something is
// missing. A client that is slow gets them later, and none of them is dropped for
// want of room. It follows until it leaves the room (Client.Leave).
//
// In a cluster where it is may be said a moment later than the reply to its message, or
// when the engine is there again: it has joined, and what comes meanwhile is not lost.
//
// It fails as Client.Join does, and then nothing is joined, and with ErrNoHistory.
// Rooms that the connection is in already are followed from now on; those that it
// follows already stay as they are. A connection that only joins a room gets kept
// events as it gets all others: once at most.
func (p Push[E]) Follow(c *Client, rooms ...string) error {
	if p.keeps != nil && !p.server.made() {
		return c.Join(rooms...) // a stand-in of a test's
	}
	if err := p.keeps.canFollow(p.server, c); err != nil {
		return err
	}
	return c.follow(p.keeps.log, rooms)
}

// FollowUser has the connection follow what E's kept events have pushed to its user
// (Push.Users), as Follow does for a room, for as long as it lasts. It fails with
// ErrNoHistory, with ErrClosed, and if nobody knows whose connection it is.
func (p Push[E]) FollowUser(c *Client) error {
	if p.keeps != nil && !p.server.made() {
		return nil
	}
	if err := p.keeps.canFollow(p.server, c); err != nil {
		return err
	}
	switch err := p.server.hub.FollowUser(&c.member, p.keeps.log, c.owner().claim); err {
	case hub.ErrLeft:
		return ErrClosed
	case hub.ErrNobody:
		return errFollowNobody
	}
	return nil
}

var (
	errFollowNobody    = errors.New("ws: the connection has no user to follow: no connection guard has set a principal with an ID")
	errFollowElsewhere = errors.New("ws: the connection is one of another Server than the Push")
)

// canFollow returns why a connection cannot follow anything that a Push of s keeps;
// k is nil if it keeps nothing.
func (k *keeping) canFollow(s *Server, c *Client) error {
	switch {
	case c.owner() == nil:
		return ErrClosed
	case k == nil || k.log == nil:
		return steady.Wrap("ws: mark the push interface //ws:history, and make the Push with its constructor", ErrNoHistory)
	case s.stray:
		return steady.Wrap("ws: this Server is to be in a cluster, and its Broker could not be opened", ErrNoHistory)
	case !s.keeps():
		return steady.Wrap("ws: the Broker of this cluster carries messages and keeps none, and a node alone cannot keep them for all: take one whose Links are a broker.Keeper", ErrNoHistory)
	case c.Server() != s:
		return errFollowElsewhere
	}
	return nil
}
