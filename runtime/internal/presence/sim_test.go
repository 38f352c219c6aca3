package presence

import (
	"cmp"
	"container/heap"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// This file simulates nodes whose people come and go, over a network that loses,
// delays and parts, and an engine that breaks; and checks what each node knows, and what
// those who watch were told, against who is there.

var (
	simSeed   = flag.Uint64("presence.seed", 0, "the only seed of the simulation; 0: as many as there is time for")
	simRounds = flag.Duration("presence.for", 2*time.Second, "how long to simulate")
)

// How nodes find out about each other in the simulation, as package cluster does it.
const (
	simGone    = 7 * time.Second // a node that is not heard for so long is gone
	simGhost   = 8 * time.Second // a dead one has nobody present by then
	simSettled = 10 * time.Second
	simDigest  = 90 * time.Second // after silent losses: a digest, and what follows
)

// world is all of a simulation.
type world struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	now    time.Duration
	events simEvents
	order  int
	nodes  map[uint64]*simNode
	last   uint64 // node
	conns  uint64

	linger     time.Duration
	most       int
	bytes      int // of a message; of 1 each item has one of its own
	engineDown bool
	before     map[uint64]bool             // who was there when the engine broke
	loss       float64                     // of messages, without a word
	cut        map[[2]uint64]bool          // pairs between which nothing passes
	channels   map[[3]uint64]time.Duration // when the last message of a channel arrives
	churns     bool
	told       map[string]int
}

// simNode is a node.
type simNode struct {
	w        *world
	id       uint64
	options  Options
	room     *Room // nil: nobody is here
	due      time.Duration
	up       bool
	members  map[uint64]bool
	watchers []*simWatcher
	blind    bool             // its room was opened while the engine was down: it knows nobody else
	own      map[uint64]Entry // who is really there
}

// simWatcher is a client: what it was told is a list.
type simWatcher struct {
	people map[string]string
	count  int
}

type simEvent struct {
	at    time.Duration
	order int
	do    func()
}

type simEvents []simEvent

func (e simEvents) Len() int      { return len(e) }
func (e simEvents) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e simEvents) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(e[i].at, e[j].at), cmp.Compare(e[i].order, e[j].order)) < 0
}
func (e *simEvents) Push(x any) { *e = append(*e, x.(simEvent)) }
func (e *simEvents) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// after has something happen later.
func (w *world) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.events, simEvent{w.now + d, w.order, do})
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now + d
	for len(w.events) > 0 && w.events[0].at <= end && !w.t.Failed() {
		e := heap.Pop(&w.events).(simEvent)
		w.now = e.at
		e.do()
	}
	w.now = end
}

func (w *world) upTo(to time.Duration) time.Duration {
	return time.Duration(w.random.Int64N(int64(to)))
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d at %v: %s", w.seed, w.now, fmt.Sprintf(format, args...))
}

// ids returns the nodes that live, in order.
func (w *world) ids() []uint64 { return slices.Sorted(maps.Keys(w.nodes)) }

// start starts a node. All others know it.
func (w *world) start() *simNode {
	w.last++
	n := &simNode{w: w, id: w.last, up: !w.engineDown, members: make(map[uint64]bool), own: make(map[uint64]Entry), due: Never}
	n.options = Options{
		Linger: w.linger, Max: w.most, Self: n.id, Versions: new(Versions), Most: func() int { return w.bytes },
		Member: func(id uint64) bool { return n.members[id] },
		Random: func(below time.Duration) time.Duration { return w.upTo(below) },
	}
	for _, id := range w.ids() {
		w.nodes[id].members[n.id], n.members[id] = true, true
	}
	w.nodes[n.id] = n
	w.churn(n)
	return n
}

// open has the first client come to a node's room.
func (n *simNode) open() {
	n.room = New(&n.options, n.up, n.w.now)
	n.blind = !n.up
	n.watchers = []*simWatcher{{}}
	n.watchers[0].hear(n, n.room.Full())
	r := n.room
	n.w.after(n.w.upTo(5*time.Millisecond), func() { // it takes a moment to subscribe
		if n.room == r && n.up {
			r.Asks(n.w.now, 0)
			n.turn()
		}
	})
}

