package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxNodes    = 1024                   // others that are remembered
	maxNodeName = 256                    // bytes of a name that are remembered
	settling    = 300 * time.Millisecond // from the first Up until the others are known
	answering   = 250 * time.Millisecond // a Hello is answered within this
)

// Self is what a node says of itself.
type Self struct {
	ID    uint64 // not zero; another one at each start
	Name  string // for people
	Began time.Time
	// Base returns the first 24 bits of the ids of its connections. It may change
	// while there are none.
	Base func() uint32
	// Load returns how much there is on it.
	Load func() (connections, rooms uint64)
	// State returns Draining, or zero.
	State func() State
	// Lowest and Highest are the layouts that it reads and sends; zero is what
	// this release does.
	Lowest, Highest uint8
}

// Peer is what is known of another node.
type Peer struct {
	ID                 uint64
	Base               uint32
	Name               string
	Connections, Rooms uint64
	Draining           bool
	Lowest, Highest    uint8 // layouts
	HighestKind        Kind
	Began              time.Time // as its own clock says
	Since              time.Time // when it was heard of
	Heard              time.Time // the last time
}

// MembersOptions are how Members goes about it. No lock is held when a function is
// called. All but Send are called by one goroutine, one at a time.
type MembersOptions struct {
	Heartbeat time.Duration // how often a node says that it lives; it is gone after 3.5 of them
	Guest     bool          // this process has no connections: it is no member, and says nothing
	// Send sends a packet to the channel All, before others. It may be called by
	// Close, too.
	Send func(packet []byte)
	// Reset makes a new connection, because this one seems to lead nowhere.
	Reset func()
	// Joined is called with a node that was not there, or not any more.
	Joined func(Peer)
	// Gone is called with a node that was there: it has left, or was not heard for
	// too long.
	Gone func(p Peer, left bool)
	// BaseTaken is called when another node has the same Base as this one, and it
	// is this one's turn to do something: to take another if move, since there is
	// no connection here, or to refuse new ones, being the younger. It is called
	// again with each heartbeat as long as that is so.
	BaseTaken func(other Peer, move bool)
}

// Members is which other nodes there are. Each says by a heartbeat that it lives,
// and whatever it sends says so, too. One goroutine sends this node's, and notices
// who is not heard any more.
//
// A node that hears nobody suspects itself. While the link is down no clock runs,
// and when it is up again everybody has the full time to be heard. If somebody's
// time is over, and nothing at all was heard for two heartbeats with the link up,
// the link may lead nowhere: it is Reset, and everybody has the full time once more,
// and only then is gone.
//
// With two nodes every death of the other one looks like that, and so is noticed
// after twice the time, 14 s by default. No rule is made for this case: whether the
// other has died or this link has cannot be told from silence, and to declare the
// living dead costs all of its people their presence, while to wait costs a ghost
// seven seconds more. An engine that gives a node's messages back to it answers the
// question, since its own heartbeats come back: then the other is gone after the
// time alone.
//
// All methods are safe for concurrent use.
type Members struct {
	self  Self
	o     MembersOptions
	began time.Time
	wake  chan struct{}
	ends  chan struct{}
	runs  sync.WaitGroup

	roll   atomic.Pointer[roll]
	signs  atomic.Int64 // when something was heard that is of no member; as member.heard
	upOnce atomic.Int64 // when Up was called first, plus one

	mu      sync.Mutex
	told    map[uint64]*member // guarded by mu; who has Joined and is not Gone
	left    map[uint64]bool    // guarded by mu; of told, those who said bye
	changed bool               // guarded by mu; roll is not what was told
	clash   *Peer              // guarded by mu; who has the same base
	up      bool               // guarded by mu; the link is
	since   time.Duration      // guarded by mu; everybody counts as heard then
	suspect bool               // guarded by mu; the link was Reset, and nobody heard since
	reset   time.Duration      // guarded by mu; when that was
	beat    time.Duration      // guarded by mu; when to send a heartbeat
	hello   bool               // guarded by mu; the next one shall ask for the others'
	ignored uint64             // guarded by mu
	closed  bool               // guarded by mu
}

