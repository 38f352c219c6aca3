package ws

import (
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// hold has somebody push to a target who does not get on, until release.
func hold(target Target) (release func()) {
	begun, let, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		first := true
		target.each(func(*conn) {
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

// locked returns when somebody has c's lock.
func locked(c *conn) {
	for c.mu.TryLock() {
		c.mu.Unlock()
		runtime.Gosched()
	}
}

// TestCrowdHoldsUpNobody: who joins or leaves a room waits for a push to it, and
// a push to a crowd takes a while; but nobody else waits for them.
func TestCrowdHoldsUpNobody(t *testing.T) {
	s, _ := crowd(t, 4, Options{})
	conns := s.registry.everyone.conns()
	other := ""
	for i := 0; other == "" || s.rooms.shard(other) != s.rooms.shard("crowd"); i++ {
		other = fmt.Sprint("other", i)
	}
	join := func(c *conn, room string) {
		if err := c.join(room); err != nil {
			t.Error(err)
		}
	}
	join(conns[0], "crowd")
	release := hold(s.In("crowd"))
	var late sync.WaitGroup
	late.Go(func() { join(conns[1], "crowd") })
	late.Go(func() { conns[0].leave("crowd") })
	locked(conns[0])
	locked(conns[1])
	within(t, "another room", func() {
		for range 1000 { // so that the two above are where they wait
			join(conns[2], other)
			if n := s.In(other).Count(); n != 1 {
				t.Errorf("%d members", n)
			}
			conns[2].leave(other)
		}
	})
	release()
	late.Wait()
	if got := s.rooms.find("crowd").conns(); len(got) != 1 || got[0] != conns[1] {
		t.Errorf("the crowd is %v", got)
	}
}

// TestBroadcastHoldsUpNobody: who comes or goes waits for a push to everyone;
// who looks for a connection, or is admitted, does not wait for them.
func TestBroadcastHoldsUpNobody(t *testing.T) {
	s, _ := crowd(t, 3, Options{})
	conns := s.registry.everyone.conns()
	comes := stranger(t, s)
	release := hold(s.All())
	var late sync.WaitGroup
	late.Go(func() { s.registry.add(comes) })
	late.Go(func() { s.registry.remove(conns[0]) })
	within(t, "finding a connection", func() {
		for s.registry.get(comes.id) == nil || s.registry.get(conns[0].id) != nil {
			runtime.Gosched()
		}
		for range 1000 { // so that the two above are where they wait
			if s.Conn(conns[1].id).Count() != 1 || s.registry.admit(visitor{}, 1, unlimited) != admitted {
				t.Error("not found, or not admitted")
			}
			s.registry.release(visitor{})
		}
	})
	release()
	late.Wait()
	if got := s.registry.everyone.conns(); len(got) != 3 || !slices.Contains(got, comes) {
		t.Errorf("everyone is %v", got)
	}
}

// stranger is a connection that is not registered.
func stranger(tb testing.TB, s *Server) *conn {
	tb.Helper()
	near, far := net.Pipe()
	tb.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return newConn(NewEndpoint(s, Spec{}), near, nil, httptest.NewRequest("GET", "/", nil), arrival{})
}

// TestShutdownSeesEveryone: a connection that is being registered when Shutdown
// looks, and that it does not see, is closed.
func TestShutdownSeesEveryone(t *testing.T) {
	s := NewServer(Options{Logger: slog.New(slog.DiscardHandler)})
	seen, late, never := stranger(t, s), stranger(t, s), stranger(t, s)
	if !s.registry.add(seen) || !s.registry.addID(late) {
		t.Fatal("not registered")
	}
	if _, conns := s.registry.shut(); !slices.Equal(conns, []*conn{seen}) {
		t.Errorf("Shutdown sees %v", conns)
	}
	s.registry.addToCrowd(late)
	if !late.socket.Closes() || seen.socket.Closes() {
		t.Error("who came late is not closed, or who did not is")
	}
	if s.registry.add(never) {
		t.Error("registered behind Shutdown")
	}
}

// TestRoomComesBack: a room that its last member leaves while the next one
// joins has the next one in it, and is not there when nobody is.
func TestRoomComesBack(t *testing.T) {
	s, _ := crowd(t, 4, Options{})
	var all sync.WaitGroup
	for _, c := range s.registry.everyone.conns() {
		all.Go(func() {
			for range 2000 {
				if err := c.join("room"); err != nil {
					t.Error(err)
				}
				here := false
				s.In("room").each(func(member *conn) { here = here || member == c })
				if !here {
					t.Error("joined, and no member")
					return
				}
				c.leave("room")
			}
		})
	}
	all.Wait()
	if n := s.Stats().Rooms; n != 0 || s.rooms.find("room") != nil {
		t.Errorf("%d rooms", n)
	}
}

// BenchmarkMemberships has a hundred thousand connections join a room and leave
// it, and a thousand a hundred rooms each, the time being that of a join and a
// leave. Meanwhile somebody pushes to a room of ten: longest-push-µs is the
// longest that took.
func BenchmarkMemberships(b *testing.B) {
	const memberships = 100_000
	run := func(b *testing.B, each int) {
		b.Helper()
		s, take := crowd(b, memberships/each, Options{})
		conns := s.registry.everyone.conns()
		names := make([]string, each)
		for i := range names {
			names[i] = fmt.Sprint("room", i)
		}
		for _, c := range conns[:10] {
			_ = c.join("ten")
		}
		stop := make(chan struct{})
		longest := make(chan time.Duration)
		go func() {
			worst, frame := time.Duration(0), frame.Text(typedMessage)
			for {
				select {
				case <-stop:
					longest <- worst
					return
				default:
				}
				begun := time.Now()
				s.In("ten").push("e", frame)
				worst = max(worst, time.Since(begun))
				runtime.Gosched()
			}
		}()
		for b.Loop() {
			for _, c := range conns {
				_ = c.join(names...)
			}
			for _, c := range conns {
				c.leave(names...)
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
