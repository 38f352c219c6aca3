package history

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// This file simulates followers that come, go and come back, are slow or deaf, while
// others push; and checks what each of them is told against all that was pushed.

// simPeer is a connection: a queue with a bound, and a client that reads from it.
type simPeer struct {
	id   uint64
	mu   sync.Mutex
	room *sync.Cond // signaled when there is room, or the peer is closed

	queue  [][]byte
	bound  int
	closed bool
	joins  sync.Mutex // held while it follows or leaves, as Member.mu is
}

func newSimPeer(id uint64, bound int) *simPeer {
	p := &simPeer{id: id, bound: bound}
	p.room = sync.NewCond(&p.mu)
	return p
}

func (p *simPeer) Offer(entries []*Entry) (taken int, v Verdict) {
	for taken < len(entries) && v == Taken {
		if v = p.offer(entries[taken].Frame); v == Taken {
			taken++
		}
	}
	return taken, v
}

func (p *simPeer) offer(frame []byte) Verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return Gone
	case len(p.queue) >= p.bound:
		return Full
	}
	p.queue = append(p.queue, frame)
	return Taken
}

func (p *simPeer) Wait(frame []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed && len(p.queue) >= p.bound {
		p.room.Wait()
	}
	if p.closed {
		return false
	}
	p.queue = append(p.queue, frame)
	return true
}

func (p *simPeer) Say(frame []byte) Verdict  { return p.offer(frame) }
func (p *simPeer) WaitSay(frame []byte) bool { return p.Wait(frame) }
func (p *simPeer) Gets(except []uint64) bool { return !slices.Contains(except, p.id) }
func (p *simPeer) take(n int) (got [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = min(n, len(p.queue))
	got = slices.Clone(p.queue[:n])
	p.queue = slices.Delete(p.queue, 0, n)
	p.room.Broadcast()
	return got
}

func (p *simPeer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.room.Broadcast()
}

// simFrame is what clients of the simulation are sent.
type simFrame struct {
	Kind      string // "kept", "joined", "lost"
	ID        string
	At        Position
	Claimed   bool
	Recovered bool
}

func simWord(w Word) []byte {
	f := simFrame{Kind: "joined", ID: w.ID, At: w.At, Claimed: w.Claimed, Recovered: w.Recovered}
	if w.Lost {
		f.Kind = "lost"
	}
	text, _ := json.Marshal(f)
	return text
}

// world is all of a simulation.
type world struct {
	t     *testing.T
	tails *Tails[*simPeer]
	keys  []Key
	byID  map[string]Key

	mu     sync.Mutex
	pushed map[Key][]simPush // by offset, in order
	told   map[string]int
}

type simPush struct {
	offset uint64
	except []uint64
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[what]++
}

// push keeps a message for some, and hands it to followers as package hub does.
func (w *world) push(k Key, except []uint64) {
	w.tails.Publish(k, Message{Except: except, Build: func(id string, at Position) []byte {
		text, _ := json.Marshal(simFrame{Kind: "kept", ID: id, At: at})
		return text
	}}, func(e *Entry, f Followers[*simPeer]) {
		w.mu.Lock()
		w.pushed[k] = append(w.pushed[k], simPush{e.Offset, except})
		w.mu.Unlock()
		for p := range f.of.followers {
			if _, behind := f.Has(p); behind || !p.Gets(except) {
				continue
			}
			if p.offer(e.Frame) == Full {
				f.Behind(p, e)
			}
		}
	})
}

// missing returns a message that a client should have had which is at a position, and
// has got nothing up to another; 0 is none.
func (w *world) missing(k Key, id, after, before uint64) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.pushed[k]
	first, _ := slices.BinarySearchFunc(all, after+1, func(p simPush, o uint64) int { return cmp.Compare(p.offset, o) })
	for _, p := range all[first:] {
		if p.offset >= before {
			break
		}
		if !slices.Contains(p.except, id) {
			return p.offset
		}
	}
	return 0
}

// simClient is a program that follows: what it has had outlives its connections.
type simClient struct {
	w      *world
	id     uint64
	random *rand.Rand
	peer   *simPeer
	at     map[Key]Position // what it has had
	claims map[Key]map[Position]bool
	live   map[Key]Position // of this connection
}

// hear checks what has come.
func (c *simClient) hear(n int) (heard int) {
	for _, text := range c.peer.take(n) {
		var f simFrame
		if err := json.Unmarshal(text, &f); err != nil {
			c.w.t.Error(err)
		}
		k := c.w.byID[f.ID]
		at, follows := c.live[k]
		heard++
		switch f.Kind {
		case "joined":
			switch {
			case f.Claimed && f.Recovered && !c.claims[k][f.At]:
				c.w.t.Errorf("client %d: recovered at %v, and claimed %v", c.id, f.At, c.claims[k])
			case f.Claimed && f.Recovered:
				c.w.count("recovered")
			case f.Claimed:
				c.w.count("unrecovered")
			}
			c.live[k] = f.At
		case "lost":
			if !follows { // it has left, and this was on its way
				continue
			}
			if f.At.Offset < at.Offset {
				c.w.t.Errorf("client %d: lost up to %v, was at %v", c.id, f.At, at)
			}
			c.w.count("lost")
			c.live[k] = f.At
		default:
			switch gap := c.w.missing(k, c.id, at.Offset, f.At.Offset); {
			case !follows: // it has left, and this was on its way
				continue
			case f.At.Offset <= at.Offset:
				c.w.t.Errorf("client %d in %s: %v comes behind %v", c.id, k.Name, f.At, at)
			case gap != 0:
				c.w.t.Errorf("client %d in %s: %v comes behind %v, and %d is missing", c.id, k.Name, f.At, at, gap)
			}
			c.w.count("kept")
			c.live[k] = f.At
		}
		c.at[k] = c.live[k]
	}
	return heard
}

