package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	beats = 2 * time.Second
	gone  = 7 * time.Second // not heard for so long
)

// village is nodes that hear each other, all in one bubble.
type village struct {
	t     *testing.T
	echo  bool // who speaks hears it, too
	mu    sync.Mutex
	nodes []*villager // guarded by mu
}

// villager is a node of a village.
type villager struct {
	*Members
	in *village
	id uint64

	mu      sync.Mutex
	deaf    bool          // guarded by mu; nothing comes or goes, and nobody knows
	base    uint32        // guarded by mu
	conns   uint64        // guarded by mu
	state   State         // guarded by mu
	nap     time.Duration // guarded by mu; how long the next callback takes
	onReset func()        // guarded by mu
	told    []string      // guarded by mu
	sent    []State       // guarded by mu; of its heartbeats
	resets  int           // guarded by mu
	movesTo uint32        // guarded by mu; another base, if it is asked to take one
}

func (n *villager) lock() func() { n.mu.Lock(); return n.mu.Unlock }

// rest lets time pass, until all is still again.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// said returns the states of the heartbeats that a node has sent since the last
// time.
func (n *villager) said() []State {
	synctest.Wait()
	defer n.lock()()
	sent := n.sent
	n.sent = nil
	return sent
}

// with changes something of a node.
func (n *villager) with(change func()) {
	defer n.lock()()
	change()
}

// add makes a node whose link is not up.
func (v *village) add(id uint64, change func(*Self, *MembersOptions)) *villager {
	n := &villager{in: v, id: id, base: uint32(id)}
	self := Self{
		ID: id, Name: fmt.Sprint("node ", id), Began: time.Now(),
		Base:  func() uint32 { defer n.lock()(); return n.base },
		Load:  func() (uint64, uint64) { defer n.lock()(); return n.conns, 2 * n.conns },
		State: func() State { defer n.lock()(); return n.state },
	}
	o := MembersOptions{
		Heartbeat: beats, Send: n.send,
		Reset: func() {
			n.mu.Lock()
			n.resets++
			f := n.onReset
			n.mu.Unlock()
			if f != nil {
				f()
			}
		},
		Joined: func(p Peer) { n.tell(fmt.Sprint("joined ", p.ID)) },
		Gone: func(p Peer, left bool) {
			n.tell(map[bool]string{true: "left", false: "gone"}[left] + fmt.Sprint(" ", p.ID))
		},
		BaseTaken: func(p Peer, move bool) {
			n.tell(fmt.Sprint("taken by ", p.ID, " ", move))
			if move {
				n.with(func() { n.base = n.movesTo })
			}
		},
	}
	if change != nil {
		change(&self, &o)
	}
	n.Members = NewMembers(self, o)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.nodes = append(v.nodes, n)
	return n
}

// tell notes what a node was told. No lock is held then.
func (n *villager) tell(word string) {
	n.Ignored()
	n.mu.Lock()
	n.told = append(n.told, word)
	nap := n.nap
	n.nap = 0
	n.mu.Unlock()
	time.Sleep(nap)
}

// send gives a packet to all other nodes.
func (n *villager) send(data []byte) {
	var p View
	if err := p.Parse(data); err != nil {
		n.in.t.Errorf("%d sends what is no packet: %v", n.id, err)
	}
	n.mu.Lock()
	deaf := n.deaf
	if p.Kind == Heartbeat {
		n.sent = append(n.sent, p.State)
	}
	n.mu.Unlock()
	n.in.mu.Lock()
	nodes := slices.Clone(n.in.nodes)
	n.in.mu.Unlock()
	for _, to := range nodes {
		to.mu.Lock()
		hears := !to.deaf && !deaf && (to != n || n.in.echo)
		to.mu.Unlock()
		if hears {
			to.Heard(&p)
		}
	}
}

// turn makes a node deaf and dumb, or not any more.
func (n *villager) turn(deaf bool) {
	defer n.lock()()
	n.deaf = deaf
}

// tells compares what a node was told since the last time.
func (n *villager) tells(what string, want ...string) {
	n.in.t.Helper()
	synctest.Wait()
	defer n.lock()()
	slices.Sort(n.told)
	slices.Sort(want)
	if !slices.Equal(n.told, want) {
		n.in.t.Errorf("%s: node %d was told %q, want %q", what, n.id, n.told, want)
	}
	n.told = nil
}

