package ws

import (
	"cmp"
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Target addresses connections of a Server: everyone, rooms, users or ids,
// with exceptions. It is a value without state: each method looks the
// connections up anew. A connection that begins to close is not addressed any
// more, though it stays in its rooms until its disconnect hook has returned.
// The zero Target addresses nobody. All methods are safe for concurrent use,
// and none blocks on a peer.
type Target struct {
	server *Server
	to     hub.Set[ConnID]
	how    hub.How

	declared   bool // it is of an interface marked //ws:push
	resultless bool // it is of a push method without results, whose caller is not told of a loss
	kept       bool // it is of a push method marked //ws:kept

	here   bool     // it is of this node's connections alone, since another node wants it so
	across *across  // nil: nobody waits for other nodes
	keeps  *keeping // how kept pushes of its interface are kept; nil: they are not
}

// Except returns the target without these connections.
func (t Target) Except(ids ...ConnID) Target {
	t.to.Except = append(slices.Clip(t.to.Except), ids...)
	return t
}

// Rooms returns the names of the rooms that t addresses; none if it is not
// about rooms.
func (t Target) Rooms() []string { return slices.Clone(t.to.Rooms) }

// Emit pushes an event and returns how many outboxes took it; as
// Server.Broadcast. It is encoded once. A target that is one connection, by its
// id, fails with ErrFull if its outbox has no room.
func (t Target) Emit(event string, data any) (int, error) {
	t.reset()
	frame, err := encodePush(event, data)
	if !t.server.made() {
		return 0, err
	}
	if err != nil {
		// A typed push without an error result has no other way to tell.
		t.server.logPeer(nil, slog.LevelError, "ws: push not sent", "event", event, "error", err)
		return 0, err
	}
	return t.push(event, frame)
}

// push queues a frame for all addressed connections, and returns how many
// outboxes took it. It fails with ErrFull only for a target of one
// connection: for several the number tells.
func (t Target) push(event string, text []byte) (int, error) {
	s := t.server
	if !s.made() {
		return 0, nil
	}
	if s.recorder != nil {
		s.recorder(t.recorded(text))
	}
	if n := s.node(); n != nil {
		return n.push(&t, event, text)
	}
	var n int
	var err error
	var at Position
	if t.isKept() {
		n, at = t.pushKept(event, text)
	} else {
		n, err = t.pushHere(event, text, nil)
	}
	if t.across != nil {
		t.gather(n, &cluster.Answers{})
		t.across.r.At = at
	}
	return n, err
}

// pushHere is push for the connections of this node. far passes it on to others.
func (t *Target) pushHere(event string, text []byte, far hub.Relay) (int, error) {
	s := t.server
	var m hub.Message
	var n hub.Tally
	m.Encoded(text, s.deflated(text))
	hub.Push(s.hub, &t.to, &m, &t.how, far, &n)
	full := n.Sent == 0 && n.Shed > 0 && t.to.Single()
	s.pushed(event, t.declared, &n, full && t.resultless)
	s.tellSent(Sent{Event: event, Declared: t.declared, Outboxes: n.Sent, Bytes: len(text), Remote: t.here})
	if full {
		return 0, ErrFull
	}
	return n.Sent, nil
}

// isKept reports whether what is pushed is kept: of an event that is, to rooms or
// users, on a Server that keeps.
func (t *Target) isKept() bool {
	return t.kept && t.keeps != nil && t.keeps.log != nil && !t.to.All && len(t.to.Rooms)+len(t.to.Users) > 0 && t.server.keeps()
}

// pushKept is push for an event that is kept. It returns how many outboxes took it
// at once, and where it is.
func (t *Target) pushKept(event string, text []byte) (int, Position) {
	s := t.server
	var n hub.Tally
	at, _ := hub.PushKept(s.hub, &t.to, &hub.Kept{
		Log: t.keeps.log, Key: t.keeps.key, Deflate: s.deflated,
		Build: func(id string, at history.Position) []byte { return placed(text, id, at) },
	}, &t.how, &n)
	s.pushed(event, t.declared, &n, false)
	s.tellSent(Sent{Event: event, Declared: t.declared, Outboxes: n.Sent, Bytes: len(text)})
	s.logPressed()
	return n.Sent, Position(at)
}

// Join makes the addressed connections members of a room, on all nodes. If that is
// beyond a limit for some of them, it fails with an error like Client.Join's, and
// the others have joined; refusals on other nodes are logged there. A connection
// that closes meanwhile is no error: it is not addressed any more.
func (t Target) Join(room string) error {
	if t.waits() {
		var refused error
		_, err := t.everywhere(cluster.Join, room, nil, func() (joined int) { joined, refused = t.joinHere(room); return joined })
		return cmp.Or(refused, err)
	}
	if err := t.elsewhere(cluster.Join, room, nil); err != nil {
		return err
	}
	_, err := t.joinHere(room)
	return err
}

// joinHere is Join for the connections of this node.
func (t *Target) joinHere(room string) (joined int, failed error) {
	for _, m := range t.members() {
		switch err := clientOf(m).join(room); err {
		case nil:
			joined++
		case ErrClosed:
		default:
			failed = err
		}
	}
	return joined, failed
}

// Leave takes the addressed connections out of a room, on all nodes.
func (t Target) Leave(room string) {
	if t.waits() {
		_, err := t.everywhere(cluster.Leave, room, nil, func() int { return t.leaveHere(room) })
		t.logUnsent(err)
		return
	}
	t.logUnsent(t.elsewhere(cluster.Leave, room, nil))
	t.leaveHere(room)
}

// leaveHere is Leave for the connections of this node.
func (t *Target) leaveHere(room string) int {
	all := t.members()
	for _, m := range all {
		t.server.hub.Leave(m, room)
	}
	return len(all)
}

// Disconnect closes the addressed connections, on all nodes, after the frames that
// are queued for them, and returns how many were open here. A code that must not be
// sent (RFC 6455, section 7.4) becomes CloseNormal. A reason longer than 123
// bytes is cut.
func (t Target) Disconnect(code CloseCode, reason string) int {
	if !frame.Sendable(frame.CloseCode(code)) {
		code = CloseNormal
	}
	reason = frame.CutReason(reason)
	with := func(p *cluster.Packet[ConnID]) { p.Code, p.Reason = uint16(code), reason }
	if t.waits() {
		n, err := t.everywhere(cluster.Hangup, "", with, func() int { return t.disconnectHere(code, reason) })
		t.logUnsent(err)
		return n
	}
	t.logUnsent(t.elsewhere(cluster.Hangup, "", with))
	return t.disconnectHere(code, reason)
}

// disconnectHere is Disconnect for the connections of this node.
func (t *Target) disconnectHere(code CloseCode, reason string) (n int) {
	for _, m := range t.members() {
		if clientOf(m).close(Closed{Code: code, Reason: reason}) {
			n++
		}
	}
	return n
}

// Count returns how many connections of this node are addressed.
func (t Target) Count() int {
	switch {
	case t.waits():
		t := t // for the heap, that of others is not
		n, err := t.everywhere(cluster.Question, "", func(p *cluster.Packet[ConnID]) { p.Asks = cluster.AskCount }, t.countHere)
		t.logUnsent(err)
		return n
	case !t.server.made():
		return 0
	}
	return t.countHere()
}

// waits reports whether the target is one that waits for other nodes, and begins to.
func (t *Target) waits() bool {
	t.reset()
	return t.across != nil && t.server.made()
}

// reset empties what a call that waits fills in, as the first thing of each.
func (t *Target) reset() {
	if t.across != nil {
		*t.across.r = Reached{}
	}
}

func (t *Target) countHere() int {
	n := 0
	hub.Present(t.server.hub, &t.to, func(*hub.Member) { n++ })
	return n
}

// Clients returns an iterator over the connections of this node that are addressed
// when the loop begins.
func (t Target) Clients() iter.Seq[*Client] {
	return func(yield func(*Client) bool) {
		for _, m := range t.members() {
			if !yield(clientOf(m)) {
				return
			}
		}
	}
}

// members returns the addressed members, for callers that do what must not be
// done under the locks of package hub.
func (t Target) members() []*hub.Member {
	if !t.server.made() {
		return nil
	}
	return hub.Members(t.server.hub, &t.to)
}

// encodePush encodes an event for pushing, and refuses the names that belong
// to the protocol.
func encodePush(event string, data any) ([]byte, error) {
	if err := checkEvent(event); err != nil {
		return nil, err
	}
	frame, err := protocolEvents.encode(event, nil, data)
	if err != nil {
		return nil, steady.Wrap(fmt.Sprintf("ws: event %q was sent to nobody", event), err)
	}
	return frame, nil
}

// checkEvent returns an error for a name that an event must not have.
func checkEvent(event string) error {
	if ownEvent(event) {
		return fmt.Errorf("ws: %q is not a name for an event: it must not be empty, %q, or start with %q", event, errorEvent, "$")
	}
	return nil
}

// Overflow returns the target with a policy for outboxes that are full when
// something is pushed. The zero Overflow leaves it to each connection's
// gateway.
func (t Target) Overflow(o Overflow) Target {
	t.how.Overflow = hub.Overflow(o)
	return t
}

// Coalesce returns the target for pushes of which only the last matters: in
// an outbox where a push with the same key waits, the new one takes its
// place, and the older is never sent. It keeps that place in the queue, since
// a value that changes faster than the client reads would otherwise stay at
// the end for ever. So it may overtake pushes with other keys, or none, that
// came between the two. A frame that is being written is neither replaced nor
// dropped. Where no push with the key waits, the new one is queued like any
// other, and if there is no room, the policy holds. Finding the key takes
// time in proportion to OutboxFrames. The empty key is none.
func (t Target) Coalesce(key string) Target {
	t.how.Key = key
	return t
}

// Kept returns t for a push method marked //ws:kept; generated code calls it.
func (t Target) Kept() Target {
	t.kept = true
	return t
}
