package history

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newSimEngine returns an engine without troubles, of these rooms.
func newSimEngine(t *testing.T, rooms ...string) *simEngine {
	e := &simEngine{
		t: t, size: 10_000, byID: map[string]Key{}, random: rand.New(rand.NewPCG(1, 1)),
		logs: map[Key]*simLog{}, told: map[string]int{}, reading: map[int]int{}, most: map[int]int{},
	}
	l := &Log{Name: "sim", Size: e.size, TTL: time.Hour}
	for _, name := range rooms {
		k := Key{Log: l, Name: name}
		e.keys, e.byID[k.ID()] = append(e.keys, k), k
	}
	return e
}

// set has the engine be in other troubles.
func (e *simEngine) set(wrong troubles) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.troubles = wrong
}

// of returns how often something has happened.
func (e *simEngine) of(what string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told[what]
}

// end returns where a history ends.
func (e *simEngine) end(k Key) Position {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Position{e.log(k).epoch, e.log(k).last}
}

// words are what a peer was told, in short; offsets are named by at.
func (e *simEngine) words(p *simPeer, at ...Position) (all []string) {
	for _, text := range p.take(1 << 20) {
		var f simFrame
		_ = json.Unmarshal(text, &f)
		word := f.Kind + " " + e.byID[f.ID].Name
		if i := slices.Index(at, f.At); i >= 0 {
			word += fmt.Sprint(" ", i)
		}
		if f.Claimed {
			word += fmt.Sprint(" ", f.Recovered)
		}
		all = append(all, word)
	}
	return all
}

// none and at are claims.
func none(string) Claim { return Claim{} }

func at(p Position) func(string) Claim {
	return func(string) Claim { return Claim{true, p.String()} }
}

// inBubble runs a check in a bubble of synctest, with one node of an engine.
func inBubble(t *testing.T, check func(*simEngine, *simNode, Key)) {
	synctest.Test(t, func(t *testing.T) {
		e := newSimEngine(t, "a", "b")
		n := e.node(1 << 20)
		defer n.die()
		check(e, n, e.keys[0])
	})
}

// want checks what a peer was told.
func (e *simEngine) want(p *simPeer, at []Position, want ...string) {
	e.t.Helper()
	if got := e.words(p, at...); !slices.Equal(got, want) {
		e.t.Errorf("got %q, want %q", got, want)
	}
}

// TestRemoteLateEngine: who follows while the engine is not there is told where it is
// as soon as it is there again, and has what it has claimed caught up with.
func TestRemoteLateEngine(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		start := e.end(k)
		first := e.keep(k, nil, nil)
		n.breaks(true)
		fresh, back := newSimPeer(1, 100), newSimPeer(2, 100)
		n.tails.Follow(fresh, k, none, nil)
		n.tails.Follow(back, k, at(start), nil)
		time.Sleep(time.Minute)
		e.want(fresh, nil)
		e.want(back, nil)
		n.breaks(false)
		time.Sleep(2 * time.Second)
		second := e.keep(k, nil, nil)
		time.Sleep(time.Second)
		places := []Position{start, first, second}
		e.want(fresh, places, "joined a 1", "kept a 2")
		e.want(back, places, "joined a 0 true", "kept a 1", "kept a 2")
	})
}

// TestRemoteLastLost: a message that is lost on the way as the last one, without a
// word, is found within 36 seconds, and one that is told as lost at once.
func TestRemoteLastLost(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		p := newSimPeer(1, 100)
		n.tails.Follow(p, k, none, nil)
		time.Sleep(3 * time.Second) // it was looked at once more, since the channel was new
		e.want(p, nil, "joined a")
		e.set(troubles{silent: 1})
		e.keep(k, nil, nil)
		time.Sleep(20 * time.Second)
		e.want(p, nil)
		time.Sleep(17 * time.Second)
		e.want(p, nil, "kept a")
		e.set(troubles{lost: 1})
		e.keep(k, nil, nil)
		time.Sleep(time.Second)
		e.want(p, nil, "kept a")
	})
}

