package ws

import (
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Target addresses connections of a Server: everyone, rooms, users or ids,
// with exceptions. It is a value without state: each method looks up anew who
// that is. A connection that begins to close is not addressed any more, though
// it stays in its rooms until its disconnect hook has returned. The zero Target
// is nobody.
type Target struct {
	server *Server
	all    bool
	rooms  []string
	ids    []ConnID
	users  []string
	except []ConnID
	how    pushing

	resultless bool // what is pushed to it has no results to tell its caller by
}

// Except returns the target without these connections.
func (t Target) Except(ids ...ConnID) Target {
	t.except = append(slices.Clip(t.except), ids...)
	return t
}

// Rooms returns the names of the rooms that t addresses; none if it is not
// about rooms.
func (t Target) Rooms() []string { return slices.Clone(t.rooms) }

// Emit pushes an event and returns how many outboxes took it; as
// Server.Broadcast. It is encoded once. A target that is one connection, by its
// id, fails with ErrFull if its outbox has no room.
func (t Target) Emit(event string, data any) (int, error) {
	frame, err := encodePush(event, data)
	if t.server == nil {
		return 0, err
	}
	if err != nil {
		// A typed push without an error result has no other way to tell.
		t.server.logPeer(nil, slog.LevelError, "ws: push not sent", "event", event, "error", err)
		return 0, err
	}
	return t.push(event, frame)
}

// push queues a frame for everybody addressed, and returns how many outboxes
// took it. ErrFull is for one connection: of several the number says it.
func (t Target) push(event string, frame []byte) (int, error) {
	if t.server == nil {
		return 0, nil
	}
	var out outgoing
	out.begin(t.server, frame)
	var n tally
	var first [64]*socket.Socket
	due := first[:0]
	engine := t.server.engine
	engine.BeginPush()
	t.each(func(c *conn) {
		if c.push(out.to(c), &t.how, &n) {
			due = append(due, &c.socket)
		}
		if len(due) == cap(due) {
			engine.Queue(due...)
			due = due[:0]
		}
	})
	engine.Queue(due...)
	engine.EndPush(n.sent)
	out.end(t.server)
	if n.sent == 0 && n.shed > 0 && t.single() {
		n.untold = t.resultless
		t.server.pushed(event, &n)
		return 0, ErrFull
	}
	t.server.pushed(event, &n)
	return n.sent, nil
}

// single reports whether t is one connection, by its id.
func (t Target) single() bool {
	return len(t.ids) == 1 && !t.all && len(t.rooms) == 0 && len(t.users) == 0
}

// Join makes the addressed connections members of a room. It fails with an
// error like Client.Join's if that is beyond a limit for any of them; the
// others have joined. One that closes meanwhile is no error: it is not
// addressed any more.
func (t Target) Join(room string) error {
	var failed error
	for _, c := range t.conns() {
		if err := c.join(room); err != nil && err != ErrClosed {
			failed = err
		}
	}
	return failed
}

// Leave takes the addressed connections out of a room.
func (t Target) Leave(room string) {
	for _, c := range t.conns() {
		c.leave(room)
	}
}

// Disconnect closes the addressed connections, after what is queued for them,
// and returns how many were open. A code that must not be sent (RFC 6455,
// section 7.4) becomes CloseNormal.
func (t Target) Disconnect(code CloseCode, reason string) int {
	if !frame.Sendable(frame.CloseCode(code)) {
		code = CloseNormal
	}
	n := 0
	for _, c := range t.conns() {
		if c.close(Closed{Code: code, Reason: frame.CutReason(reason)}) {
			n++
		}
	}
	return n
}

// Count returns how many connections are addressed.
func (t Target) Count() int {
	n := 0
	t.present(func(*conn) { n++ })
	return n
}

// Clients yields the connections that are addressed when the loop begins.
func (t Target) Clients() iter.Seq[*Client] {
	return func(yield func(*Client) bool) {
		for _, c := range t.conns() {
			if !yield(c.asClient()) {
				return
			}
		}
	}
}

// conns returns the addressed connections, for what must not run under a lock.
func (t Target) conns() []*conn {
	var out []*conn
	t.present(func(c *conn) { out = append(out, c) })
	return out
}

// present visits each addressed connection once that has not begun to close; as
// each.
func (t Target) present(visit func(*conn)) {
	t.visit(true, func(c *conn) {
		if len(t.ids) == 0 || !c.socket.Closes() { // a room has looked already
			visit(c)
		}
	})
}

// each visits each addressed connection once, to push: those that are closing,
// too, whose outboxes take nothing. It holds a room's lock during the room's
// visits: visit must neither block nor join nor leave.
func (t Target) each(visit func(*conn)) { t.visit(false, visit) }

// visit is present, or each. Not by a function for the room: what is handed to
// one that is not known here would be on the heap, for each push.
func (t Target) visit(present bool, visit func(*conn)) {
	if t.server == nil {
		return
	}
	if len(t.except) > 0 {
		all := visit
		visit = func(c *conn) {
			if !slices.Contains(t.except, c.id) {
				all(c)
			}
		}
	}
	switch {
	case t.all:
		t.server.registry.everyone.visit(present, visit)
	case len(t.rooms) > 0:
		visitRooms(t.server.rooms, t.rooms, present, visit)
	case len(t.users) > 0:
		visitRooms(t.server.registry.users, t.users, present, visit)
	default:
		for i, id := range t.ids {
			if c := t.server.registry.get(id); c != nil && !slices.Contains(t.ids[:i], id) {
				visit(c)
			}
		}
	}
}

// visitRooms visits the union of rooms; who is in several is visited once.
func visitRooms(rs *rooms, names []string, present bool, visit func(*conn)) {
	if len(names) > 1 {
		seen := make(map[*conn]struct{})
		every := visit
		visit = func(c *conn) {
			if _, again := seen[c]; !again {
				seen[c] = struct{}{}
				every(c)
			}
		}
	}
	for _, name := range names {
		if r := rs.find(name); r != nil {
			r.visit(present, visit)
		}
	}
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

func checkEvent(event string) error {
	if ownEvent(event) {
		return fmt.Errorf("ws: %q is not a name for an event: it must not be empty, %q, or start with %q", event, errorEvent, "$")
	}
	return nil
}