func (c *simClient) follow(k Key, claims bool) {
	c.peer.joins.Lock()
	defer c.peer.joins.Unlock()
	c.w.tails.Follow(c.peer, k, func(string) Claim {
		if at, has := c.at[k]; has && claims {
			c.claims[k][at] = true
			return Claim{true, at.String()}
		}
		return Claim{}
	}, nil)
}

func (c *simClient) leave(k Key) {
	c.peer.joins.Lock()
	defer c.peer.joins.Unlock()
	c.w.tails.Leave(c.peer, k.User, k.Name)
}

// end closes the connection, with what waits there unread.
func (c *simClient) end() {
	c.peer.close()
	for _, k := range c.w.keys {
		c.leave(k)
	}
}

// begin opens another one.
func (c *simClient) begin() {
	c.peer = newSimPeer(c.id, 1+c.random.IntN(30))
	c.live = map[Key]Position{}
}

// live does what clients do, for a while.
func (c *simClient) run(while lasting) {
	for while.goesOn() {
		k := c.w.keys[c.random.IntN(len(c.w.keys))]
		switch c.random.IntN(12) {
		case 0:
			c.end()
			if c.random.IntN(4) == 0 {
				time.Sleep(time.Duration(c.random.IntN(int(20 * time.Millisecond)))) // it is away for a while
			}
			c.begin()
		case 1, 2:
			c.follow(k, true)
		case 3:
			if c.random.IntN(5) == 0 {
				c.follow(k, false)
			}
		case 4:
			if c.random.IntN(5) > 0 {
				break
			}
			// What is on its way still comes, so a client that leaves and comes back
			// by the same connection reads first.
			c.leave(k)
			for c.hear(1<<20) > 0 {
			}
			delete(c.live, k)
		case 5:
			time.Sleep(time.Duration(c.random.IntN(int(3 * time.Millisecond)))) // it is slow
		default:
			c.hear(1 + c.random.IntN(20))
		}
	}
}

// TestSimulation: whatever followers do, each gets every message once and in order, or
// is told that some are missing, and in the end has the last one.
func TestSimulation(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int
		bytes int
	}{{"all is kept", 10_000, 1 << 30}, {"small histories", 20, 1 << 30}, {"little memory", 100, 24 << 10}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			simulate(t, c.size, c.bytes, rand.Uint64())
		})
	}
}

func simulate(t *testing.T, size, bytes int, seed uint64) {
	t.Logf("seed %d", seed)
	w := &world{t: t, byID: map[string]Key{}, pushed: map[Key][]simPush{}, told: map[string]int{}}
	w.tails = NewTails[*simPeer](NewStore(bytes), simWord)
	defer w.tails.Close()
	l, _ := w.tails.Declare(Log{Name: "sim", Size: size, TTL: time.Hour})
	for i := range 5 {
		k := Key{Log: l, User: i == 0, Name: fmt.Sprint("room", i)}
		w.keys, w.byID[k.ID()] = append(w.keys, k), k
	}
	while := lasting{time.Now().Add(2 * time.Second), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.shows(size)
	}}
	var clients []*simClient
	var all sync.WaitGroup
	for i := range 20 {
		c := &simClient{w: w, id: uint64(i), random: rand.New(rand.NewPCG(seed, uint64(i))), at: map[Key]Position{}, claims: map[Key]map[Position]bool{}}
		for _, k := range w.keys {
			c.claims[k] = map[Position]bool{}
		}
		c.begin()
		clients = append(clients, c)
		all.Go(func() { c.run(while) })
	}
	for i := range 3 {
		random := rand.New(rand.NewPCG(seed, uint64(100+i)))
		all.Go(func() {
			for while.goesOn() {
				var except []uint64
				if random.IntN(5) == 0 {
					except = []uint64{uint64(random.IntN(20)), uint64(random.IntN(20))}
				}
				w.push(w.keys[random.IntN(len(w.keys))], except)
				if random.IntN(3) == 0 {
					time.Sleep(time.Duration(random.IntN(int(2 * time.Millisecond))))
				}
			}
		})
	}
	all.Wait()
	for _, c := range clients {
		c.atEnd()
	}
	for _, c := range clients {
		c.end()
	}
	w.over()
	t.Logf("%v, %+v", w.told, w.tails.Stats())
	if !w.shows(size) {
		t.Error("that shows little")
	}
	if size == 10_000 && w.told["lost"]+w.told["unrecovered"] > 0 {
		t.Error("nothing was forgotten, and somebody was told so")
	}
}

