package history

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// This file simulates an engine that keeps the messages of several nodes, and what can
// be wrong with it: what it hands over is lost, told or not, late, or comes twice;
// reads fail, or are answered by a replica that lags; it loses its newest messages, or
// all; links break, and nodes die. Followers come, go, come back to other nodes, are
// slow or deaf. Each of them is checked against all that was ever kept.

// troubles are what is wrong with an engine.
type troubles struct {
	silent, lost, twice float64       // shares of what is handed over
	fails, stale        float64       // shares of what is read
	slow                time.Duration // how long a read takes at most
	wipes, forgets      time.Duration // how often the engine loses all of a history, or its newest messages
	breaks, kills       time.Duration // how often a link breaks, and a node dies
}

// simEngine is an engine.
type simEngine struct {
	t      *testing.T
	size   int
	keys   []Key
	silent int // so many of keys, the last ones, in which nothing is ever kept
	byID   map[string]Key

	mu       sync.Mutex
	shared   bool       // all histories have their offsets from one sequence
	last     uint64     // guarded by mu; of that
	dropped  uint64     // guarded by mu; up to here nothing is kept any more
	old      bool       // guarded by mu; what is kept will be dropped before long
	random   *rand.Rand // guarded by mu
	troubles troubles   // guarded by mu
	logs     map[Key]*simLog
	nodes    []*simNode
	epochs   int
	told     map[string]int
	reading  map[int]int // how many read at a time, by the limit of a read
	most     map[int]int
}

// simLog is a history: what is kept now, and what ever was.
type simLog struct {
	epoch   string
	last    uint64
	entries []simKept
	ever    map[string][]simKept // by epoch, in order
}

type simKept struct {
	offset, prev uint64
	except       []uint64
	copies       []Copy
	gone         bool // of ever: the engine has lost it, so nobody need have it
}

var errSim = errors.New("the engine does not answer")

func (e *simEngine) count(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told[what]++
}

// chance reports whether something of a share happens. The caller holds mu.
func (e *simEngine) chance(share float64) bool { return share > 0 && e.random.Float64() < share }

// log returns a history. The caller holds mu.
func (e *simEngine) log(k Key) *simLog {
	l := e.logs[k]
	if l == nil {
		l = &simLog{ever: map[string][]simKept{}}
		e.logs[k] = l
		e.wipe(l)
	}
	return l
}

// wipe has the engine lose a history.
func (e *simEngine) wipe(l *simLog) {
	e.epochs++
	l.epoch, l.last, l.entries = fmt.Sprint("e", e.epochs), 0, nil
}

// forget has the engine lose the newest messages of a history. It gives no offset twice.
func (e *simEngine) forget(l *simLog) {
	n := min(e.random.IntN(5), len(l.entries))
	for _, lost := range l.entries[len(l.entries)-n:] {
		ever := l.ever[l.epoch]
		i, _ := slices.BinarySearchFunc(ever, lost.offset, func(k simKept, o uint64) int { return cmp.Compare(k.offset, o) })
		ever[i].gone = true
	}
	l.entries = l.entries[:len(l.entries)-n]
}

// frame returns a kept message as it comes to clients.
func (l *simLog) frame(k Key, m simKept) Arrival {
	text, _ := json.Marshal(simFrame{Kind: "kept", ID: k.ID(), At: Position{l.epoch, m.offset}})
	return Arrival{Entry: &Entry{Frame: text, Offset: m.offset, Prev: m.prev, Except: m.except, Copies: m.copies}, Epoch: l.epoch}
}

