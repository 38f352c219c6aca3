package ws

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/presence"
)

// presences are the presences of a Server.
type presences struct {
	server   *Server
	versions presence.Versions
	up       atomic.Bool // the link to other nodes works
	timer    presenceTimer

	rooms, conns atomic.Int64
	late         atomic.Uint64

	mu    sync.Mutex
	kinds []*presenceKind // guarded by mu; another slice takes its place
	left  []uint64        // guarded by mu; the last nodes that said bye: what comes of them later is old
	lost  []uint64        // guarded by mu; the last ones that were not heard any more: they may be back
	round time.Duration   // guarded by mu; when all rooms ask, or asked, since messages were lost; 0: never
}

// presenceKind is one of them: who is in which room.
type presenceKind struct {
	of    *presences
	spec  PresenceSpec
	state presence.Options

	mu    sync.Mutex
	rooms map[string]*presenceRoom // guarded by mu
}

// newPresences returns those of a Server that has none yet.
func newPresences(s *Server) *presences {
	p := &presences{server: s, timer: presenceTimer{clock: s.clock}}
	s.hub.Parted(p.parted)
	return p
}

// presences returns those of a Server.
func (s *Server) presences() *presences { return s.roll.(*presences) }

// declare returns the kind of a name, which is as the first to declare it said.
func (p *presences) declare(spec PresenceSpec) *presenceKind {
	k, same := p.find(spec)
	if !same {
		p.server.logPeer(nil, slog.LevelError, "ws: two presences of one name, of which the first counts: mend the directives //ws:presence", "name", spec.Name, "event", spec.Event)
	}
	if err := checkEvent(spec.Event); err != nil {
		p.server.logPeer(nil, slog.LevelError, "ws: a presence has no event to be sent by: mend the directive //ws:presence", "name", spec.Name, "error", err)
	}
	return k
}

// find returns the kind of a name, made if need be, and whether it is as spec says.
func (p *presences) find(spec PresenceSpec) (k *presenceKind, same bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kinds {
		if k.spec.Name == spec.Name {
			return k, k.spec == spec
		}
	}
	k = &presenceKind{of: p, spec: spec, rooms: make(map[string]*presenceRoom)}
	k.state = presence.Options{Linger: spec.Linger, Max: spec.Max, Alone: true}
	if n := p.server.node(); n != nil {
		k.state = presence.Options{
			Linger: spec.Linger, Max: spec.Max,
			Self: uint64(p.server.id), Most: n.presenceBytes, Versions: &p.versions, Member: n.in.Member,
			Random: func(below time.Duration) time.Duration { return rand.N(below) },
		}
	}
	p.kinds = append(slices.Clip(p.kinds), k)
	return k, true
}

// all returns the kinds.
func (p *presences) all() []*presenceKind {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kinds
}

// parted has a member that has left a room be seen there no more. Its lock is held, so
// those who watch are told by the timer.
func (p *presences) parted(m *hub.Member, room string) {
	for _, k := range p.all() {
		if r := k.room(room); r != nil {
			r.part(m)
		}
	}
}

// each calls f with all rooms.
func (p *presences) each(f func(r *presenceRoom)) {
	for _, k := range p.all() {
		k.mu.Lock()
		rooms := make([]*presenceRoom, 0, len(k.rooms))
		for _, r := range k.rooms {
			rooms = append(rooms, r)
		}
		k.mu.Unlock()
		for _, r := range rooms {
			f(r)
		}
	}
}

// close ends what is to be done later. Nobody is present any more, or Shutdown has not
// waited for them.
func (p *presences) close() { p.timer.close() }

// stats returns the numbers.
func (p *presences) stats() PresenceStats {
	return PresenceStats{Rooms: int(p.rooms.Load()), Connections: int(p.conns.Load()), Late: p.late.Load()}
}

// room returns the room of a name; nil if nobody is there.
func (k *presenceKind) room(name string) *presenceRoom {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rooms[name]
}

// open returns the room of a name, made if need be.
func (k *presenceKind) open(name string) *presenceRoom {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.rooms[name]
	if r == nil {
		r = &presenceRoom{kind: k, name: name, watchers: make(map[*hub.Member]bool), lateAt: presence.Never, checkAt: presence.Never, timing: timing{due: presence.Never, place: -1}}
		k.rooms[name] = r
	}
	return r
}

// forget forgets a room that is over.
func (k *presenceKind) forget(r *presenceRoom) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rooms[r.name] == r {
		delete(k.rooms, r.name)
	}
}

// enter has a member be seen in a room, and tells it who is there. It returns what the
// Observer is told when no lock is held. The member's is.
func (k *presenceKind) enter(m *hub.Member, room string, e presence.Entry) []Sent {
	for {
		r := k.open(room)
		if sent, ok := r.enter(m, e); ok {
			return sent
		}
		k.forget(r) // the last one has left it, and has not forgotten it yet
	}
}

// set changes what is told of a member in a room; false if it is not present there.
func (k *presenceKind) set(m *hub.Member, room string, e presence.Entry) bool {
	r := k.room(room)
	if r == nil {
		return false
	}
	sent, present := r.set(m, e)
	k.tellSent(sent)
	return present
}

// unset ends that a member is seen in a room.
func (k *presenceKind) unset(m *hub.Member, room string) {
	if r := k.room(room); r != nil {
		k.tellSent(r.unset(m))
	}
}

// in returns who is in a room, and whether what is known of other nodes may be old.
func (k *presenceKind) in(room string) (all []presence.Person, stale bool) {
	s := k.of.server
	stale = s.stray || s.cluster != nil && !k.of.up.Load()
	if r := k.room(room); r != nil {
		all = r.people()
	}
	return all, stale
}

// tellSent tells the Observer of pushes. No lock may be held.
func (k *presenceKind) tellSent(sent []Sent) {
	for _, s := range sent {
		k.of.server.tellSent(s)
	}
}