// shows reports whether enough has happened for the test to show something. The caller
// holds mu, or is alone.
func (w *world) shows(size int) bool {
	told := w.told
	return told["kept"] >= 1000 && told["recovered"] >= 10 && (size >= 10_000 || told["lost"]+told["unrecovered"] >= 10)
}

// lasting is how long a simulation goes on: for a time and, on a slow machine, until it
// shows something.
type lasting struct {
	until time.Time
	shows func() bool
}

func (l lasting) goesOn() bool {
	now := time.Now()
	return now.Before(l.until) || now.Before(l.until.Add(time.Minute)) && !l.shows()
}

// atEnd reads until the client has all that was pushed where it follows.
func (c *simClient) atEnd() {
	for _, k := range c.w.keys {
		c.follow(k, true)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		c.hear(1 << 20)
		behind := ""
		for _, k := range c.w.keys {
			at, follows := c.live[k]
			if gap := c.w.missing(k, c.id, at.Offset, 1<<63); !follows || gap != 0 {
				behind = fmt.Sprintf("%s: at %v, %v, and there is %d", k.Name, at, follows, gap)
			}
		}
		if behind == "" {
			return
		}
		if time.Now().After(end) {
			c.w.t.Errorf("client %d never gets to the end of %s", c.id, behind)
			return
		}
	}
}

// over checks that nothing is left of followers.
func (w *world) over() {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		w.tails.mu.Lock()
		tails, chasers := len(w.tails.by), len(w.tails.chasers)
		w.tails.mu.Unlock()
		if tails == 0 && chasers == 0 {
			return
		}
		if time.Now().After(end) {
			w.t.Errorf("%d tails and %d chasers are left", tails, chasers)
			return
		}
	}
}

// TestUnionOnce: who catches up with two rooms gets a push to both in the first one,
// and who follows the second alone gets it there.
func TestUnionOnce(t *testing.T) {
	w := &world{t: t, pushed: map[Key][]simPush{}, told: map[string]int{}}
	w.tails = NewTails[*simPeer](NewStore(1<<20), simWord)
	defer w.tails.Close()
	l, _ := w.tails.Declare(Log{Name: "sim", Size: 10, TTL: time.Hour})
	a, b := Key{Log: l, Name: "a"}, Key{Log: l, Name: "b"}
	both, second := newSimPeer(1, 100), newSimPeer(2, 100)
	start := w.tails.store.epoch + ".0"
	w.push(a, nil)
	build := func(id string, at Position) []byte {
		text, _ := json.Marshal(simFrame{Kind: "kept", ID: id, At: at})
		return text
	}
	deliver := func(*Entry, Followers[*simPeer]) {}
	at, _ := w.tails.Publish(a, Message{Build: build}, deliver)
	w.tails.Publish(b, Message{Build: build, Copies: []Copy{{a, at}}}, deliver)
	w.push(b, nil)
	claim := func(string) Claim { return Claim{true, start} }
	w.tails.Follow(both, a, claim, nil)
	w.tails.Follow(both, b, claim, nil)
	w.tails.Follow(second, b, claim, nil)
	for p, want := range map[*simPeer][]string{
		both:   {"joined a 0", "kept a 1", "kept a 2", "joined b 0", "kept b 2"},
		second: {"joined b 0", "kept b 1", "kept b 2"},
	} {
		var got []string
		for end := time.Now().Add(10 * time.Second); len(got) < len(want) && time.Now().Before(end); time.Sleep(time.Millisecond) {
			for _, text := range p.take(100) {
				var f simFrame
				_ = json.Unmarshal(text, &f)
				name := "a"
				if f.ID == b.ID() {
					name = "b"
				}
				got = append(got, fmt.Sprint(f.Kind, " ", name, " ", f.At.Offset))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: %v", p.id, got)
		}
	}
	for _, p := range []*simPeer{both, second} {
		p.close()
		w.tails.Leave(p, false, "a")
		w.tails.Leave(p, false, "b")
	}
	w.over()
}

// BenchmarkPublish is what a push costs that followers get at once.
func BenchmarkPublish(b *testing.B) {
	for _, followers := range []int{0, 1, 100} {
		b.Run(fmt.Sprint(followers), func(b *testing.B) {
			w := &world{pushed: map[Key][]simPush{}}
			w.tails = NewTails[*simPeer](NewStore(64<<20), simWord)
			defer w.tails.Close()
			l, _ := w.tails.Declare(Log{Name: "sim", Size: 100, TTL: time.Hour})
			k := Key{Log: l, Name: "room"}
			for i := range followers {
				w.tails.Follow(newSimPeer(uint64(i), 1<<62), k, func(string) Claim { return Claim{} }, nil)
			}
			frame := make([]byte, 200)
			m := Message{Build: func(string, Position) []byte { return frame }}
			b.ReportAllocs()
			for b.Loop() {
				w.tails.Publish(k, m, func(_ *Entry, f Followers[*simPeer]) {
					for p := range f.of.followers {
						f.Has(p)
					}
				})
			}
		})
	}
}