// TestRemoteReset: who follows a history that the engine has lost is told so, whether
// something comes there or nothing.
func TestRemoteReset(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		p := newSimPeer(1, 100)
		n.tails.Follow(p, k, none, nil)
		time.Sleep(time.Second)
		for range 3 {
			e.keep(k, nil, nil)
		}
		time.Sleep(time.Second)
		e.want(p, nil, "joined a", "kept a", "kept a", "kept a")
		e.mu.Lock()
		e.wipe(e.log(k))
		e.mu.Unlock()
		e.keep(k, nil, nil)
		time.Sleep(time.Second)
		e.want(p, []Position{e.end(k)}, "lost a 0")
		e.mu.Lock()
		e.wipe(e.log(k))
		e.mu.Unlock()
		time.Sleep(37 * time.Second)
		e.want(p, []Position{e.end(k)}, "lost a 0")
		e.keep(k, nil, nil)
		time.Sleep(time.Second)
		e.want(p, nil, "kept a")
		if s := n.tails.Stats(); s.Resets != 2 || s.Lost != 2 || s.Logs != 1 || s.Entries != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestRemoteClaims: who claims what is not there any more, what never was, or another
// epoch, begins at the end.
func TestRemoteClaims(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		first := e.keep(k, nil, nil)
		end := e.keep(k, nil, nil)
		for name, claim := range map[string]func(string) Claim{
			"another epoch":    at(Position{"other", 1}),
			"beyond the end":   at(Position{end.Epoch, end.Offset + 1}),
			"nothing at all":   func(string) Claim { return Claim{Made: true} },
			"of another kind":  func(string) Claim { return Claim{true, "x"} },
			"not kept anymore": at(Position{end.Epoch, 0}),
		} {
			e.mu.Lock()
			if l := e.log(k); len(l.entries) > 1 {
				l.entries = l.entries[1:]
			}
			e.mu.Unlock()
			p := newSimPeer(1, 100)
			n.tails.Follow(p, k, claim, nil)
			time.Sleep(5 * time.Second)
			if got := e.words(p, end); !slices.Equal(got, []string{"joined a 0 false"}) {
				t.Errorf("%s: %q", name, got)
			}
			n.tails.Leave(p, false, k.Name)
			time.Sleep(time.Second)
		}
		p := newSimPeer(1, 100)
		n.tails.Follow(p, k, at(first), nil)
		time.Sleep(time.Second)
		e.want(p, []Position{first, end}, "joined a 0 true", "kept a 1")
	})
}

// TestRemoteSilent: where one sequence counts for all histories of an engine, nodes that
// have begun to hear one in which nothing is kept at different times know different
// ends. Who comes from a node that is further on is told at once that nothing is
// missing, hears what is kept then, once, and may go back to where it has been.
func TestRemoteSilent(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		e.shared = true
		other := e.node(1 << 20)
		defer other.die()
		stays, moves := newSimPeer(1, 100), newSimPeer(2, 100)
		n.tails.Follow(stays, k, none, nil)
		time.Sleep(2 * time.Second)
		for range 100 {
			e.keep(e.keys[1], nil, nil)
		}
		other.tails.Follow(moves, k, none, nil)
		time.Sleep(time.Second)
		var f simFrame
		_ = json.Unmarshal(moves.take(1)[0], &f)
		was := f.At
		if was.Offset <= 20 {
			t.Fatalf("it is at %v, which tells nothing", was)
		}
		other.tails.Leave(moves, false, k.Name)
		n.tails.Follow(moves, k, at(was), nil)
		time.Sleep(100 * time.Millisecond)
		e.want(moves, []Position{was}, "joined a 0 true")
		if n := e.of(fmt.Sprint("reads of ", chasePage)); n > 0 {
			t.Errorf("it was read %d times for the follower, and the tail knows all", n)
		}
		first := e.keep(k, nil, nil)
		time.Sleep(100 * time.Millisecond)
		e.want(moves, []Position{was, first}, "kept a 1")
		e.want(stays, []Position{first}, "joined a", "kept a 0")
		for _, back := range []*simNode{n, other} {
			back.tails.Leave(moves, false, k.Name)
			back.tails.Follow(moves, k, at(was), nil)
			time.Sleep(100 * time.Millisecond)
			e.want(moves, []Position{was, first}, "joined a 0 true", "kept a 1")
		}
	})
}

