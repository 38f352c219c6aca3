package cluster

import (
	"math"
	"math/rand/v2"
	"time"
)

// never is a time that does not come.
const never = time.Duration(math.MaxInt64)

// random returns a duration of from up to to.
func random(from, to time.Duration) time.Duration {
	return from + rand.N(to-from)
}

// lifetime returns how long a node counts as alive without being heard.
func (m *Members) lifetime() time.Duration { return 7 * m.o.Heartbeat / 2 }

// run sends heartbeats and notices who is gone, until Close.
func (m *Members) run() {
	due := never // when it meant to look
	for {
		next := m.turn(due)
		due = next
		var later <-chan time.Time
		if next != never {
			later = time.After(next - m.now())
		}
		select {
		case <-m.wake:
		case <-later:
		case <-m.ends:
			return
		}
	}
}

// turn does what there is to do, and returns when there is something again. It
// should have been called at due at the latest.
func (m *Members) turn(due time.Duration) (next time.Duration) {
	m.mu.Lock()
	now := m.now()
	if due != never && now-due > m.o.Heartbeat {
		m.since = now // this process has slept, and what the others have sent may wait somewhere
	}
	reset := m.bury(now)
	gone, joined := m.news()
	clash := m.clash
	m.clash = nil
	m.mu.Unlock()

	for _, g := range gone {
		if m.o.Gone != nil {
			m.o.Gone(g.Peer, g.left)
		}
	}
	for _, n := range joined {
		if m.o.Joined != nil {
			m.o.Joined(n)
		}
	}
	if clash != nil {
		m.collide(*clash)
	}
	if reset && m.o.Reset != nil {
		m.o.Reset()
	}
	return m.speak()
}

// bury takes off those who were not heard for too long, or finds that the link is
// what is silent. The caller holds mu.
func (m *Members) bury(now time.Duration) (reset bool) {
	all := m.roll.Load().byID
	if !m.up || len(all) == 0 {
		return false
	}
	last := time.Duration(m.signs.Load())
	var silent []uint64
	for id, x := range all {
		heard := time.Duration(x.heard.Load())
		last = max(last, heard)
		if now-max(heard, m.since) >= m.lifetime() {
			silent = append(silent, id)
		}
	}
	m.suspect = m.suspect && last <= m.reset
	switch {
	case len(silent) == 0:
		return false
	case now-last >= 2*m.o.Heartbeat && !m.suspect:
		m.suspect, m.reset, m.since = true, now, now
		return true
	}
	m.remove(false, silent...)
	return false
}

// parted is a node that is gone.
type parted struct {
	Peer
	left bool
}

// news returns what has to be told of. The caller holds mu.
func (m *Members) news() (gone []parted, joined []Peer) {
	if !m.changed || m.closed {
		return nil, nil
	}
	m.changed = false
	all := m.roll.Load().byID
	for id, x := range m.told {
		if all[id] != x {
			gone = append(gone, parted{m.latest(x), m.left[id]})
			delete(m.told, id)
			delete(m.left, id)
		}
	}
	for id, x := range all {
		if m.told[id] == nil {
			joined = append(joined, m.latest(x))
			m.told[id] = x
		}
	}
	return gone, joined
}

// collide finds whose turn it is when two nodes have the same base: of the one
// without connections, or else of the younger.
func (m *Members) collide(other Peer) {
	base := m.self.Base()
	if base != other.Base || m.o.BaseTaken == nil {
		return
	}
	mine, _ := m.self.Load()
	its := other.Connections
	if mine > 0 && its == 0 || (mine > 0) == (its > 0) && !m.younger(&other) {
		return // it is the other's turn, when it hears of this one
	}
	m.o.BaseTaken(other, mine == 0)
	if m.self.Base() != base {
		m.Ask() // whoever has the new one says so
	}
}

// speak sends a heartbeat if it is time, and returns when there is something to do
// again.
func (m *Members) speak() (next time.Duration) {
	m.mu.Lock()
	now := m.now()
	talks := m.up && !m.closed && (!m.o.Guest || m.hello)
	says := talks && now >= m.beat
	var state State
	if says {
		if m.hello {
			state = Hello
		}
		m.hello = false
		m.beat = never
		if !m.o.Guest {
			m.beat = now + random(m.o.Heartbeat*9/10, m.o.Heartbeat*11/10)
		}
	}
	next = never
	if m.up {
		next = m.beat
		for _, x := range m.roll.Load().byID {
			next = min(next, max(time.Duration(x.heard.Load()), m.since)+m.lifetime())
		}
	}
	m.mu.Unlock()
	if says {
		m.send(Heartbeat, state)
	}
	return next
}

// send sends what this node says of itself.
func (m *Members) send(kind Kind, state State) {
	if m.o.Guest {
		state |= Guest
	}
	connections, rooms := m.self.Load()
	p := Packet[uint64]{
		Kind: kind, From: m.self.ID, NodeName: m.self.Name[:min(len(m.self.Name), maxNodeName)], Base: m.self.Base() & (1<<24 - 1),
		Lowest: m.self.Lowest, Highest: m.self.Highest, HighestKind: kinds - 1,
		Connections: connections, Rooms: rooms, State: state | m.self.State(), Began: m.self.Began.UnixMilli(),
	}
	if data, err := p.Append(nil); err == nil { // it cannot fail: nothing in it is long
		m.o.Send(data)
	}
}
