package ws

import (
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/frame"
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
	var m hub.Message
	var n hub.Tally
	m.Encoded(text, s.deflated(text))
	hub.Push(s.hub, &t.to, &m, &t.how, &n)
	full := n.Sent == 0 && n.Shed > 0 && t.to.Single()
	s.pushed(event, t.declared, &n, full && t.resultless)
	s.tellSent(Sent{Event: event, Declared: t.declared, Outboxes: n.Sent, Bytes: len(text)})
	if full {
		return 0, ErrFull
	}
	return n.Sent, nil
}

// Join makes the addressed connections members of a room. If that is beyond a
// limit for some of them, it fails with an error like Client.Join's, and the
// others have joined. A connection that closes meanwhile is no error: it is
// not addressed any more.
func (t Target) Join(room string) error {
	var failed error
	for _, m := range t.members() {
		if err := clientOf(m).join(room); err != nil && err != ErrClosed {
			failed = err
		}
	}
	return failed
}

// Leave takes the addressed connections out of a room.
func (t Target) Leave(room string) {
	for _, m := range t.members() {
		t.server.hub.Leave(m, room)
	}
}

// Disconnect closes the addressed connections, after the frames that are
// queued for them, and returns how many were open. A code that must not be
// sent (RFC 6455, section 7.4) becomes CloseNormal. A reason longer than 123
// bytes is cut.
func (t Target) Disconnect(code CloseCode, reason string) int {
	if !frame.Sendable(frame.CloseCode(code)) {
		code = CloseNormal
	}
	n := 0
	for _, m := range t.members() {
		if clientOf(m).close(Closed{Code: code, Reason: frame.CutReason(reason)}) {
			n++
		}
	}
	return n
}

// Count returns how many connections are addressed.
func (t Target) Count() int {
	if !t.server.made() {
		return 0
	}
	n := 0
	hub.Present(t.server.hub, &t.to, func(*hub.Member) { n++ })
	return n
}

// Clients returns an iterator over the connections that are addressed when
// the loop begins.
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