// hear has a client be told.
func (c *simWatcher) hear(n *simNode, d Delta) {
	if d.Full {
		c.people = make(map[string]string)
	}
	for _, p := range d.Joined {
		c.people[p.Key] = fmt.Sprint(p.Metas)
	}
	for _, key := range d.Left {
		if n.w.engineDown && !n.blind {
			n.missed(key)
		}
		delete(c.people, key)
		n.w.told["left"]++
	}
	c.count = d.Count
	if len(c.people) != d.Count && (n.w.most == 0 || d.Count <= n.w.most) {
		n.w.fail("node %d: a client knows %v, and is told that there are %d: %v", n.id, c.people, d.Count, d)
	}
}

// missed fails if somebody was said to leave who is on a node that is only not heard.
func (n *simNode) missed(key string) {
	for _, id := range n.w.ids() {
		for _, e := range n.w.nodes[id].own {
			if e.Key == key && n.w.before[e.Conn] {
				n.w.fail("node %d says that %s has left, who is on node %d", n.id, key, id)
			}
		}
	}
}

// turn does what a node does now, and has it called again.
func (n *simNode) turn() {
	if n.room == nil {
		return
	}
	d, told, out := n.room.Turn(n.w.now)
	if told {
		for _, c := range n.watchers {
			c.hear(n, d)
		}
	}
	n.send(out)
	at := n.room.Due()
	if n.due = at; at == Never {
		return
	}
	if at <= n.w.now {
		n.w.fail("node %d is due at %v, after a turn", n.id, at)
		return
	}
	n.w.after(at-n.w.now, func() {
		if n.due == at && n.w.nodes[n.id] == n {
			n.turn()
		}
	})
}

// send sends messages to other nodes.
func (n *simNode) send(out []Message) {
	for _, m := range out {
		n.w.told[fmt.Sprint("kind ", m.Kind)]++
		for _, id := range n.w.ids() {
			if id != n.id && (!m.Direct || m.Base == uint32(id)) {
				n.w.carry(n.id, id, m)
			}
		}
	}
}

// carry carries a message from one node to another, or loses it.
func (w *world) carry(from, to uint64, m Message) {
	lost := w.engineDown || !w.nodes[from].up || w.cut[[2]uint64{from, to}] || w.random.Float64() < w.loss
	if lost {
		w.told["lost"]++
		return
	}
	channel := [3]uint64{from, to, 0}
	if m.Direct {
		channel[2] = 1
	}
	at := max(w.now+w.upTo(20*time.Millisecond), w.channels[channel]) // in order
	w.channels[channel] = at
	w.after(at-w.now, func() {
		n := w.nodes[to]
		if n == nil || !n.up {
			return
		}
		origin := Origin{Node: from, Base: uint32(from), Direct: m.Direct}
		if n.room == nil {
			if reply, wanted := Nobody(&n.options, &origin, &m); wanted {
				n.send([]Message{reply})
			}
			return
		}
		if !n.room.Hear(&origin, &m, w.now) {
			w.fail("node %d refuses %+v", to, m)
		}
		n.turn()
	})
}

// churn has a node's people come and go, until nothing churns any more.
func (w *world) churn(n *simNode) {
	w.after(w.upTo(100*time.Millisecond), func() {
		if w.nodes[n.id] != n || !w.churns {
			return
		}
		n.step()
		w.churn(n)
	})
}

// step has one client come, say something else, or go.
func (n *simNode) step() {
	w := n.w
	if n.room == nil {
		n.open()
	}
	conns := slices.Sorted(maps.Keys(n.own))
	switch what := w.random.IntN(20); {
	case what < 8 && len(conns) < 8:
		w.conns++
		n.set(w.conns)
	case what < 14 && len(conns) > 0:
		n.unset(conns[w.random.IntN(len(conns))])
	case what < 17 && len(conns) > 0:
		n.set(conns[w.random.IntN(len(conns))])
	case what == 18 && len(n.watchers) < 5:
		c := &simWatcher{}
		c.hear(n, n.room.Full())
		n.watchers = append(n.watchers, c)
	case what == 19 && w.random.IntN(8) == 0:
		for _, conn := range conns {
			n.unset(conn)
		}
		n.send(n.room.Close(w.now))
		n.room, n.due, n.watchers = nil, Never, nil
		w.told["closed"]++
		return
	}
	n.turn()
}

