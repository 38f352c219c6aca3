package hub

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
)

// room is a set of members. A push to it takes its lock for the whole loop, so
// that all members see one order. Enqueueing never blocks, and no user code
// runs under the lock.
type room struct {
	name    string
	channel *string // on which other nodes' pushes to it come; nil: the Hub is alone. One word, since most users are a room
	mu      sync.Mutex
	members []*membership // guarded by mu
	gone    bool          // guarded by mu; the last member has left, and there may be another room of this name
	named   bool          // one of rooms, which is gone with its last member
	follows bool          // guarded by mu; a member has followed its history, or is in it by Attend
	size    atomic.Int32  // of members, for those who need not wait for a push
}

// membership is one member's place in one room.
type membership struct {
	member *Member
	room   *room
	index  int // in room.members; guarded by room.mu
}

// add makes m a member; false if the room is gone.
func (r *room) add(m *membership) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return false
	}
	m.room, m.index = r, len(r.members)
	r.members = append(r.members, m)
	r.size.Add(1)
	return true
}

// remove takes m out: the last member moves to its place, so leaving does not
// depend on the room's size. It reports whether nobody is left, and whether m may
// follow the room's history, or attend it.
func (r *room) remove(m *membership) (empty, follows bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.members) - 1
	moved := r.members[last]
	r.members[m.index] = moved
	moved.index = m.index
	r.members[last] = nil
	r.members = r.members[:last]
	r.size.Add(-1)
	if cap(r.members) > 64 && len(r.members) < cap(r.members)/4 {
		r.members = slices.Clone(r.members) // a crowd's memory goes with the crowd
	}
	r.gone = last == 0 && r.named
	return last == 0, r.follows
}

// follow notes that a member follows the room's history, or attends it.
func (r *room) follow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.follows = true
}

// visit visits the members: by present, or by each, which passes the push on by
// relay, unless that is nil, as the one of a place.
func (r *room) visit(present bool, visit func(*Member), relay Relay, place int) {
	if present {
		r.present(visit)
	} else {
		r.each(visit, relay, place)
	}
}

// present visits the members that have not begun to close.
func (r *room) present(visit func(*Member)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var open [16]*Member // whose memory is fetched together
	for members := range slices.Chunk(r.members, len(open)) {
		n := 0
		for _, m := range members {
			open[n] = m.member
			if !m.member.Socket.Closes() {
				n++
			}
		}
		for _, c := range open[:n] {
			visit(c)
		}
	}
}

// each visits all members, to push to them, and passes the push on.
func (r *room) each(visit func(*Member), relay Relay, place int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ahead [8]*Member // whose memory is fetched together
	for members := range slices.Chunk(r.members, len(ahead)) {
		for i, m := range members {
			ahead[i] = m.member
		}
		for _, c := range ahead[:len(members)] {
			c.Socket.Out().Touch()
		}
		for _, c := range ahead[:len(members)] {
			visit(c)
		}
	}
	if relay != nil {
		relay.Relay(place, r.channelName())
	}
}

// channelName returns the room's channel; "" if the Hub is alone, and of everyone.
func (r *room) channelName() string {
	if r.channel == nil {
		return ""
	}
	return *r.channel
}

// all returns the members.
func (r *room) all() []*Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Member, len(r.members))
	for i, m := range r.members {
		all[i] = m.member
	}
	return all
}

// count returns how many members there are. A push may hold the room's lock.
func (r *room) count() int { return int(r.size.Load()) }

// roomShards spreads the names of rooms, so that joins and leaves of different
// rooms do not meet at one lock.
const roomShards = 64

// rooms finds a room by name. A room exists while it has members.
//
// Locks are taken in this order: Member.mu, the lock of a history (package history) or
// of who is present in a room (package ws), and then shard.mu or room.mu; the locks of package cluster, which calls nobody
// under its own, come last. A
// push to a crowd holds that of its room for as long as it takes, so no
// goroutine waits for a room's lock while it holds one that other rooms need.
type rooms struct {
	seed     maphash.Seed
	interest *cluster.Interest        // nil: the Hub is alone
	channel  func(name string) string // of a room
	shards   [roomShards]shard
}

// shard has the rooms of some names.
type shard struct {
	mu    sync.Mutex
	rooms map[string]*room // guarded by mu
}

func newRooms(channel func(name string) string) *rooms {
	return &rooms{seed: maphash.MakeSeed(), channel: channel}
}

func (rs *rooms) shard(name string) *shard {
	return &rs.shards[maphash.String(rs.seed, name)%roomShards]
}

// join puts m into the room, which it makes if need be. m must not be in it, and
// m.mu must be held. If pushes of other nodes do not come here yet, m waits.
func (rs *rooms) join(m *Member, name string) *membership {
	s, place := rs.shard(name), &membership{member: m}
	for {
		r := rs.room(s, name)
		if r.add(place) {
			if r.channel != nil {
				rs.want(m, *r.channel)
			}
			return place
		}
		// The room lost its last member after we found it, and that goroutine has
		// not removed it from the map yet.
		s.forget(r)
	}
}

// leave takes m out of its room and forgets the room with its last member. It reports
// whether m may follow the room's history, or attend it.
func (rs *rooms) leave(m *membership) (follows bool) {
	empty, follows := m.room.remove(m)
	if empty {
		rs.shard(m.room.name).forget(m.room)
	}
	if m.room.channel != nil {
		rs.interest.Drop(*m.room.channel)
	}
	return follows
}

// room returns the room of a name, made if need be.
func (rs *rooms) room(s *shard, name string) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil {
		if s.rooms == nil {
			s.rooms = make(map[string]*room)
		}
		r = &room{name: name, named: true}
		if rs.interest != nil {
			channel := rs.channel(name)
			r.channel = &channel
		}
		s.rooms[name] = r
	}
	return r
}

// forget removes a room that is gone.
func (s *shard) forget(r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[r.name] == r {
		delete(s.rooms, r.name)
	}
}

// find returns the room; nil if there is none. It may lose its last member
// meanwhile, and then it is empty.
func (rs *rooms) find(name string) *room {
	s := rs.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[name]
}

// members returns how many members a room has.
func (rs *rooms) members(name string) int {
	if r := rs.find(name); r != nil {
		return r.count()
	}
	return 0
}

func (rs *rooms) count() int {
	n := 0
	for i := range rs.shards {
		s := &rs.shards[i]
		s.mu.Lock()
		n += len(s.rooms)
		s.mu.Unlock()
	}
	return n
}