// wasReset compares how often a node has reset its link since the last time.
func (n *villager) wasReset(what string, want int) {
	n.in.t.Helper()
	synctest.Wait()
	defer n.lock()()
	if n.resets != want {
		n.in.t.Errorf("%s: node %d has reset its link %d times, want %d", what, n.id, n.resets, want)
	}
	n.resets = 0
}

// lives runs check in a village of n nodes, 1 to n, that know each other.
func lives(t *testing.T, n int, check func(*village)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &village{t: t}
		for i := range n {
			v.add(uint64(i+1), nil).Up()
		}
		rest(time.Second)
		for _, a := range v.nodes {
			if a.Count() != n-1 {
				t.Errorf("node %d knows %d others", a.id, a.Count())
			}
			a.with(func() { a.told, a.resets, a.sent = nil, 0, nil })
		}
		check(v)
		for _, a := range v.nodes {
			a.Close(false)
		}
	})
}

// TestMembersMeet: a node that comes knows all others within 300 ms, and they it at
// once.
func TestMembersMeet(t *testing.T) {
	lives(t, 3, func(v *village) {
		n := v.add(9, func(s *Self, _ *MembersOptions) { s.Name = "new" })
		n.turn(true)
		rest(time.Second)
		if n.Count() != 0 || n.Settled() || len(n.said()) > 0 {
			t.Error("it has met somebody before its link was up")
		}
		n.with(func() { n.conns, n.state = 7, Draining })
		n.turn(false)
		n.Up()
		v.nodes[0].tells("at once", "joined 9")
		if n.Settled() {
			t.Error("it has not waited for the others")
		}
		rest(300 * time.Millisecond)
		n.tells("300 ms later", "joined 1", "joined 2", "joined 3")
		if !n.Settled() {
			t.Error("it waits for ever")
		}
		var ids []uint64
		for _, p := range n.Others() {
			ids = append(ids, p.ID)
		}
		if !slices.Equal(ids, []uint64{1, 2, 3}) {
			t.Errorf("it knows %d", ids)
		}
		got := v.nodes[1].Others()[2]
		if time.Since(got.Since) != 300*time.Millisecond || got.Heard.Before(got.Since) || time.Since(got.Began) != 1300*time.Millisecond {
			t.Errorf("the times of %+v", got)
		}
		got.Since, got.Heard, got.Began = time.Time{}, time.Time{}, time.Time{}
		if want := (Peer{ID: 9, Base: 9, Name: "new", Connections: 7, Rooms: 14, Draining: true, Lowest: 1, Highest: 1, HighestKind: kinds - 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if id, ok := n.Knows(2); id != 2 || !ok {
			t.Errorf("base 2 is of %d, %t", id, ok)
		}
		if _, ok := n.Knows(9); ok {
			t.Error("it takes its own base for another's")
		}
		n.Down()
		if !n.Settled() {
			t.Error("an outage makes it not ready")
		}
	})
}

// TestMembersBeat: heartbeats come at their rate, several hellos are answered by
// one, and nothing is sent while the link is down.
func TestMembersBeat(t *testing.T) {
	lives(t, 3, func(v *village) {
		n := v.nodes[0]
		n.said()
		rest(100 * beats)
		if c := len(n.said()); c < 91 || c > 111 {
			t.Errorf("%d heartbeats in the time of 100", c)
		}
		for range 10 {
			v.nodes[1].Ask()
			v.nodes[2].Ask()
			rest(time.Millisecond)
		}
		rest(answering)
		if c := len(n.said()); c < 1 || c > 3 {
			t.Errorf("20 hellos are answered by %d heartbeats", c)
		}
		n.Down()
		rest(100 * beats)
		n.Tell()
		if len(n.said()) > 0 {
			t.Error("it speaks while the link is down")
		}
		n.Up()
		if said := n.said(); !slices.Equal(said, []State{Hello}) {
			t.Errorf("behind an outage it says %v", said)
		}
		n.with(func() { n.state = Draining })
		n.Tell()
		if said := n.said(); !slices.Equal(said, []State{Draining}) {
			t.Errorf("the news are %v", said)
		}
	})
}

// TestMembersGone: who is not heard is gone, who says bye has left at once, and who
// is heard again is back. Whatever is heard counts, heartbeat or not.
func TestMembersGone(t *testing.T) {
	lives(t, 4, func(v *village) {
		a, b := v.nodes[0], v.nodes[1]
		b.turn(true)
		rest(gone - 11*beats/10)
		a.tells("too early")
		rest(11 * beats / 10)
		a.tells("in time", "gone 2")
		if _, ok := a.Knows(2); ok || a.Count() != 2 {
			t.Error("it is gone, and known")
		}
		b.turn(false)
		rest(11 * beats / 10)
		a.tells("it speaks", "joined 2")

		v.nodes[2].Close(true)
		a.tells("bye", "left 3")
		b.tells("bye", "left 3") // it has suspected itself

		b.turn(true)
		p := push()
		p.From = 2
		data, _ := p.Append(nil)
		var said View
		if err := said.Parse(data); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			rest(beats)
			a.Heard(&said)
		}
		a.tells("it only pushes")
		rest(gone)
		a.tells("it is silent", "gone 2")
		a.Heard(&said)
		a.tells("a push makes nobody a member")
		a.wasReset("all the time", 0)
	})
}

// TestMembersTwo: with two nodes the death of the other is noticed, after the link
// was made anew, once; and without that if the engine gives a node's messages back.
func TestMembersTwo(t *testing.T) {
	lives(t, 2, func(v *village) {
		a := v.nodes[0]
		v.nodes[1].turn(true)
		rest(8 * time.Second)
		a.wasReset("within 8 s", 1)
		a.tells("within 8 s")
		rest(gone)
		a.tells("a period later", "gone 2")
		rest(time.Minute)
		a.wasReset("afterwards", 0)
	})
	synctest.Test(t, func(t *testing.T) {
		v := &village{t: t, echo: true}
		a, b := v.add(1, nil), v.add(2, nil)
		a.Up()
		b.Up()
		rest(time.Second)
		a.tells("at first", "joined 2")
		b.turn(true)
		rest(8 * time.Second)
		a.tells("within 8 s", "gone 2")
		a.wasReset("within 8 s", 0)
		a.Close(false)
		b.Close(false)
	})
}

// TestMembersDeadLink: a node whose link leads nowhere resets it, and takes nobody
// for dead, however far apart the others were heard last.
func TestMembersDeadLink(t *testing.T) {
	for range 10 {
		lives(t, 5, func(v *village) {
			a := v.nodes[0]
			a.with(func() {
				a.onReset = func() {
					a.Down()
					time.AfterFunc(3*time.Second, func() { a.turn(false); a.Up() })
				}
			})
			rest(rand.N(beats))
			a.turn(true)
			rest(time.Minute)
			a.tells("the deaf")
			a.wasReset("the deaf", 1)
			v.nodes[1].tells("another", "gone 1", "joined 1")
			v.nodes[1].wasReset("another", 0)
		})
	}
	lives(t, 4, func(v *village) { // the first try does not help
		a := v.nodes[0]
		a.turn(true)
		rest(gone - 11*beats/10)
		a.wasReset("too early", 0)
		rest(11 * beats / 10)
		a.wasReset("in time", 1)
		a.tells("in time")
		rest(gone)
		a.wasReset("it stays so", 0)
		a.tells("it stays so", "gone 2", "gone 3", "gone 4")
		a.turn(false)
		rest(11 * beats / 10)
		a.tells("in the end", "joined 2", "joined 3", "joined 4")
	})
}

// TestMembersOutage: an outage of the engine makes nobody vanish, however long it
// is, and whoever dies in it is gone a full time after it.
func TestMembersOutage(t *testing.T) {
	for seed := range uint64(30) {
		lives(t, 4, func(v *village) {
			dice := rand.New(rand.NewPCG(seed, 0))
			for range 10 {
				rest(time.Duration(dice.Int64N(int64(10 * time.Second))))
				for _, n := range v.nodes {
					n.turn(true)
				}
				for _, n := range v.nodes {
					rest(time.Duration(dice.Int64N(int64(time.Second)))) // until it notices
					n.Down()
				}
				rest(time.Duration(dice.Int64N(int64(20 * time.Second))))
				for _, n := range v.nodes {
					n.turn(false)
					n.Up()
					rest(time.Duration(dice.Int64N(int64(time.Second))))
				}
			}
			rest(2 * gone)
			for _, n := range v.nodes {
				n.tells(fmt.Sprint("seed ", seed))
				n.wasReset(fmt.Sprint("seed ", seed), 0)
			}
		})
	}
	lives(t, 3, func(v *village) {
		a, c := v.nodes[0], v.nodes[2]
		for _, n := range v.nodes {
			n.Down()
		}
		c.turn(true)
		rest(time.Minute)
		late := Packet[id]{Kind: Heartbeat, From: 50}
		data, _ := late.Append(nil)
		var said View
		if err := said.Parse(data); err != nil {
			t.Fatal(err)
		}
		a.Heard(&said)
		a.tells("something comes late", "joined 50")
		rest(time.Minute)
		a.Up()
		v.nodes[1].Up()
		rest(gone - time.Millisecond)
		a.tells("a millisecond before")
		rest(2 * time.Millisecond)
		a.tells("a full time after", "gone 3", "gone 50")
	})
}

// TestMembersSleep: a process that was stopped takes nobody for dead when it goes
// on, and does not blame its link.
func TestMembersSleep(t *testing.T) {
	lives(t, 4, func(v *village) {
		a := v.nodes[0]
		a.with(func() { a.nap = 30 * time.Second })
		v.nodes[3].Close(true)
		synctest.Wait()
		a.turn(true)
		rest(30 * time.Second)
		a.turn(false)
		rest(gone)
		a.tells("it sleeps", "left 4")
		a.wasReset("it sleeps", 0)
	})
}

// TestMembersBase: of two nodes with one base the one without connections takes
// another, or else the younger is told; and always one of them only.
func TestMembersBase(t *testing.T) {
	for _, c := range []struct{ older, younger, moves, told uint64 }{
		{0, 0, 2, 0}, {5, 0, 2, 0}, {0, 5, 1, 0}, {5, 5, 0, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &village{t: t}
			a := v.add(1, nil)
			rest(time.Second)
			b := v.add(2, nil)
			for i, n := range v.nodes {
				n.with(func() { n.base, n.conns, n.movesTo = 77, []uint64{c.older, c.younger}[i], 78 })
			}
			b.turn(true)
			a.Up()
			rest(time.Second)
			b.turn(false)
			b.Up()
			rest(answering) // both have heard of each other
			for i, n := range v.nodes {
				n.said()
				moved := n.base == 78
				told := slices.ContainsFunc(n.told, func(s string) bool { return strings.HasSuffix(s, "false") })
				if id := uint64(i + 1); moved != (c.moves == id) || told != (c.told == id) {
					t.Errorf("%+v: node %d: moved %t, told %q", c, id, moved, n.told)
				}
			}
			if id, ok := a.Knows(78); (id == 2 && ok) != (c.moves == 2) {
				t.Errorf("%+v: the older does not know the other's new base", c)
			}
			if id, ok := b.Knows(78); (id == 1 && ok) != (c.moves == 1) {
				t.Errorf("%+v: the younger does not know the other's new base", c)
			}
			a.Close(false)
			b.Close(false)
		})
	}
}