func (n *simNode) set(conn uint64) {
	e := entryOf(conn, fmt.Sprint("user", n.w.random.IntN(12)), fmt.Sprint(n.w.random.IntN(3)))
	if old, is := n.own[conn]; is {
		e.Key = old.Key
	}
	n.own[conn] = e
	n.room.Set(e, n.w.now)
}

func (n *simNode) unset(conn uint64) {
	delete(n.own, conn)
	n.room.Unset(conn, n.w.now)
}

// kill ends a node without a word. The others notice when they have not heard it.
func (w *world) kill(id uint64) {
	dead := w.nodes[id]
	delete(w.nodes, id)
	w.told["killed"]++
	w.unheard(id, func() bool { return true })
	w.after(simGhost, func() {
		for _, other := range w.ids() {
			if r := w.nodes[other].room; r != nil && w.nodes[other].up && !w.engineDown {
				if p := r.parts[id]; p != nil && len(p.entries) > 0 {
					w.fail("node %d shows %d connections of node %d, which is dead", other, len(p.entries), dead.id)
				}
			}
		}
	})
}

// unheard has others take a node for gone, if it still is.
func (w *world) unheard(id uint64, still func() bool) {
	for _, other := range w.ids() {
		n := w.nodes[other]
		w.after(simGone-w.upTo(2*time.Second), func() {
			if w.nodes[other] == n && n.up && !w.engineDown && still() {
				delete(n.members, id)
				if n.room != nil {
					n.room.Gone(id, false, w.now)
					n.turn()
				}
			}
		})
	}
}

// setUp has a node's link work, or not.
func (n *simNode) setUp(up bool) {
	n.up = up
	switch {
	case n.room == nil:
	case up:
		n.room.Up(n.w.now)
	default:
		n.room.Down()
	}
	n.turn()
}

// outage breaks the engine for a while.
func (w *world) outage(d time.Duration) {
	w.engineDown = true
	w.told["outages"]++
	for _, id := range w.ids() {
		w.nodes[id].setUp(false)
	}
	w.after(d, func() {
		w.engineDown = false
		for _, id := range w.ids() {
			n := w.nodes[id]
			w.after(w.upTo(500*time.Millisecond), func() {
				if w.nodes[id] == n {
					n.setUp(true)
				}
			})
		}
	})
}

// island parts one node from the engine for a while. If that is long the others take it
// for gone, until it is back.
func (w *world) island(id uint64, d time.Duration) {
	n := w.nodes[id]
	w.told["islands"]++
	n.setUp(false)
	w.unheard(id, func() bool { return w.nodes[id] == n && !n.up })
	w.after(d, func() {
		if w.nodes[id] != n || w.engineDown {
			return
		}
		n.setUp(true)
		for _, other := range w.ids() {
			if o := w.nodes[other]; other != id && !o.members[id] {
				o.members[id] = true
				if o.room != nil {
					o.room.Back(id, uint32(id), w.now)
					o.turn()
				}
			}
		}
	})
}

// rift has nothing pass between two nodes for a while, without a word.
func (w *world) rift(a, b uint64, d time.Duration) {
	w.told["rifts"]++
	w.cut[[2]uint64{a, b}], w.cut[[2]uint64{b, a}] = true, true
	w.after(d, func() {
		delete(w.cut, [2]uint64{a, b})
		delete(w.cut, [2]uint64{b, a})
	})
}

// truth is who is there.
func (w *world) truth() map[string]string {
	by := make(map[string][]Entry)
	for _, n := range w.nodes {
		for _, e := range n.own {
			by[e.Key] = append(by[e.Key], e)
		}
	}
	all := make(map[string]string)
	for key, of := range by {
		slices.SortFunc(of, func(a, b Entry) int { return cmp.Compare(a.Conn, b.Conn) })
		var metas []string
		for _, e := range of {
			metas = append(metas, e.Meta)
		}
		all[key] = fmt.Sprint(metas)
	}
	return all
}

