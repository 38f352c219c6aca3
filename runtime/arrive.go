package ws

import (
	"log/slog"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// This file does what other nodes want done to the connections of this one.

// take does what a packet says. It must return soon: behind it others wait.
func (n *node) take(channel string, v *cluster.View) {
	t := n.target(channel, v)
	var count int
	switch v.Kind {
	case cluster.Push:
		if !envelope.Counts(frame.Payload(v.Payload)) { // no node of ours sends that
			n.odd(v.From, cluster.ErrMalformed)
			break
		}
		count, _ = t.pushHere(string(v.Event), v.Payload, nil)
	case cluster.Join:
		count = n.joinHere(&t, string(v.Room))
	case cluster.Leave:
		count = t.leaveHere(string(v.Room))
	case cluster.Hangup:
		code := CloseCode(v.Code)
		if !frame.Sendable(frame.CloseCode(code)) {
			code = CloseNormal
		}
		count = t.disconnectHere(code, frame.CutReason(string(v.Reason)))
	case cluster.PresenceChange, cluster.PresenceState, cluster.PresenceAsk, cluster.PresenceDigest:
		n.server.roll.take(channel, v)
		return
	}
	if v.Request != 0 {
		n.answer(v, &t, count)
	}
}

// fewHere is to how many connections a push is light: it takes some microseconds.
const fewHere = 64

// light reports whether a push is for a few connections of this node.
func (n *node) light(v *cluster.View) bool {
	switch {
	case v.Target == cluster.ToAll:
		return n.server.hub.Present() <= fewHere
	case v.Target == cluster.ToRooms:
		return v.Names.Len() == 1 && n.server.hub.InRoom(string(v.Names.At(0))) <= fewHere
	case v.Target == cluster.ToUsers:
		return v.Names.Len() == 1 && n.server.hub.OfUser(string(v.Names.At(0))) <= fewHere
	default:
		return v.IDs.Len() <= fewHere
	}
}

// target returns whom a packet is for. By the channel of all it is for a whole
// union of rooms, by that of a room for those who are in none of the rooms before
// it.
func (n *node) target(channel string, v *cluster.View) Target {
	t := Target{server: n.server, how: hub.How{Key: string(v.Key), Overflow: hub.Overflow(v.Overflow)}, declared: v.Declared, here: true}
	t.to.All = v.Target == cluster.ToAll
	t.to.IDs = cluster.AppendIDs(t.to.IDs, v.IDs)
	t.to.Except = cluster.AppendIDs(t.to.Except, v.Except)
	names := make([]string, 0, v.Names.Len())
	for place, name := range v.Names.All() {
		if channel != cluster.All && place > v.Place {
			break
		}
		names = append(names, string(name))
	}
	switch v.Target {
	case cluster.ToRooms:
		t.to.Rooms, t.to.LastOnly = names, channel != cluster.All
	case cluster.ToUsers:
		t.to.Users = names
	}
	return t
}

// joinHere makes connections of this node members of a room, and logs if that is
// beyond the limits of some: whoever asked is elsewhere.
func (n *node) joinHere(t *Target, room string) int {
	count, err := t.joinHere(room)
	if err != nil {
		n.server.logPeer(nil, slog.LevelWarn, "ws: a join from another node was refused", "error", err)
	}
	return count
}