// TestMembersGuest: a guest is no member, says nothing by itself, and asks when it
// has to know who is there.
func TestMembersGuest(t *testing.T) {
	lives(t, 3, func(v *village) {
		g := v.add(9, func(_ *Self, o *MembersOptions) { o.Guest = true })
		g.with(func() { g.base = 1 }) // it has no connections, so it is nobody's business
		g.Up()
		g.Tell()
		if len(g.said()) > 0 || g.Count() > 0 {
			t.Error("it speaks")
		}
		rest(time.Minute)
		g.tells("it listens", "joined 1", "joined 2", "joined 3")
		v.nodes[0].said()
		g.Ask()
		if said := g.said(); !slices.Equal(said, []State{Hello | Guest}) {
			t.Errorf("it asks %v", said)
		}
		rest(answering)
		if len(v.nodes[0].said()) == 0 {
			t.Error("it gets no answer")
		}
		g.Close(true)
		for _, n := range v.nodes[:3] {
			n.tells("the others")
		}
	})
}

// TestMembersLayouts: nodes send what all understand, and the younger of two that
// have nothing in common does not serve until the other is gone.
func TestMembersLayouts(t *testing.T) {
	lives(t, 2, func(v *village) {
		layouts := func(lowest, highest uint8) func(*Self, *MembersOptions) {
			return func(s *Self, _ *MembersOptions) { s.Lowest, s.Highest = lowest, highest }
		}
		check := func(n *villager, highest uint8, fits bool) {
			t.Helper()
			synctest.Wait()
			if h, f := n.Layouts(); h != highest || f != fits {
				t.Errorf("node %d sends layout %d, fits %t; want %d, %t", n.id, h, f, highest, fits)
			}
		}
		next, after := v.add(8, layouts(1, 2)), v.add(9, layouts(2, 3))
		check(next, 1, true) // nobody heard yet
		next.Up()
		after.Up()
		rest(time.Second)
		check(v.nodes[0], 1, true)
		check(next, 1, true)
		check(after, 1, false)
		v.nodes[0].Close(true)
		check(after, 1, false)
		v.nodes[1].Close(true)
		check(after, 2, true)
		check(next, 2, true)
	})
}

