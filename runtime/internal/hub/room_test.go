package hub

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// hold begins a push to a set that does not get on, until release.
func hold(k *maker, to set) (release func()) {
	begun, let, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		first := true
		each(k.hub, &to, false, nil, func(*Member) {
			if first {
				first = false
				close(begun)
				<-let
			}
		})
	}()
	<-begun
	return func() { close(let); <-over }
}

// within fails the test if f does not return.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Errorf("%s: waits for somebody else's push", what)
	}
}

// locked returns when m's lock is held.
func locked(m *Member) {
	for m.mu.TryLock() {
		m.mu.Unlock()
		runtime.Gosched()
	}
}

// TestCrowdHoldsUpNobody: a member that joins or leaves a room waits for a push
// to it, and a push to a crowd takes a while. No other member waits for them.
func TestCrowdHoldsUpNobody(t *testing.T) {
	k, members, _ := crowd(t, 4)
	h := k.hub
	other := ""
	for i := 0; other == "" || h.rooms.shard(other) != h.rooms.shard("crowd"); i++ {
		other = fmt.Sprint("other", i)
	}
	join := func(m *Member, room string) {
		if err := h.Join(m, frames, room); err != nil {
			t.Error(err)
		}
	}
	join(members[0], "crowd")
	release := hold(k, set{Rooms: []string{"crowd"}})
	var late sync.WaitGroup
	late.Go(func() { join(members[1], "crowd") })
	late.Go(func() { h.Leave(members[0], "crowd") })
	locked(members[0])
	locked(members[1])
	within(t, "another room", func() {
		for range 1000 { // so that the two above are where they wait
			join(members[2], other)
			if got := Members(h, &set{Rooms: []string{other}}); len(got) != 1 {
				t.Errorf("%d members", len(got))
			}
			h.Leave(members[2], other)
		}
	})
	release()
	late.Wait()
	if got := h.rooms.find("crowd").all(); len(got) != 1 || got[0] != members[1] {
		t.Errorf("the crowd is %v", got)
	}
}

// TestBroadcastHoldsUpNobody: a member that comes or goes waits for a push to
// everyone. A search for a member, and an admission, do not wait for them.
func TestBroadcastHoldsUpNobody(t *testing.T) {
	k, members, _ := crowd(t, 3)
	h, comes := k.hub, k.stranger()
	release := hold(k, set{All: true})
	var late sync.WaitGroup
	late.Go(func() { h.Add(comes, "") })
	late.Go(func() { h.Remove(members[0]) })
	within(t, "finding a connection", func() {
		for h.Get(comes.ID) == nil || h.Get(members[0].ID) != nil {
			runtime.Gosched()
		}
		for range 1000 { // so that the two above are where they wait
			if len(Members(h, &set{IDs: []uint64{members[1].ID}})) != 1 || h.Admit(netip.Addr{}, 1, Unlimited) != Admitted {
				t.Error("not found, or not admitted")
			}
			h.Release(netip.Addr{})
		}
	})
	release()
	late.Wait()
	if got := h.everyone.all(); len(got) != 3 || !slices.Contains(got, comes) {
		t.Errorf("everyone is %v", got)
	}
}

// TestShutSeesEveryone: a member that is being registered while Shut looks, and
// that it does not see, is closed.
func TestShutSeesEveryone(t *testing.T) {
	k := newMaker(t)
	h, seen, late, never := k.hub, k.stranger(), k.stranger(), k.stranger()
	if !h.Add(seen, "") || !h.addID(late) {
		t.Fatal("not registered")
	}
	if _, all := h.Shut(); !slices.Equal(all, []*Member{seen}) {
		t.Errorf("Shut sees %v", all)
	}
	h.addToCrowd(late, "")
	if !late.Socket.Closes() || seen.Socket.Closes() {
		t.Error("who came late is not closed, or who did not is")
	}
	if h.Add(never, "") {
		t.Error("registered behind Shut")
	}
}

// TestRoomComesBack: a room that its last member leaves while the next one
// joins has the next one in it. It is not there when it has no member.
func TestRoomComesBack(t *testing.T) {
	k, members, _ := crowd(t, 4)
	h := k.hub
	var all sync.WaitGroup
	for _, m := range members {
		all.Go(func() {
			for range 2000 {
				if err := h.Join(m, 1, "room"); err != nil {
					t.Error(err)
				}
				here := false
				each(h, &set{Rooms: []string{"room"}}, false, nil, func(member *Member) { here = here || member == m })
				if !here {
					t.Error("joined, and no member")
					return
				}
				h.Leave(m, "room")
			}
		})
	}
	all.Wait()
	if n := h.Rooms(); n != 0 || h.rooms.find("room") != nil {
		t.Errorf("%d rooms", n)
	}
}

// TestUsersIndexed: addressing a user costs that user's connections. It does
// not so much as look at the others.
func TestUsersIndexed(t *testing.T) {
	k := newMaker(t)
	for _, user := range []string{"ann", "ann", "bob", ""} {
		if !k.hub.Add(k.stranger(), user) {
			t.Fatal("not registered")
		}
	}
	k.hub.everyone.mu.Lock() // a look at everyone would wait
	defer k.hub.everyone.mu.Unlock()
	reached := make(chan int, 1)
	go func() { reached <- k.push(set{Users: []string{"ann"}}, How{}, frame.Text("hello")).Sent }()
	select {
	case n := <-reached:
		if n != 2 {
			t.Errorf("reached %d", n)
		}
	case <-time.After(20 * time.Second):
		t.Error("pushing to a user visits everyone")
	}
}

// BenchmarkMemberships has a hundred thousand connections join a room and leave
// it, and a thousand a hundred rooms each. The time is that of a join and a
// leave. Meanwhile there are pushes to a room of ten: longest-push-µs is the
// longest that one took.
func BenchmarkMemberships(b *testing.B) {
	const memberships = 100_000
	run := func(b *testing.B, each int) {
		b.Helper()
		k, members, take := crowd(b, memberships/each)
		h := k.hub
		names := make([]string, each)
		for i := range names {
			names[i] = fmt.Sprint("room", i)
		}
		for _, m := range members[:10] {
			_ = h.Join(m, 1+each, "ten")
		}
		stop := make(chan struct{})
		longest := make(chan time.Duration)
		go func() {
			worst, text := time.Duration(0), frame.Text("a push to ten")
			for {
				select {
				case <-stop:
					longest <- worst
					return
				default:
				}
				begun := time.Now()
				k.push(set{Rooms: []string{"ten"}}, How{}, text)
				worst = max(worst, time.Since(begun))
				runtime.Gosched()
			}
		}()
		for b.Loop() {
			for _, m := range members {
				_ = h.Join(m, 1+each, names...)
			}
			for _, m := range members {
				h.Leave(m, names...)
			}
		}
		close(stop)
		b.ReportMetric(float64((<-longest).Microseconds()), "longest-push-µs")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*memberships), "ns/membership")
		take()
	}
	b.Run("one room", func(b *testing.B) { run(b, 1) })
	b.Run("a hundred rooms each", func(b *testing.B) { run(b, 100) })
}