// roll is who is there. It does not change; another one takes its place.
type roll struct {
	byID   map[uint64]*member
	byBase map[uint32]uint64
	sends  uint8 // the layout that all understand
	fits   bool
}

// member is another node.
type member struct {
	heard atomic.Int64 // the last time, since Members began; a time.Duration
	node  Peer         // guarded by Members.mu, but its ID
}

// NewMembers returns the Members of a node that knows nobody and whose link is not
// up. Close ends it.
func NewMembers(self Self, o MembersOptions) *Members {
	if self.Highest == 0 {
		self.Lowest, self.Highest = lowestLayout, layout
	}
	m := &Members{
		self: self, o: o, began: time.Now(), wake: make(chan struct{}, 1), ends: make(chan struct{}), beat: never,
		told: make(map[uint64]*member), left: make(map[uint64]bool),
	}
	m.roll.Store(&roll{sends: 1, fits: true})
	m.runs.Go(m.run)
	return m
}

// Heard takes a packet that has arrived, of whatever kind, and from whomever: also
// from this node itself, and one that Parse did not understand, if it has From. It
// costs next to nothing if it is no heartbeat.
func (m *Members) Heard(v *View) {
	now := m.now()
	x := m.roll.Load().byID[v.From]
	if x != nil {
		x.heard.Store(int64(now))
	} else if v.From != 0 {
		m.signs.Store(int64(now))
	}
	if v.From == m.self.ID || v.From == 0 {
		return
	}
	switch v.Kind {
	case Heartbeat:
		m.heartbeat(v, now)
	case Bye:
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.roll.Load().byID[v.From] != nil && !m.closed {
			m.remove(true, v.From)
		}
	}
}

// heartbeat takes what another node says of itself.
func (m *Members) heartbeat(v *View, now time.Duration) {
	base := m.self.Base()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	if v.State&Hello != 0 && m.up && !m.o.Guest {
		m.sooner(now + random(0, answering))
	}
	if v.State&Guest != 0 {
		return
	}
	at := m.began.Add(now)
	n := Peer{
		ID: v.From, Base: v.Base, Connections: v.Connections, Rooms: v.Rooms, Draining: v.State&Draining != 0,
		Lowest: max(v.Lowest, 1), Highest: max(v.Highest, 1), HighestKind: v.HighestKind,
		Began: time.UnixMilli(v.Began), Since: at, Heard: at,
	}
	old := m.roll.Load()
	x := old.byID[v.From]
	switch {
	case x != nil:
		n.Name, n.Since = x.node.Name, x.node.Since
		if n.Name != nodeName(v.NodeName) {
			n.Name = string(nodeName(v.NodeName))
		}
		anew := n.Base != x.node.Base || n.Lowest != x.node.Lowest || n.Highest != x.node.Highest
		if x.node = n; anew {
			m.enrol(maps.Clone(old.byID))
		}
	case len(old.byID) >= maxNodes:
		m.ignored++
		return
	default:
		n.Name = string(nodeName(v.NodeName))
		x = &member{node: n}
		x.heard.Store(int64(now))
		all := maps.Clone(old.byID)
		if all == nil {
			all = make(map[uint64]*member)
		}
		all[n.ID] = x
		m.enrol(all)
		m.change()
	}
	if n.Base == base && !m.o.Guest {
		other := n
		m.clash = &other
		m.look()
	}
}

// nodeName returns the part of a name that is remembered.
func nodeName(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxNodeName)]), "")
}

// enrol makes the roll of these members. The caller holds mu.
func (m *Members) enrol(all map[uint64]*member) {
	r := &roll{byID: all, byBase: make(map[uint32]uint64, len(all)), sends: m.self.Highest, fits: true}
	for id, x := range all {
		if other, taken := r.byBase[x.node.Base]; !taken || id < other {
			r.byBase[x.node.Base] = id
		}
		r.sends = min(r.sends, x.node.Highest)
		if !m.understands(&x.node) && m.younger(&x.node) {
			r.fits = false
		}
	}
	if len(all) == 0 {
		r.sends = 1
	}
	m.roll.Store(r)
}

// understands reports whether another node has a layout in common with this one.
func (m *Members) understands(p *Peer) bool {
	return p.Highest >= m.self.Lowest && m.self.Highest >= p.Lowest
}