// TestMembersBounds: whoever writes to the engine cannot fill a node's memory.
func TestMembersBounds(t *testing.T) {
	lives(t, 2, func(v *village) {
		a := v.nodes[0]
		p := Packet[id]{Kind: Heartbeat, NodeName: strings.Repeat("ä", 500), Lowest: 1, Highest: 1}
		for i := range 1500 {
			p.From = uint64(i) + 100
			data, err := p.Append(nil)
			var said View
			if err := errors.Join(err, said.Parse(data)); err != nil {
				t.Fatal(err)
			}
			a.Heard(&said)
		}
		if a.Count() != maxNodes || a.Ignored() != 1500-maxNodes+1 {
			t.Errorf("%d nodes, %d ignored", a.Count(), a.Ignored())
		}
		if name := a.Others()[100].Name; name != strings.Repeat("ä", maxNodeName/2) {
			t.Errorf("a name has %d bytes", len(name))
		}
		rest(gone)
		if a.Count() != 1 || len(a.Members.told) != 1 {
			t.Errorf("%d nodes in the end", a.Count())
		}
	})
}

// TestMembersAtOnce: all may be called at once.
func TestMembersAtOnce(t *testing.T) {
	lives(t, 3, func(v *village) {
		p := push()
		p.From = 2
		data, _ := p.Append(nil)
		var said View
		if err := said.Parse(data); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := range 200 {
					a := v.nodes[0]
					a.Heard(&said)
					a.Others()
					a.Knows(2)
					if i%50 == 0 {
						v.nodes[1].Tell()
						a.Ask()
						a.Down()
						a.Up()
					}
				}
			})
		}
		all.Wait()
		v.nodes[0].tells("all at once")
	})
}

// TestBudgetMembers: what is heard of a node that is known costs no allocation.
func TestBudgetMembers(t *testing.T) {
	m, said := known(t)
	defer m.Close(false)
	if n := testing.AllocsPerRun(100, func() { m.Heard(said) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// known returns Members that know a node, and a push of it.
func known(t testing.TB) (*Members, *View) {
	self := Self{ID: 1, Base: func() uint32 { return 1 }, Load: func() (uint64, uint64) { return 0, 0 }, State: func() State { return 0 }}
	m := NewMembers(self, MembersOptions{Heartbeat: beats, Send: func([]byte) {}})
	beat, said := Packet[id]{Kind: Heartbeat, From: 0x0102030405060708, Base: 2}, push()
	for _, p := range []*Packet[id]{&beat, &said} {
		data, err := p.Append(nil)
		var v View
		if err := errors.Join(err, v.Parse(data)); err != nil {
			t.Fatal(err)
		}
		if m.Heard(&v); p == &said {
			return m, &v
		}
	}
	return nil, nil
}

func BenchmarkMembersHeard(b *testing.B) {
	m, said := known(b)
	defer m.Close(false)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Heard(said)
		}
	})
}
