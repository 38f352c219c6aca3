package history

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// becomes has a peer take so many messages at a time from now on; with 0 it is away.
func (p *simPeer) becomes(bound int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bound = bound
}

// has takes all that waits for a peer: "a 1" is the first kept push of history a.
func (p *simPeer) has(names map[string]string) (all []string) {
	for _, text := range p.take(100) {
		var f simFrame
		_ = json.Unmarshal(text, &f)
		if f.Kind == "kept" {
			all = append(all, fmt.Sprint(names[f.ID], " ", f.At.Offset))
		}
	}
	return all
}

// TestAway: for a follower that takes nothing for a while nothing is read, and no
// goroutine waits. When it is back it gets all of it, and when it is gone nothing is
// left of it.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, pushed: map[Key][]simPush{}, told: map[string]int{}}
		w.tails = NewTails[*simPeer](NewStore(1<<20), simWord)
		defer w.tails.Close()
		w.tails.Rests(func(p *simPeer) bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.bound == 0
		})
		l, _ := w.tails.Declare(Log{Name: "sim", Size: 10, TTL: time.Hour})
		a, b := Key{Log: l, Name: "a"}, Key{Log: l, Name: "b"}
		names := map[string]string{a.ID(): "a", b.ID(): "b"}
		p := newSimPeer(1, 100)
		for _, k := range []Key{a, b} {
			w.tails.Follow(p, k, func(string) Claim { return Claim{} }, nil)
		}
		w.push(a, nil)
		if got := p.has(names); !slices.Equal(got, []string{"a 1"}) {
			t.Fatal(got)
		}
		p.becomes(0)
		before := runtime.NumGoroutine()
		for range 2 {
			w.push(a, nil)
			w.push(b, nil)
			w.tails.Back(p) // too early
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n > 0 {
			t.Errorf("%d goroutines wait", n)
		}
		p.becomes(100)
		w.tails.Back(p)
		synctest.Wait()
		w.push(b, nil)
		if got := p.has(names); !slices.Equal(got, []string{"a 2", "a 3", "b 1", "b 2", "b 3"}) {
			t.Error(got)
		}
		w.tails.Back(p) // there is nothing to do
		p.becomes(0)
		w.push(a, nil)
		for _, name := range []string{"a", "b"} {
			w.tails.Leave(p, false, name)
		}
		w.tails.Gone(p)
		if len(w.tails.chasers) > 0 || len(w.tails.by) > 0 {
			t.Errorf("%d chasers and %d tails are left", len(w.tails.chasers), len(w.tails.by))
		}
	})
}