// TestRemoteSilentBehind: who was away for long comes back to where nothing was ever
// kept, to a node that has begun to hear it since. Nothing is missing.
func TestRemoteSilentBehind(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		e.shared = true
		was := e.end(k)
		for range 100 {
			e.keep(e.keys[1], nil, nil)
		}
		p := newSimPeer(1, 100)
		n.tails.Follow(p, k, at(was), nil)
		time.Sleep(100 * time.Millisecond)
		e.want(p, []Position{was}, "joined a 0 true")
		first := e.keep(k, nil, nil)
		time.Sleep(100 * time.Millisecond)
		e.want(p, []Position{first}, "kept a 0")
	})
}

// TestRemoteSilentSince: a history goes on to where the engine says that nothing is kept
// behind its last message. So nobody is told of a loss when that message ages out, and
// who has had it need not be told of one either.
func TestRemoteSilentSince(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		e.shared = true
		stays, back := newSimPeer(1, 100), newSimPeer(2, 100)
		n.tails.Follow(stays, k, none, nil)
		time.Sleep(time.Second)
		only := e.keep(k, nil, nil)
		for range 3 {
			for range 10 {
				e.keep(e.keys[1], nil, nil)
			}
			e.mu.Lock()
			e.old = true
			e.mu.Unlock()
			time.Sleep(37 * time.Second)
			e.mu.Lock()
			e.log(k).entries, e.dropped = nil, e.last
			e.mu.Unlock()
		}
		e.want(stays, []Position{only}, "joined a", "kept a 0")
		n.tails.Follow(back, k, at(only), nil)
		time.Sleep(100 * time.Millisecond)
		e.want(back, []Position{only}, "joined a 0 true")
		second := e.keep(k, nil, nil)
		time.Sleep(100 * time.Millisecond)
		e.want(stays, []Position{second}, "kept a 0")
		e.want(back, []Position{second}, "kept a 0")
	})
}

// TestRemoteUnion: who follows two rooms gets a push to both in the first one, when it
// comes and when they catch up; who follows the second alone gets it there.
func TestRemoteUnion(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, a Key) {
		b := e.keys[1]
		startA, startB := e.end(a), e.end(b)
		both, second := newSimPeer(1, 100), newSimPeer(2, 100)
		push := func() {
			e.keep(b, nil, []Copy{{a, e.keep(a, nil, nil)}})
		}
		n.tails.Follow(both, a, none, nil)
		n.tails.Follow(both, b, none, nil)
		n.tails.Follow(second, b, none, nil)
		time.Sleep(time.Second)
		push()
		time.Sleep(time.Second)
		got := e.words(both)
		slices.Sort(got)
		if !slices.Equal(got, []string{"joined a", "joined b", "kept a"}) {
			t.Errorf("%q", got)
		}
		e.want(second, nil, "joined b", "kept b")
		for _, k := range []Key{a, b} {
			n.tails.Leave(both, false, k.Name)
			n.tails.Leave(second, false, k.Name)
		}
		push()
		time.Sleep(10 * time.Millisecond)
		n.tails.Follow(both, a, at(startA), nil)
		n.tails.Follow(both, b, at(startB), nil)
		n.tails.Follow(second, b, at(startB), nil)
		time.Sleep(time.Second)
		e.want(both, nil, "joined a true", "kept a", "kept a", "joined b true")
		e.want(second, nil, "joined b true", "kept b", "kept b")
	})
}

// TestRemoteRecent: who comes back after a moment is served from memory, and a crowd
// that comes back to what is not there reads once.
func TestRemoteRecent(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		start := e.end(k)
		first := newSimPeer(0, 1000)
		n.tails.Follow(first, k, none, nil)
		time.Sleep(time.Second)
		for range maxRecent {
			e.keep(k, nil, nil)
		}
		time.Sleep(time.Second)
		reads := fmt.Sprint("reads of ", chasePage)
		crowd := func(lacks, most int) {
			t.Helper()
			before := e.of(reads)
			var peers []*simPeer
			for i := range 100 {
				p := newSimPeer(uint64(i+1), 1000)
				n.tails.Follow(p, k, at(start), nil)
				peers = append(peers, p)
			}
			time.Sleep(time.Second)
			for _, p := range peers {
				if got := strings.Join(e.words(p), " "); strings.Count(got, "kept") != lacks || !strings.HasPrefix(got, "joined a true") {
					t.Errorf("%s", got)
				}
				n.tails.Leave(p, false, k.Name)
			}
			if got := e.of(reads) - before; got > most {
				t.Errorf("%d reads", got)
			}
		}
		crowd(maxRecent, 0)
		e.keep(k, nil, nil)
		time.Sleep(time.Second)
		e.set(troubles{slow: 10 * time.Millisecond})
		crowd(maxRecent+1, 2)
	})
}

