package hub

import (
	"math/rand/v2"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Overflow says what becomes of a push to a full outbox. Zero leaves it to the
// Keeper.
type Overflow uint8

// The policies: drop the push, drop older ones for it, or drop it and have the
// member closed.
const (
	ShedNewest Overflow = iota + 1
	ShedOldest
	CloseSlow
)

// How says how a push treats outboxes.
type How struct {
	Key      string // the push replaces one that waits with this key; "" is none
	Overflow Overflow
}

// Message is one push: a frame, encoded once for all of its receivers, in the
// encodings that some of them want.
type Message struct {
	plain, deflated outbox.Frame
	both            bool
}

// Encoded makes m the message of a frame, and of its compressed twin, or nil.
// Neither may change later.
func (m *Message) Encoded(frame, deflated []byte) {
	m.plain.Share(frame)
	if deflated != nil {
		m.deflated.Share(deflated)
		m.both = true
	}
}

// among says that the message goes to about n members, of which each that keeps
// it counts a share (outbox.Frame.Among).
func (m *Message) among(n int) {
	m.plain.Among(n)
	if m.both {
		m.deflated.Among(n)
	}
}

// to returns the frame for a receiver. Most messages have one frame. Then
// nothing of the receiver is read, whose memory may be in no cache.
func (m *Message) to(r *Member) *outbox.Frame {
	if m.both && r.Socket.Deflates() {
		return &m.deflated
	}
	return &m.plain
}

// Tally counts what one push did.
type Tally struct {
	Sent, Shed, Replaced int
	Slow                 []*Member // to be closed, when no lock is held
	Gone                 []Loss    // of those that have no socket: their sessions end then

	lost   [3]*Member // some members that lost something, for the log
	losers int
	seed   uint32
	waited socket.Patience
}

// Loss is how many pushes a member has lost.
type Loss struct {
	*Member

	N int
}

// Lost returns some of the members that lost something.
func (n *Tally) Lost() []*Member { return n.lost[:min(n.losers, len(n.lost))] }

// lose notes that m has lost something. Of many members each is as likely to be
// kept: one that is stalled since today is not hidden by those that were
// before.
func (n *Tally) lose(m *Member) {
	at := n.losers
	n.losers++
	if at >= len(n.lost) {
		if n.seed == 0 {
			n.seed = rand.Uint32() | 1
		}
		n.seed = n.seed*1664525 + 1013904223
		at = int(uint64(n.seed) * uint64(n.losers) >> 32)
	}
	if at < len(n.lost) {
		n.lost[at] = m
	}
}

// Relay passes a push on to other nodes. It is called once for each of the set's
// rooms or users, by its place among them, or once for everyone; for ids not at
// all. The room's lock is held, behind the last member, so that what is passed on
// has the order that the members here see; it is not if there is no such room here.
// channel is the room's; "" if the room is not here, and of everyone.
type Relay interface {
	Relay(place int, channel string)
}

// Push queues a message for all members of a set, has it written by workers, or
// writes it if it is a single one's, and has relay pass it on, unless that is nil.
func Push[ID ~uint64](h *Hub, to *Set[ID], m *Message, how *How, relay Relay, n *Tally) {
	var first [64]*socket.Socket
	due := first[:0]
	if h.engine.Keeps() {
		m.among(about(h, to))
	}
	h.engine.BeginPush()
	each(h, to, false, relay, func(r *Member) {
		if r.push(m.to(r), how, n) {
			due = append(due, &r.Socket)
		}
		if len(due) == cap(due) {
			h.engine.Queue(due...)
			due = due[:0]
		}
	})
	if n.Sent == 1 && len(due) == 1 && h.lone() {
		due[0].FlushNow(outbox.Schedule)
	} else {
		h.engine.Queue(due...)
	}
	h.engine.EndPush(n.Sent)
	m.plain.Settle(h.engine.Waiting())
	m.deflated.Settle(h.engine.Waiting())
}

// apart is how far from each other pushes to single members are that the pusher
// writes itself, which costs less than waking a worker, and is sooner. Those that are
// nearer are left to workers: frames to one client leave together then.
const apart = time.Millisecond

// lone reports whether the last push to a single member is long ago.
func (h *Hub) lone() bool {
	now := h.engine.Clock()
	return now-time.Duration(h.single.Swap(int64(now))) > apart
}

// about returns about how many members a set has, where that is known at once.
func about[ID ~uint64](h *Hub, to *Set[ID]) (n int) {
	switch {
	case to.All:
		return h.everyone.count()
	case len(to.Rooms) > 0:
		for _, name := range to.Rooms {
			n += h.rooms.members(name)
		}
	}
	return n
}

// PushOne queues a frame for a single member. The caller must pass the verdict
// to Socket.FlushNow: a write that cannot wait costs less than waking a worker.
func (h *Hub) PushOne(m *Member, frame []byte, n *Tally) outbox.Verdict {
	v := m.Socket.Out().Push(frame)
	switch {
	case v.Accepted():
		n.Sent = 1
	case v.Refused():
		var f outbox.Frame
		f.Share(frame)
		if m.pushOver(&f, v, &How{}, n) {
			v = outbox.Schedule
		}
		f.Settle(h.engine.Waiting())
	}
	return v
}

// push queues a frame for one of many members, adds the result to the tally,
// and reports whether the outbox needs flushing. It never waits for the peer,
// and writes only where it finds no room (Socket.PushAgain).
func (m *Member) push(f *outbox.Frame, how *How, n *Tally) (due bool) {
	if how.Key != "" {
		return m.pushOver(f, outbox.Full, how, n)
	}
	switch v := m.Socket.Out().Share(f); v {
	case outbox.Queued, outbox.Schedule:
		n.Sent++
		return v == outbox.Schedule
	case outbox.Closed:
		return false
	default:
		return m.pushOver(f, v, how, n)
	}
}

// pushOver is push for a frame with a key, which may take the place of another,
// and for an outbox that has just refused a frame with the verdict v.
func (m *Member) pushOver(f *outbox.Frame, v outbox.Verdict, how *How, n *Tally) (due bool) {
	out := m.Socket.Out()
	o := outbox.Outcome{Verdict: v}
	if how.Key != "" {
		o = out.Offer(f, how.Key, false)
	}
	if o.Verdict == outbox.Full {
		o = m.Socket.PushAgain(f, how.Key, &n.waited)
	}
	policy := how.Overflow
	if policy == 0 && o.Verdict.Refused() {
		policy = m.Socket.Owner().(Keeper).Overflow()
	}
	if o.Verdict.Refused() && policy == ShedOldest {
		o = out.Offer(f, how.Key, true)
	}
	if n.Shed += o.Shed; o.Shed > 0 {
		n.lose(m)
	}
	if o.Replaced {
		n.Replaced++
	}
	switch {
	case o.Verdict == outbox.Closed:
		return false
	case o.Verdict.Refused():
		n.Shed++
		if o.Shed == 0 {
			n.lose(m)
		}
		if policy == CloseSlow {
			n.Slow = append(n.Slow, m) // closed later: a room's lock is held, and closing calls the owner
		} else {
			m.note(1, false, n)
		}
		return false
	}
	if o.Shed > 0 {
		m.note(o.Shed, true, n)
	}
	n.Sent++
	return o.Verdict == outbox.Schedule
}

// Noter is a Keeper whose client is told of pushes that its full outbox has lost.
type Noter interface {
	// ShedNote returns the frame that says how many were lost. Locks may be held.
	ShedNote(n int) []byte
}

// note has the client told that n pushes were lost, if it can be: older ones,
// which made room for another, or else the newest.
func (m *Member) note(n int, older bool, t *Tally) {
	o, is := m.Socket.Owner().(Noter)
	switch {
	case !is:
	case m.Socket.IsParted():
		t.Gone = append(t.Gone, Loss{m, n})
	default:
		m.Socket.Schedule(m.Socket.Out().Note(n, older, o.ShedNote))
	}
}

// Tell has the client told that pushes were lost: it had no socket then, and has
// another now.
func (l Loss) Tell() {
	if o, is := l.Socket.Owner().(Noter); is {
		l.Socket.Schedule(l.Socket.Out().Note(l.N, false, o.ShedNote))
	}
}
