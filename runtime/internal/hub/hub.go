// Package hub is all peers of a Server: by id, by room, by user; pushes to some of
// them; and how many there may be. It knows what a push is, and not what is in it.
package hub

import (
	"maps"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Hub is the live connections of a Server: by id, by user, and all of them as one
// room, which gives a broadcast its order. All methods may be called from any
// goroutine, and none waits for a peer.
type Hub struct {
	engine   *socket.Engine
	shutdown socket.Cause // of members that are added while Shut is called
	everyone room
	rooms    *rooms
	users    *rooms       // by the id of the principal
	tails    *Tails       // who follows what was pushed to rooms and users
	present  atomic.Int64 // registered, and not closing
	single   atomic.Int64 // when a push was for a single member, by the Engine's clock

	left func(m *Member, room string) // set by Parted; nil: nobody wants to know

	// All of this is guarded by mu.
	mu   sync.RWMutex
	byID index

	live     int                  // connections whose socket or hook is not done with yet
	away     int                  // sessions that have no socket, and so no place among live
	lingers  map[*Member]struct{} // of them, those that are registered no more
	from     map[netip.Addr]int   // live by address; nil: not limited
	awaiting map[*Member]struct{} // of live, those that are not registered yet
	closing  bool
	drained  chan struct{} // closed when closing is set and none is live
}

// New returns an empty Hub of an Engine's sockets. One that is added while Shut
// is called, and that Shut does not see, is closed with the cause shutdown.
func New(e *socket.Engine, shutdown socket.Cause) *Hub {
	return &Hub{engine: e, shutdown: shutdown, rooms: newRooms(cluster.Room), users: newRooms(cluster.User), drained: make(chan struct{})}
}

// JoinCluster makes h part of a cluster: what other nodes push to its rooms and users is
// to come here; to users not by channels of their own if usersToAll is set. It must
// be called before the first member is added.
func (h *Hub) JoinCluster(i *cluster.Interest, usersToAll bool) {
	h.rooms.interest = i
	if !usersToAll {
		h.users.interest = i
	}
}

// Keep makes t what the histories of h's rooms and users are kept by. It must be
// called before the first member is added. Who has no socket is not caught up with
// until Back.
func (h *Hub) Keep(t *Tails) {
	t.Rests(func(m *Member) bool { return m.Socket.Out().Parked() })
	h.tails = t
}

// Back has a member that has a socket again get what it has missed.
func (h *Hub) Back(m *Member) { h.tails.Back(m) }

// Unlimited stands for any number of connections.
const Unlimited = math.MaxInt

// Admission is the result of Admit.
type Admission uint8

// The admissions.
const (
	Admitted    Admission = iota
	ShutDown              // Shut was called
	TooMany               // connections
	TooManyHere           // connections from one address
)

// Admit counts a connection that is about to be upgraded, unless it is one too
// many or Shut was called. There may be most connections, and mostHere of them
// from one address; Unlimited is any number.
func (h *Hub) Admit(from netip.Addr, most, mostHere int) Admission {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closing:
		return ShutDown
	case h.live >= most:
		return TooMany
	case mostHere != Unlimited && h.from[from] >= mostHere:
		return TooManyHere
	}
	h.live++
	if mostHere != Unlimited {
		if h.from == nil {
			h.from = make(map[netip.Addr]int)
		}
		h.from[from]++
	}
	return Admitted
}

// Release takes back an Admit, when nothing of the connection is left.
func (h *Hub) Release(from netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(from)
}

// Admitted returns how many connections count towards the limit of Admit.
func (h *Hub) Admitted() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.live
}

// Ended is Release for a member, which Linger may have noted.
func (h *Hub) Ended(m *Member, from netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lingers, m)
	h.drop(from)
}

// Part gives back the place of a member that has lost its socket and stays.
func (h *Hub) Part(from netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away++
	h.drop(from)
}