// TestRemoteNeverWaits: neither what comes from the engine nor who follows waits while
// it does not answer.
func TestRemoteNeverWaits(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		e.set(troubles{slow: time.Hour})
		e.keep(k, nil, nil)
		began := time.Now()
		for i := range 200 {
			p := newSimPeer(uint64(i), 1)
			n.tails.Follow(p, k, at(Position{"e1", uint64(i)}), nil)
			e.mu.Lock()
			a := e.log(k).frame(k, simKept{offset: uint64(1000 + i), prev: uint64(990 + i)})
			e.mu.Unlock()
			n.tails.Arrived(k, a)
			n.tails.Missed(nil)
			n.tails.Up()
			if i%2 == 0 {
				n.tails.Leave(p, false, k.Name)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("%v", took)
		}
		n.tails.mu.Lock()
		r := n.tails.by[k].remote
		n.tails.mu.Unlock()
		if len(r.held) > maxHeld {
			t.Errorf("%d are held", len(r.held))
		}
		time.Sleep(time.Second) // what Want has begun ends
	})
}

// TestRemoteLingers: a history that nobody follows is heard for a while, and no longer.
func TestRemoteLingers(t *testing.T) {
	inBubble(t, func(e *simEngine, n *simNode, k Key) {
		hears := func() bool { return n.Live(k.ID()) }
		p := newSimPeer(1, 100)
		for range 3 { // it comes back in time
			n.tails.Follow(p, k, none, nil)
			time.Sleep(time.Second)
			n.tails.Leave(p, false, k.Name)
			time.Sleep(10 * time.Millisecond)
			if !hears() {
				t.Error("not heard any more")
			}
		}
		time.Sleep(time.Minute)
		if hears() {
			t.Error("heard for ever")
		}
		n.over()
		before := e.end(k)
		e.keep(k, nil, nil)
		n.tails.Follow(p, k, at(before), nil)
		time.Sleep(time.Second)
		if got := e.words(p); !slices.Equal(got[len(got)-2:], []string{"joined a true", "kept a"}) {
			t.Errorf("%q", got)
		}
	})
}

// TestRecents: the messages of histories go first that were not asked for longest.
func TestRecents(t *testing.T) {
	entry := func(offset uint64, bytes int) *Entry {
		return &Entry{Frame: make([]byte, bytes), Offset: offset, Prev: offset - 1}
	}
	r := &recents{most: 3 * (entryBytes + 1000)}
	var a, b recent
	r.add(&a, entry(1, 1000))
	r.add(&b, entry(1, 1000))
	r.add(&a, entry(2, 1000))
	if got, all := r.after(&a, 0, 10); len(got) != 2 || !all {
		t.Error(got, all)
	}
	if got, all := r.after(&a, 1, 10); len(got) != 1 || got[0].Offset != 2 || !all {
		t.Error(got, all)
	}
	r.add(&a, entry(3, 1000)) // for which b's goes
	if _, all := r.after(&b, 0, 10); all {
		t.Error("b has what there is no room for")
	}
	r.add(&a, entry(4, 5000)) // for which there is no room at all
	if entries, bytes := r.size(); entries != 0 || bytes != 0 {
		t.Errorf("%d messages of %d bytes", entries, bytes)
	}
	for i := range uint64(maxRecent + 10) {
		r.add(&b, entry(i+5, 0))
	}
	if entries, _ := r.size(); entries > maxRecent {
		t.Errorf("%d messages", entries)
	}
	r.forget(&b)
	r.forget(&b)
	if entries, bytes := r.size(); entries != 0 || bytes != 0 {
		t.Errorf("%d messages of %d bytes", entries, bytes)
	}
}
