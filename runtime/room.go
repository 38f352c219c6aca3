package ws

import (
	"hash/maphash"
	"slices"
	"sync"
)

// room is a set of connections. Pushing to it takes its lock for the whole
// loop, so that all members see one order; enqueueing never blocks, and no
// user code runs under the lock.
type room struct {
	name    string
	mu      sync.Mutex
	members []*membership
}

// membership is one connection's place in one room.
type membership struct {
	conn  *conn
	room  *room
	index int // in room.members; guarded by room.mu
}

func (r *room) add(m *membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.index = len(r.members)
	r.members = append(r.members, m)
}

// remove takes m out and reports whether nobody is left: the last member
// moves to its place, so leaving does not depend on the room's size.
func (r *room) remove(m *membership) (empty bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.members) - 1
	moved := r.members[last]
	r.members[m.index] = moved
	moved.index = m.index
	r.members[last] = nil
	r.members = r.members[:last]
	if cap(r.members) > 64 && len(r.members) < cap(r.members)/4 {
		r.members = slices.Clone(r.members) // a crowd's memory goes with the crowd
	}
	return last == 0
}

func (r *room) each(visit func(*conn)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ahead [8]*conn // whose memory is fetched together
	for members := range slices.Chunk(r.members, len(ahead)) {
		for i, m := range members {
			ahead[i] = m.conn
		}
		for _, c := range ahead[:len(members)] {
			c.out.Touch()
		}
		for _, c := range ahead[:len(members)] {
			visit(c)
		}
	}
}

func (r *room) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members)
}

// roomShards spreads the names of rooms, so that joins and leaves of different
// rooms do not meet at one lock.
const roomShards = 64

// rooms finds a room by name. A room exists while it has members.
//
// Locks are taken in this order: conn.mu, shard.mu, room.mu.
type rooms struct {
	seed   maphash.Seed
	shards [roomShards]shard
}

type shard struct {
	mu    sync.Mutex
	rooms map[string]*room
}

func newRooms() *rooms { return &rooms{seed: maphash.MakeSeed()} }

func (rs *rooms) shard(name string) *shard {
	return &rs.shards[maphash.String(rs.seed, name)%roomShards]
}

// join puts c into the room, which it makes if need be. c is not in it yet.
func (rs *rooms) join(c *conn, name string) *membership {
	s := rs.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil {
		if s.rooms == nil {
			s.rooms = make(map[string]*room)
		}
		r = &room{name: name}
		s.rooms[name] = r
	}
	m := &membership{conn: c, room: r}
	r.add(m)
	return m
}

// leave takes m out of its room and forgets the room with its last member.
func (rs *rooms) leave(m *membership) {
	s := rs.shard(m.room.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.room.remove(m) {
		delete(s.rooms, m.room.name)
	}
}

// find returns the room, or nil. The room may lose its last member meanwhile,
// and then it is empty.
func (rs *rooms) find(name string) *room {
	s := rs.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[name]
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