// keep keeps a message, and hands it to all nodes that want it.
func (e *simEngine) keep(k Key, except []uint64, copies []Copy) Position {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.log(k)
	m := simKept{offset: l.last + 1 + e.random.Uint64N(3), except: except, copies: copies}
	if e.shared {
		e.last++
		m.offset = e.last
	}
	if n := len(l.entries); n > 0 {
		m.prev = l.entries[n-1].offset
	} else {
		m.prev = l.last // what was there is forgotten, or was lost
	}
	l.last = m.offset
	l.ever[l.epoch] = append(l.ever[l.epoch], m)
	if l.entries = append(l.entries, m); len(l.entries) > e.size {
		l.entries = slices.Delete(l.entries, 0, 1)
	}
	for _, n := range e.nodes {
		if n.down || n.wants[k.ID()] == 0 {
			continue
		}
		switch a := l.frame(k, m); {
		case e.chance(e.troubles.silent):
			e.told["lost silently"]++
		case e.chance(e.troubles.lost):
			n.queue = append(n.queue, func() { n.tails.Missed([]string{k.ID()}) })
		default:
			n.queue = append(n.queue, func() { n.tails.Arrived(k, a) })
			if e.chance(e.troubles.twice) {
				n.queue = append(n.queue, func() { n.tails.Arrived(k, a) })
			}
		}
		n.wake.Signal()
	}
	return Position{l.epoch, m.offset}
}

// simNode is a node, and its link to the engine.
type simNode struct {
	*simEngine
	tails *Tails[*simPeer]
	wake  *sync.Cond

	// All of this is guarded by simEngine.mu.
	queue []func() // what is handed over, in order
	wants map[string]int
	down  bool
	dead  bool
}

// node adds a node.
func (e *simEngine) node(recent int) *simNode {
	n := &simNode{simEngine: e, wants: map[string]int{}, tails: NewTails[*simPeer](NewStore(1), simWord)}
	n.wake = sync.NewCond(&e.mu)
	n.tails.KeptBy(n, RemoteOptions[*simPeer]{CatchUps: 3, Recent: recent, Linger: 20 * time.Millisecond, Deliver: simDeliver})
	n.tails.logs = []*Log{e.keys[0].Log} // so that keys are the same on all nodes
	e.mu.Lock()
	e.nodes = append(e.nodes, n)
	e.mu.Unlock()
	n.tails.Up()
	go n.handOver()
	return n
}

// simDeliver hands a message to followers, as package hub does.
func simDeliver(_ Key, a Arrival, f Followers[*simPeer]) func() {
	for p := range f.of.followers {
		if _, behind := f.Has(p); behind || !p.Gets(a.Entry.Except) || f.Elsewhere(p, a.Entry) {
			continue
		}
		if p.offer(a.Entry.Frame) == Full {
			f.Behind(p, a.Entry)
		}
	}
	return nil
}

// handOver hands to the node what comes, until that is dead.
func (n *simNode) handOver() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		for len(n.queue) == 0 && !n.dead {
			n.wake.Wait()
		}
		if n.dead {
			return
		}
		do := n.queue[0]
		n.queue = n.queue[1:]
		pause := time.Duration(0)
		if n.random.IntN(20) == 0 {
			pause = time.Duration(n.random.IntN(int(time.Millisecond)))
		}
		n.mu.Unlock()
		time.Sleep(pause)
		do()
		n.mu.Lock()
	}
}

// die ends the node, without a word.
func (n *simNode) die() {
	n.mu.Lock()
	n.dead = true
	n.nodes = slices.DeleteFunc(n.nodes, func(other *simNode) bool { return other == n })
	n.wake.Signal()
	n.mu.Unlock()
	n.tails.Close()
}

func (n *simNode) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// breaks has the link break for a moment.
func (n *simNode) breaks(down bool) {
	n.mu.Lock()
	n.down = down
	if down {
		n.queue = nil
	}
	n.mu.Unlock()
	if !down {
		n.tails.Up()
	}
}

func (n *simNode) Channel(k Key) string { return k.ID() }

func (n *simNode) Want(channel string, settled func(bool)) bool {
	go func() {
		time.Sleep(rand.N(time.Millisecond))
		n.mu.Lock()
		n.wants[channel]++
		n.mu.Unlock()
		settled(true)
	}()
	return true
}

func (n *simNode) Drop(channel string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wants[channel]--
}

