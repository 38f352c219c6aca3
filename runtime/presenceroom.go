package ws

import (
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/presence"
)

// presenceRoom is a room as one Presence sees it, for as long as a connection of this
// node is there that has joined by it: such a connection watches, whether it is seen or
// not. All that changes goes through its lock, and so does what those who watch are
// told: each gets the whole list first, and then what changes after that.
//
// The lock is taken behind that of a member (package hub), and before those of outboxes,
// of package cluster and of the timer. No code of the user's runs under it.
type presenceRoom struct {
	kind   *presenceKind
	name   string
	timing timing

	mu       sync.Mutex
	state    *presence.Room       // guarded by mu; nil: nobody has come yet
	channel  string               // guarded by mu; on which other nodes speak of the room
	watchers map[*hub.Member]bool // guarded by mu; true: it had no room for something, and gets the whole list
	late     int                  // guarded by mu; how many of them that are
	lateAt   time.Duration        // guarded by mu; when they are tried again; Never: there are none
	pause    time.Duration        // guarded by mu; until then, the last time
	checkAt  time.Duration        // guarded by mu; when to look whether the channel is heard; Never: it is
	over     bool                 // guarded by mu; nobody watches any more, and there may be another room of this name
	sent     []Sent               // guarded by mu; what the Observer is to be told
}

// How long a client waits for room in its outbox until it is tried again: first, and
// at most. It doubles meanwhile.
const (
	shortLate = 250 * time.Millisecond
	longLate  = 8 * time.Second
)

// checking is how long it is until a channel that was not confirmed is looked at again.
const checking = time.Second

// begin begins a room, when the first one comes. The caller holds mu.
func (r *presenceRoom) begin(now time.Duration) {
	p := r.kind.of
	p.rooms.Add(1)
	r.state = presence.New(&r.kind.state, p.up.Load(), now)
	if n := p.server.node(); n != nil {
		r.channel = cluster.Room(r.name)
		if !n.in.Interest().Want(r.channel, r.settled) && p.up.Load() {
			r.state.Asks(now, 0)
		}
	}
}

// settled notes whether what other nodes say of the room comes here: then they are
// asked.
func (r *presenceRoom) settled(live bool) {
	r.do(func(now time.Duration) {
		if live {
			r.state.Asks(now, 0)
		} else {
			r.checkAt = now + checking
		}
	})
}

// check looks whether a channel is heard that was not confirmed in time. The caller
// holds mu.
func (r *presenceRoom) check(now time.Duration) {
	if now < r.checkAt {
		return
	}
	if r.kind.of.server.node().in.Interest().Live(r.channel) {
		r.state.Asks(now, 0)
		r.checkAt = presence.Never
	} else {
		r.checkAt = now + checking
	}
}

// do has f change the room, and does what follows from that. It returns false, and has
// not called f, if nobody watches any more.
func (r *presenceRoom) do(f func(now time.Duration)) bool {
	sent, ok := r.locked(f)
	r.kind.tellSent(sent)
	return ok
}

func (r *presenceRoom) locked(f func(now time.Duration)) (sent []Sent, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.state == nil {
		return nil, false
	}
	now := r.kind.of.server.clock()
	f(now)
	r.turn(now)
	return r.takeSent(), true
}

// ring is called by the timer.
func (r *presenceRoom) ring() { r.do(func(time.Duration) {}) }

// turn does what is to be done now. The caller holds mu.
func (r *presenceRoom) turn(now time.Duration) {
	d, told, out := r.state.Turn(now)
	if told && len(r.watchers) > r.late {
		r.tell(&d, r.each(false))
	}
	r.retry(now)
	r.check(now)
	r.send(out, now)
	r.wind()
}

// wind has the room's ring called when something is to be done. The caller holds mu.
func (r *presenceRoom) wind() {
	r.kind.of.timer.set(r, min(r.state.Due(), r.lateAt, r.checkAt))
}

// takeSent returns what the Observer is to be told. The caller holds mu.
func (r *presenceRoom) takeSent() []Sent {
	sent := r.sent
	r.sent = nil
	return sent
}

// enter has a member watch, and be seen. It returns false if the room is over.
func (r *presenceRoom) enter(m *hub.Member, e presence.Entry) (sent []Sent, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil, false
	}
	p := r.kind.of
	now := p.server.clock()
	if r.state == nil {
		r.begin(now)
	}
	if !r.state.Has(e.Conn) {
		p.conns.Add(1)
	}
	r.state.Set(e, now)
	r.turn(now) // the others first: who comes is on the list that it gets
	if r.watchers[m] {
		r.late--
	}
	r.watchers[m] = false
	d := r.state.Full()
	r.tell(&d, slices.Values([]*hub.Member{m}), m.ID)
	r.wind()
	return r.takeSent(), true
}