// equal checks that every node, and every client, knows who is there.
func (w *world) equal(when string) {
	want := w.truth()
	for _, id := range w.ids() {
		n := w.nodes[id]
		if w.t.Failed() {
			return
		}
		if n.room == nil {
			continue
		}
		got := make(map[string]string)
		for _, p := range n.room.People() {
			got[p.Key] = fmt.Sprint(p.Metas)
		}
		if !maps.Equal(got, want) {
			w.fail("%s: node %d knows\n%v, and there are\n%v", when, id, got, want)
		}
		for i, c := range n.watchers {
			if many := w.most > 0 && len(want) > w.most; c.count != len(want) || !many && !maps.Equal(c.people, want) {
				w.fail("%s: client %d of node %d knows %d, \n%v, and there are\n%v", when, i, id, c.count, c.people, want)
			}
		}
	}
}

// quiet has nobody come or go, and checks after a while that all know the same.
func (w *world) quiet(d time.Duration, when string) {
	w.churns = false
	w.run(d)
	w.equal(when)
	w.stir()
}

// stir has people come and go again.
func (w *world) stir() {
	w.churns = true
	for _, id := range w.ids() {
		w.churn(w.nodes[id])
	}
}

// simulate is one round.
func simulate(t *testing.T, seed uint64, told map[string]int) {
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 7)), nodes: make(map[uint64]*simNode),
		cut: make(map[[2]uint64]bool), channels: make(map[[3]uint64]time.Duration), churns: true, told: told,
	}
	w.linger = []time.Duration{0, time.Second, 2 * time.Second}[w.random.IntN(3)]
	w.most = []int{0, 0, 5}[w.random.IntN(3)]
	w.bytes = []int{1, 10 * maxItem}[w.random.IntN(2)]
	for range 5 {
		w.start()
	}
	w.run(5 * time.Second)
	w.quiet(w.linger+2*time.Second, "without faults")
	one := func() uint64 { return w.ids()[w.random.IntN(len(w.nodes))] }
	for range 4 {
		switch w.random.IntN(5) {
		case 0:
			w.kill(one())
			w.start()
			w.run(w.upTo(10 * time.Second))
			w.quiet(simSettled+w.linger, "after a node was killed")
		case 1:
			w.churns = false
			w.run(300 * time.Millisecond)
			w.before = make(map[uint64]bool)
			for _, n := range w.nodes {
				for conn := range n.own {
					w.before[conn] = true
				}
			}
			w.outage(20 * time.Second)
			w.stir()
			w.run(20 * time.Second)
			w.quiet(simSettled+w.linger, "after the engine was down")
		case 2:
			w.island(one(), w.upTo(20*time.Second))
			w.run(20 * time.Second)
			w.quiet(simSettled+w.linger, "after a node was cut off")
		case 3:
			if a, b := one(), one(); a != b {
				w.rift(a, b, w.upTo(6*time.Second))
			}
			w.run(6 * time.Second)
			w.quiet(simDigest, "after nothing passed between two nodes")
		case 4:
			w.loss = 0.05
			w.run(20 * time.Second)
			w.loss = 0
			w.quiet(simDigest, "after messages were lost")
		}
		if t.Failed() {
			return
		}
	}
}

// TestSimulation: whatever is lost, whoever dies and whatever breaks, soon all nodes
// know who is there, and so do all clients; nobody of a dead node stays, and nobody
// leaves since the engine is down.
func TestSimulation(t *testing.T) {
	told := make(map[string]int)
	if *simSeed != 0 {
		simulate(t, *simSeed, told)
		return
	}
	rounds := 0
	for seed, end := uint64(1), time.Now().Add(*simRounds); (time.Now().Before(end) || unshown(told) != "" && rounds < 50) && !t.Failed(); seed++ {
		simulate(t, seed, told)
		rounds++
	}
	t.Logf("%d rounds: %v", rounds, told)
	if what := unshown(told); what != "" && !t.Failed() {
		t.Errorf("that shows little: no %q", what)
	}
}

// unshown returns something that has not happened yet; on a slow machine the time is
// over after a round.
func unshown(told map[string]int) string {
	for _, what := range []string{"killed", "outages", "islands", "rifts", "lost", "closed", "left", "kind 1", "kind 2", "kind 3", "kind 4"} {
		if told[what] == 0 {
			return what
		}
	}
	return ""
}