func (n *simNode) Live(channel string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.down && n.wants[channel] > 0
}

// begin begins a read of at most limit messages, and waits as long as that takes. end
// must be called.
func (n *simNode) begin(ctx context.Context, limit int) (end func(), err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reading[limit]++
	n.most[limit] = max(n.most[limit], n.reading[limit])
	pause := time.Duration(0)
	if n.troubles.slow > 0 {
		pause = time.Duration(n.random.IntN(int(n.troubles.slow)))
	}
	n.mu.Unlock()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	n.mu.Lock()
	if err == nil && (n.down || n.dead || n.chance(n.troubles.fails)) {
		err = errSim
	}
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.reading[limit]--
	}, err
}

func (n *simNode) Read(ctx context.Context, k Key, after Position, limit int) (Found, error) {
	end, err := n.begin(ctx, limit)
	defer end()
	if err != nil {
		return Found{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told[fmt.Sprint("reads of ", limit)]++
	l := n.log(k)
	if after.Epoch != l.epoch {
		return Found{Epoch: l.epoch, Top: l.last}, nil
	}
	f := Found{Epoch: l.epoch, Top: max(l.last, after.Offset)}
	if e := n.simEngine; e.shared && l.last <= after.Offset {
		f.Top = max(e.last, after.Offset)
	}
	for _, m := range l.entries {
		if m.offset > after.Offset && len(f.Arrivals) < limit {
			f.Arrivals = append(f.Arrivals, l.frame(k, m))
		}
	}
	if len(f.Arrivals) > 0 {
		f.Complete = f.Arrivals[0].Entry.Prev <= after.Offset
	} else {
		f.Complete = l.last <= after.Offset
	}
	if after.Offset < n.dropped { // nobody can tell
		f.Complete = false
	}
	if f.Complete && n.chance(n.troubles.stale) {
		n.told["stale"]++
		f.Arrivals = f.Arrivals[:n.random.IntN(len(f.Arrivals)+1)]
		if f.Top = after.Offset; len(f.Arrivals) > 0 {
			f.Top = f.Arrivals[len(f.Arrivals)-1].Entry.Offset
		}
	}
	return f, nil
}

func (n *simNode) Ends(ctx context.Context, _ *Log, channels []string) ([]Position, error) {
	end, err := n.begin(ctx, 0)
	defer end()
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	ends := make([]Position, len(channels))
	for i, c := range channels {
		l := n.log(n.byID[c])
		ends[i] = Position{l.epoch, l.last}
		if n.old {
			ends[i].Offset = n.last
		} else if n.shared && l.last == 0 { // of a replica that lags, or not
			ends[i].Offset = n.last - min(n.last, n.random.Uint64N(20))
		}
		if e := len(l.entries); e > 1 && n.chance(n.troubles.stale) {
			ends[i].Offset = l.entries[e-1-n.random.IntN(min(e, 3))].offset
		}
	}
	return ends, nil
}

// remoteClient is a program that follows: what it has had outlives its connections, and
// the nodes that these were to.
type remoteClient struct {
	*simEngine
	id     uint64
	random *rand.Rand
	node   *simNode
	peer   *simPeer
	at     map[Key]Position          // what it has had
	claims map[Key]map[Position]bool // what it has said so
	live   map[Key]Position          // of this connection
}

// missing returns a message between two positions that the client should have had; 0
// is none.
func (c *remoteClient) missing(k Key, after Position, before uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.log(k).ever[after.Epoch]
	first, _ := slices.BinarySearchFunc(all, after.Offset+1, func(m simKept, o uint64) int { return cmp.Compare(m.offset, o) })
	for _, m := range all[first:] {
		if m.offset >= before {
			break
		}
		if !m.gone && len(m.copies) == 0 && !slices.Contains(m.except, c.id) {
			return m.offset
		}
	}
	return 0
}

// hear checks what has come.
func (c *remoteClient) hear(n int) (heard int) {
	for _, text := range c.peer.take(n) {
		var f simFrame
		if err := json.Unmarshal(text, &f); err != nil {
			c.t.Error(err)
		}
		heard++
		c.got(c.byID[f.ID], &f)
	}
	return heard
}

func (c *remoteClient) got(k Key, f *simFrame) {
	at, follows := c.live[k]
	switch f.Kind {
	case "joined":
		switch {
		case f.Claimed && f.Recovered && !c.claims[k][f.At]:
			c.t.Errorf("client %d: recovered at %v, and claimed %v", c.id, f.At, c.claims[k])
		case f.Claimed && f.Recovered:
			c.count("recovered")
		case f.Claimed:
			c.count("unrecovered")
		}
	case "lost":
		if !follows { // it has left, and this was on its way
			return
		}
		if f.At.Epoch == at.Epoch && f.At.Offset < at.Offset {
			c.t.Errorf("client %d: lost up to %v, was at %v", c.id, f.At, at)
		}
		c.count("lost")
	default:
		switch {
		case !follows: // as above
			return
		case f.At.Epoch != at.Epoch:
			c.t.Errorf("client %d in %s: %v comes behind %v, and nobody has said that it is lost", c.id, k.Name, f.At, at)
		case f.At.Offset <= at.Offset:
			c.t.Errorf("client %d in %s: %v comes behind %v", c.id, k.Name, f.At, at)
		default:
			if gap := c.missing(k, at, f.At.Offset); gap != 0 {
				c.t.Errorf("client %d in %s: %v comes behind %v, and %d is missing", c.id, k.Name, f.At, at, gap)
			}
		}
		c.count("kept")
	}
	c.live[k], c.at[k] = f.At, f.At
}

func (c *remoteClient) follow(k Key, claims bool) {
	c.peer.joins.Lock()
	defer c.peer.joins.Unlock()
	c.node.tails.Follow(c.peer, k, func(string) Claim {
		if at, has := c.at[k]; has && claims {
			c.claims[k][at] = true
			return Claim{true, at.String()}
		}
		return Claim{}
	}, nil)
}

func (c *remoteClient) leave(k Key) {
	c.peer.joins.Lock()
	defer c.peer.joins.Unlock()
	c.node.tails.Leave(c.peer, k.User, k.Name)
}

// end closes the connection, with what waits there unread.
func (c *remoteClient) end() {
	c.peer.close()
	for _, k := range c.keys {
		c.leave(k)
	}
}

// begin opens another one, to any node.
func (c *remoteClient) begin() {
	c.peer, c.live = newSimPeer(c.id, 1+c.random.IntN(30)), map[Key]Position{}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.node = c.nodes[c.random.IntN(len(c.nodes))]
}

// run does what clients do, for a while.
func (c *remoteClient) run(while lasting) {
	for while.goesOn() {
		k := c.keys[c.random.IntN(len(c.keys))]
		switch n := c.random.IntN(12); {
		case n == 0 && c.random.IntN(3) == 0 || c.node.isDead():
			c.end()
			if c.random.IntN(4) == 0 {
				time.Sleep(time.Duration(c.random.IntN(int(20 * time.Millisecond)))) // it is away for a while
			}
			c.begin()
		case n == 1, n == 2:
			c.follow(k, true)
		case n == 3:
			if c.random.IntN(5) == 0 {
				c.follow(k, false)
			}
		case n == 4:
			if c.random.IntN(5) > 0 {
				break
			}
			c.leave(k)
			for c.hear(1<<20) > 0 {
			}
			delete(c.live, k)
		case n < 8:
			time.Sleep(time.Duration(c.random.IntN(int(3 * time.Millisecond)))) // it is slow
		default:
			c.hear(1 + c.random.IntN(20))
		}
	}
}

// atEnd reads until the client has all that is kept where it follows.
func (c *remoteClient) atEnd() {
	if c.node.isDead() {
		c.end()
		c.begin()
	}
	for _, k := range c.keys {
		c.follow(k, true)
	}
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(time.Millisecond) {
		c.hear(1 << 20)
		behind := ""
		for _, k := range c.keys {
			c.mu.Lock()
			epoch := c.log(k).epoch
			c.mu.Unlock()
			at, follows := c.live[k]
			if gap := c.missing(k, at, 1<<63); !follows || at.Epoch != epoch || gap != 0 {
				behind = fmt.Sprintf("%s: at %v, %v, of %s, and there is %d", k.Name, at, follows, epoch, gap)
			}
		}
		if behind == "" {
			return
		}
		if time.Now().After(end) {
			c.t.Errorf("client %d never gets to the end of %s", c.id, behind)
			return
		}
	}
}

// every calls do again and again, about each time, while that goes on.
func every(each time.Duration, while lasting, do func()) {
	for each > 0 && while.goesOn() {
		time.Sleep(jitter(each))
		do()
	}
}

// TestRemoteSimulation: whatever is wrong with the engine, the links and the nodes, and
// whatever followers do, each gets every message once and in order, or is told that
// some are missing, and in the end has the last one.
func TestRemoteSimulation(t *testing.T) {
	for _, c := range []struct {
		name     string
		size     int
		recent   int
		troubles troubles
		silent   int      // rooms in which nothing is kept, while one sequence counts for all
		want     []string // what has to happen for the test to show something
		never    []string
	}{
		{"losses", 10_000, 1 << 20, troubles{silent: 0.02, lost: 0.05, twice: 0.05}, 0, []string{"recovered"}, []string{"lost", "unrecovered"}},
		{"bad reads", 10_000, 2 << 10, troubles{silent: 0.05, fails: 0.2, stale: 0.3, slow: 3 * time.Millisecond}, 0, []string{"recovered", "stale"}, []string{"lost", "unrecovered"}},
		{"small histories", 10, 2 << 10, troubles{silent: 0.02, stale: 0.2, slow: 2 * time.Millisecond}, 0, []string{"recovered", "unrecovered"}, nil},
		{"an engine that forgets", 100, 16 << 10, troubles{silent: 0.02, stale: 0.1, slow: time.Millisecond, wipes: 100 * time.Millisecond, forgets: 50 * time.Millisecond}, 0, []string{"recovered", "unrecovered", "lost"}, nil},
		{"nodes die, and links break", 10_000, 16 << 10, troubles{twice: 0.02, fails: 0.05, slow: time.Millisecond, breaks: 100 * time.Millisecond, kills: 250 * time.Millisecond}, 0, []string{"recovered"}, []string{"lost", "unrecovered"}},
		{"silent rooms", 10_000, 2 << 10, troubles{silent: 0.02, fails: 0.05, stale: 0.1, slow: time.Millisecond, kills: 250 * time.Millisecond}, 3, []string{"recovered", "stale"}, []string{"lost", "unrecovered"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := simulateRemote(t, c.size, c.recent, c.silent, c.troubles, rand.Uint64(), c.want...)
			if what := e.unshown(c.want); what != "" {
				t.Errorf("%s %d times: that shows little", what, e.told[what])
			}
			for _, what := range c.never {
				if e.told[what] > 0 {
					t.Errorf("%s %d times, and all is kept", what, e.told[what])
				}
			}
		})
	}
}

func simulateRemote(t *testing.T, size, recent, silent int, wrong troubles, seed uint64, want ...string) *simEngine {
	t.Logf("seed %d", seed)
	e := &simEngine{
		t: t, size: size, silent: silent, shared: silent > 0, byID: map[string]Key{}, random: rand.New(rand.NewPCG(seed, 1000)), troubles: wrong,
		logs: map[Key]*simLog{}, told: map[string]int{}, reading: map[int]int{}, most: map[int]int{},
	}
	l := &Log{Name: "sim", Size: size, TTL: time.Hour}
	for i := range 5 {
		k := Key{Log: l, User: i == 0, Name: fmt.Sprint("room", i)}
		e.keys, e.byID[k.ID()] = append(e.keys, k), k
	}
	for range 3 {
		e.node(recent)
	}
	while := lasting{time.Now().Add(2 * time.Second), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.unshown(want) == ""
	}}
	var clients []*remoteClient
	var all sync.WaitGroup
	for i := range 15 {
		c := &remoteClient{simEngine: e, id: uint64(i), random: rand.New(rand.NewPCG(seed, uint64(i))), at: map[Key]Position{}, claims: map[Key]map[Position]bool{}}
		for _, k := range e.keys {
			c.claims[k] = map[Position]bool{}
		}
		c.begin()
		clients = append(clients, c)
		all.Go(func() { c.run(while) })
	}
	for i := range 2 {
		random := rand.New(rand.NewPCG(seed, uint64(100+i)))
		all.Go(func() {
			for while.goesOn() {
				var except []uint64
				if random.IntN(5) == 0 {
					except = []uint64{uint64(random.IntN(15)), uint64(random.IntN(15))}
				}
				e.keep(e.keys[random.IntN(len(e.keys)-e.silent)], except, nil)
				time.Sleep(time.Duration(random.IntN(int(time.Millisecond))))
			}
		})
	}
	e.trouble(&all, recent, while, seed)
	all.Wait()
	e.mu.Lock()
	e.troubles = troubles{}
	nodes := slices.Clone(e.nodes)
	e.mu.Unlock()
	for _, n := range nodes {
		n.breaks(false) // which is told: else what is lost as the last is seen half a minute later
	}
	for _, c := range clients {
		all.Go(c.atEnd)
	}
	all.Wait()
	for _, c := range clients {
		c.end()
	}
	for _, n := range nodes {
		n.over()
		n.die()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if t.Logf("%v, most reads at a time %v", e.told, e.most); e.most[chasePage] > 3*(3+1) || e.most[tailPage] > 4*maxReads {
		t.Errorf("%v read at a time", e.most)
	}
	return e
}

// unshown returns something that has to happen for the test to show something, and has
// not often enough; "" if there is nothing. The caller holds mu, or is alone.
func (e *simEngine) unshown(want []string) string {
	for _, what := range append([]string{"kept"}, want...) {
		if e.told[what] < 3 {
			return what
		}
	}
	return ""
}

// trouble has the engine, links and nodes be in trouble.
func (e *simEngine) trouble(all *sync.WaitGroup, recent int, while lasting, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2000))
	some := func(do func(l *simLog)) func() {
		return func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			do(e.log(e.keys[e.random.IntN(len(e.keys))]))
		}
	}
	all.Go(func() { every(e.troubles.wipes, while, some(e.wipe)) })
	all.Go(func() { every(e.troubles.forgets, while, some(e.forget)) })
	all.Go(func() {
		every(e.troubles.breaks, while, func() {
			e.mu.Lock()
			n := e.nodes[e.random.IntN(len(e.nodes))]
			pause := time.Duration(e.random.IntN(int(50 * time.Millisecond)))
			e.mu.Unlock()
			n.breaks(true)
			time.Sleep(pause)
			n.breaks(false)
		})
	})
	all.Go(func() {
		every(e.troubles.kills, while, func() {
			e.node(recent)
			e.mu.Lock()
			n := e.nodes[random.IntN(len(e.nodes)-1)]
			e.mu.Unlock()
			n.die()
		})
	})
}

// over checks that nothing is left of followers.
func (n *simNode) over() {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		n.tails.mu.Lock()
		tails, chasers := len(n.tails.by), len(n.tails.chasers)
		n.tails.mu.Unlock()
		entries, bytes := n.tails.remote.recents.size()
		if tails+chasers+entries+bytes == 0 {
			return
		}
		if time.Now().After(end) {
			n.t.Errorf("%d tails, %d chasers and %d messages of %d bytes are left", tails, chasers, entries, bytes)
			return
		}
	}
}
