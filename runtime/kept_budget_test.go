//go:build !race

package ws

import (
	"runtime"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/history"
)

// keptCrowd is crowd with a Push whose pushes to a room are kept.
func keptCrowd(t *testing.T, n int) (s *Server, take func(), p Push[Target]) {
	t.Helper()
	s, take = crowd(t, n, Options{})
	t.Cleanup(s.history.tails.Close)
	return s, take, NewKeptPush(s, Log{Name: "budget", Size: 100, TTL: time.Hour}, func(t Target) Target { return t.Kept() })
}

// TestBudgetKeptPush: a kept push may allocate for itself, for what is kept of it and for
// where it goes, and nothing for each receiver, whether it follows or not.
func TestBudgetKeptPush(t *testing.T) {
	text := frame.Text(typedMessage)
	for _, c := range []struct {
		receivers int
		follow    bool
	}{{1, false}, {1, true}, {500, false}, {500, true}} {
		s, take, p := keptCrowd(t, c.receivers)
		for client := range s.All().Clients() {
			join := client.Join
			if c.follow {
				join = func(rooms ...string) error { return p.Follow(client, rooms...) }
			}
			if err := join("room"); err != nil {
				t.Fatal(err)
			}
		}
		take()
		to := p.In("room")
		push := func() {
			if n, err := to.push("e", text); n != c.receivers || err != nil {
				t.Fatal(n, err)
			}
			take()
		}
		for range 200 { // more than are kept: the next one takes the place of another
			push()
		}
		got := testing.AllocsPerRun(200, push)
		t.Logf("%d receivers, follow %t: %v allocations", c.receivers, c.follow, got)
		if got > 9 {
			t.Errorf("%d receivers, follow %t: %v allocations, at most 9", c.receivers, c.follow, got)
		}
	}
}

// TestBudgetReturn: who comes back to a hundred missed messages may allocate for itself,
// and nothing for each message: that is the same for all.
func TestBudgetReturn(t *testing.T) {
	s, take, p := keptCrowd(t, 1)
	var at Reached
	for range 100 {
		if _, err := p.Across(t.Context(), &at).In("room").push("e", frame.Text(typedMessage)); err != nil {
			t.Fatal(err)
		}
	}
	id := history.Key{Log: p.keeps.log, Name: "room"}.ID()
	for client := range s.All().Clients() {
		got := testing.AllocsPerRun(200, func() {
			client.owner().(*conn).claimAll(map[string]string{id: at.At.Epoch + ".0"})
			if err := p.Follow(client, "room"); err != nil {
				t.Fatal(err)
			}
			take()
			client.Leave("room")
		})
		t.Logf("%v allocations", got)
		if got > 12 {
			t.Errorf("%v allocations, at most 12", got)
		}
	}
	if n := s.history.tails.Stats(); n.Recovered != 201 || n.CatchUps != 0 {
		t.Errorf("not all came back to all that they had missed, at once: %+v", n)
	}
}

// TestBudgetFollower bounds what a follower weighs more than a member of the room, when
// both have nothing to do.
func TestBudgetFollower(t *testing.T) {
	for _, n := range []int{1000, 5000, 9000} {
		weigh := func(follow bool) int {
			s, take, p := keptCrowd(t, n)
			all := make([]*Client, 0, n)
			for c := range s.All().Clients() {
				all = append(all, c)
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for _, c := range all {
				err := c.Join("room")
				if follow {
					err = p.Follow(c, "room")
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for range 4 {
				take() // where they are in the history
				p.In("room").push("e", frame.Text(typedMessage))
				take()
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			runtime.KeepAlive(all)
			return int(after.HeapAlloc-before.HeapAlloc) / n
		}
		weigh(true) // what is made once
		member, follower := weigh(false), weigh(true)
		t.Logf("%d: %d bytes in a room, %d more for who follows", n, member, follower-member)
		if follower-member > 64 {
			t.Errorf("%d: a follower weighs %d bytes more, at most 64", n, follower-member)
		}
	}
}