// younger reports whether this node is younger than another. Both know when each
// began, by its own clock, so one of the two says yes.
func (m *Members) younger(than *Peer) bool {
	mine, its := m.self.Began.UnixMilli(), than.Began.UnixMilli()
	return mine > its || mine == its && m.self.ID > than.ID
}

// remove takes members off, who have left or are not heard. The caller holds mu.
func (m *Members) remove(left bool, ids ...uint64) {
	all := maps.Clone(m.roll.Load().byID)
	for _, id := range ids {
		delete(all, id)
		if m.told[id] != nil {
			m.left[id] = left
		}
	}
	m.enrol(all)
	m.change()
}

// change has the difference told. The caller holds mu.
func (m *Members) change() {
	m.changed = true
	m.look()
}

// Up says that the link works, and that All is subscribed: this node says hello, so
// that the others answer.
func (m *Members) Up() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.upOnce.CompareAndSwap(0, int64(now)+1)
	m.up, m.since = true, now
	if !m.o.Guest {
		m.hello = true
		m.sooner(now)
	}
	m.look()
}

// Down says that the link has broken.
func (m *Members) Down() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.up = false
	m.look()
}

// Tell sends a heartbeat soon: there is news of this node.
func (m *Members) Tell() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.o.Guest {
		m.sooner(m.now())
	}
}

// Ask asks the others for their heartbeats. A Guest does so when it needs to know
// them, and has subscribed to All.
func (m *Members) Ask() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hello = true
	m.sooner(m.now())
}

// sooner sends a heartbeat at that time, or before. The caller holds mu.
func (m *Members) sooner(at time.Duration) {
	if at < m.beat {
		m.beat = at
		m.look()
	}
}

// Others returns who is there, by ID.
func (m *Members) Others() []Peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]Peer, 0, len(m.roll.Load().byID))
	for _, x := range m.roll.Load().byID {
		all = append(all, m.latest(x))
	}
	slices.SortFunc(all, func(a, b Peer) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// latest returns a member as it is now. The caller holds mu.
func (m *Members) latest(x *member) Peer {
	n := x.node
	n.Heard = m.began.Add(time.Duration(x.heard.Load()))
	return n
}

// IDs returns the ids of who is there, in no order. It takes no lock.
func (m *Members) IDs() []uint64 {
	return slices.Collect(maps.Keys(m.roll.Load().byID))
}

// Has reports whether a node is there. It takes no lock.
func (m *Members) Has(id uint64) bool { return m.roll.Load().byID[id] != nil }

// Count returns how many others are there.
func (m *Members) Count() int { return len(m.roll.Load().byID) }

// Knows returns which other node has a base.
func (m *Members) Knows(base uint32) (id uint64, ok bool) {
	id, ok = m.roll.Load().byBase[base]
	return id, ok
}

// Settled reports whether the others are known, as far as they answer: the link was
// up once, and there was time since then.
func (m *Members) Settled() bool { return m.Settles() <= 0 }

// Settles returns how long it is until Settled, if the link stays up.
func (m *Members) Settles() time.Duration {
	up := m.upOnce.Load()
	if up == 0 {
		return settling
	}
	return time.Duration(up-1) + settling - m.now()
}

// Layouts returns the highest layout that all understand. It reports whether this
// node may serve: it is not younger than one with which it has no layout in common.
func (m *Members) Layouts() (highest uint8, fits bool) {
	r := m.roll.Load()
	return r.sends, r.fits
}

// Ignored returns how many heartbeats were of nodes beyond all bounds.
func (m *Members) Ignored() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ignored
}

// Close ends the goroutine, and returns when it has ended. With bye the others are
// told that this node leaves.
func (m *Members) Close(bye bool) {
	m.mu.Lock()
	again := m.closed
	m.closed = true
	m.mu.Unlock()
	if !again {
		close(m.ends)
	}
	m.runs.Wait()
	if bye && !again && !m.o.Guest {
		m.send(Bye, 0)
	}
}

// look wakes the goroutine.
func (m *Members) look() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// now returns the time since Members began.
func (m *Members) now() time.Duration { return time.Since(m.began) }