// Return takes Part back: the member has a socket again, with a place of its own;
// or it has ended, and is gone.
func (h *Hub) Return(gone *Member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lingers, gone)
	h.away--
	h.settle()
}

// Closes reports whether Shut was called.
func (h *Hub) Closes() bool { return h.isClosing() }

// drop takes back an Admit. The caller holds mu.
func (h *Hub) drop(from netip.Addr) {
	h.live--
	if n, limited := h.from[from]; limited {
		if n > 1 {
			h.from[from] = n - 1
		} else {
			delete(h.from, from)
		}
	}
	h.settle()
}

// settle closes drained if the last connection is gone after Shut. The caller
// holds mu.
func (h *Hub) settle() {
	if h.closing && h.live == 0 && h.away == 0 {
		select {
		case <-h.drained:
		default:
			close(h.drained)
		}
	}
}

// Shut stops Admit. It returns the members that are registered now, and a
// channel that is closed when the last connection is gone.
func (h *Hub) Shut() (drained <-chan struct{}, all []*Member) {
	h.mu.Lock()
	h.closing = true
	h.settle()
	h.mu.Unlock()
	return h.drained, h.everyone.all()
}

// Linger notes a member of which only the socket is left, until Ended.
func (h *Hub) Linger(m *Member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lingers == nil {
		h.lingers = make(map[*Member]struct{})
	}
	h.lingers[m] = struct{}{}
}

// Lingering returns the members that Linger has noted.
func (h *Hub) Lingering() []*Member {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Keys(h.lingers))
}

// Held returns how many connections were admitted and not released, those that
// have no socket included.
func (h *Hub) Held() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.live + h.away
}

// Add registers m, under the id of its user as well; "" is none. It fails if Shut
// was called before.
func (h *Hub) Add(m *Member, user string) bool {
	if !h.addID(m) {
		return false
	}
	h.addToCrowd(m, user)
	return true
}

// addID makes m known by its id, unless Shut was called.
func (h *Hub) addID(m *Member) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	m.everyone.member = m
	h.present.Add(1) // before anybody can find, and close, it
	h.byID.add(m)
	return true
}

// addToCrowd does the rest of Add, without mu. A push to everyone holds the
// lock of that room for a while, and a search for one connection must not wait
// for that.
func (h *Hub) addToCrowd(m *Member, user string) {
	h.everyone.add(&m.everyone)
	if user != "" {
		m.mu.Lock()
		m.own().user = h.users.join(m, user)
		m.mu.Unlock()
	}
	if h.isClosing() { // perhaps only since addID: then Shut did not see m
		m.Socket.Close(h.shutdown)
	}
}

func (h *Hub) isClosing() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.closing
}

// Remove takes m out, when it has left its rooms. It is not found any more.
func (h *Hub) Remove(m *Member) {
	h.mu.Lock()
	h.byID.remove(m)
	h.mu.Unlock()
	h.everyone.remove(&m.everyone)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms != nil && m.rooms.user != nil {
		h.leave(m, m.rooms.user, true)
	}
	if h.tails != nil {
		h.tails.Gone(m)
	}
}

// Closing notes that a registered member begins to close: it is not counted as
// present any more.
func (h *Hub) Closing(m *Member) {
	if m.Registered() {
		h.present.Add(-1)
	}
}

// Get returns the member of this id; nil if there is none.
func (h *Hub) Get(id uint64) *Member {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.byID.get(id)
}

// Present returns how many members there are that are not closing.
func (h *Hub) Present() int { return int(h.present.Load()) }

// Count returns how many members there are.
func (h *Hub) Count() int { return h.everyone.count() }

// InRoom returns how many members a room has.
func (h *Hub) InRoom(name string) int { return h.rooms.members(name) }

// OfUser returns how many members a user has.
func (h *Hub) OfUser(id string) int { return h.users.members(id) }

// Rooms returns how many rooms have members.
func (h *Hub) Rooms() int { return h.rooms.count() }