// set changes what is told of a member; false if it is not present.
func (r *presenceRoom) set(m *hub.Member, e presence.Entry) (sent []Sent, present bool) {
	sent, _ = r.locked(func(now time.Duration) {
		if present = r.state.Has(m.ID); present {
			r.state.Set(e, now)
		}
	})
	return sent, present
}

// unset ends that a member is seen.
func (r *presenceRoom) unset(m *hub.Member) []Sent {
	sent, _ := r.locked(func(now time.Duration) { r.unseen(m, now) })
	return sent
}

func (r *presenceRoom) unseen(m *hub.Member, now time.Duration) {
	if r.state.Has(m.ID) {
		r.kind.of.conns.Add(-1)
		r.state.Unset(m.ID, now)
	}
}

// part ends that a member watches and is seen. Its lock is held, so the others are told
// by the timer, at once.
func (r *presenceRoom) part(m *hub.Member) {
	if r.parts(m) {
		r.kind.forget(r)
	}
}

// parts is part, and reports whether the room is over.
func (r *presenceRoom) parts(m *hub.Member) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	late, watches := r.watchers[m]
	if !watches {
		return false
	}
	if delete(r.watchers, m); late {
		r.late--
	}
	now := r.kind.of.server.clock()
	r.unseen(m, now)
	if len(r.watchers) > 0 {
		r.wind()
		return false
	}
	r.end(now)
	return true
}

// end tells other nodes that nobody of this one is there any more. The caller holds mu.
func (r *presenceRoom) end(now time.Duration) {
	p := r.kind.of
	r.over = true
	p.rooms.Add(-1)
	p.timer.set(r, presence.Never)
	r.send(r.state.Close(now), now)
	if n := p.server.node(); n != nil {
		n.in.Interest().Drop(r.channel)
	}
}

// people returns who is there.
func (r *presenceRoom) people() []presence.Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.state == nil {
		return nil
	}
	return r.state.People()
}

// own returns the connections of this node that are there.
func (r *presenceRoom) own() []presence.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.state == nil {
		return nil
	}
	return r.state.Own()
}

// each yields those who watch, either those that have got all or those that have not.
// The caller holds mu.
func (r *presenceRoom) each(late bool) iter.Seq[*hub.Member] {
	return func(yield func(*hub.Member) bool) {
		for m, is := range r.watchers {
			if is == late && !yield(m) {
				return
			}
		}
	}
}

// tell tells some of those who watch: those with these ids, or all. Who has no room gets
// the whole list later. The caller holds mu.
func (r *presenceRoom) tell(d *presence.Delta, all iter.Seq[*hub.Member], ids ...uint64) {
	s := r.kind.of.server
	text := r.kind.frame(r.name, d)
	var m hub.Message
	var n hub.Tally
	m.Encoded(text, s.deflated(text))
	s.hub.Tell(all, &m, &n, func(m *hub.Member) {
		if !r.watchers[m] {
			r.watchers[m] = true
			r.late++
		}
		r.kind.of.late.Add(1)
	})
	if r.late > 0 && r.lateAt == presence.Never {
		r.pause = shortLate
		r.lateAt = s.clock() + r.pause
	}
	s.pushed(r.kind.spec.Event, true, &n, false)
	r.sent = append(r.sent, Sent{Event: r.kind.spec.Event, Declared: true, Outboxes: n.Sent, Bytes: len(text)})
	if s.recorder != nil {
		push := kit.Push{IDs: ids, Frame: text}
		if len(ids) == 0 {
			push.Rooms = []string{r.name}
		}
		s.recorder(push)
	}
}

// retry sends the whole list to those who had no room for something. The caller holds
// mu.
func (r *presenceRoom) retry(now time.Duration) {
	if now < r.lateAt {
		return
	}
	if r.late > 0 {
		var behind []*hub.Member
		var ids []uint64
		for m := range r.each(true) {
			r.watchers[m] = false // unless tell finds no room again
			behind, ids = append(behind, m), append(ids, m.ID)
		}
		r.late = 0
		d := r.state.Full()
		r.tell(&d, slices.Values(behind), ids...)
	}
	if r.pause = min(2*r.pause, longLate); r.late == 0 {
		r.lateAt = presence.Never
	} else {
		r.lateAt = now + r.pause
	}
}
