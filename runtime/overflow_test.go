package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// stalledSite serves one connection that does not read and one that does, and
// keeps what the Observer is told. The outboxes take four frames. The first of
// a stalled one is in flight, so three wait.
type stalledSite struct {
	*pipeSite
	stalled, reads *peer
	client         *ws.Client // of the stalled one
	told           []ws.Shed
	closed         chan ws.Closed
}

func stall(t *testing.T, o ws.Options) *stalledSite {
	t.Helper()
	clients := make(chan *ws.Client, 2)
	s := &stalledSite{closed: make(chan ws.Closed, 4)}
	o.OutboxFrames = 4
	o.Observer.Shed = func(r ws.Shed) { s.told = append(s.told, r) }
	g := lobby(clients)
	g.disconnect = func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { s.closed <- c }
	s.pipeSite = servePipe(t, o, g)
	s.stalled, s.reads = s.dial(t, "/ws"), s.dial(t, "/ws")
	s.client = <-clients
	<-clients
	return s
}

// push pushes to both with a target, checks how many took it, and reads it.
func (s *stalledSite) push(t *testing.T, to ws.Target, text string, want int) {
	t.Helper()
	if n, err := to.Emit("e", text); n != want || err != nil {
		t.Errorf("%q reached %d, %v, want %d", text, n, err, want)
	}
	s.reads.want(`{"event":"e","data":"` + text + `"}`)
	synctest.Wait()
}

func (s *stalledSite) end(t *testing.T) {
	t.Helper()
	_ = s.stalled.conn.Close()
	_ = s.reads.conn.Close()
	s.shutdown(t)
	if n := s.Stats().Outboxes; n != 0 {
		t.Errorf("%d bytes are still counted in outboxes", n)
	}
}

func (p *peer) wantData(data ...string) {
	p.t.Helper()
	for _, d := range data {
		p.want(`{"event":"e","data":"` + d + `"}`)
	}
}

// TestShedOldest: a full outbox loses its oldest pushes, and nothing that is in
// flight. The counts and the log show it.
func TestShedOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stall(t, ws.Options{Overflow: ws.ShedOldest})
		for i := range 8 {
			s.push(t, s.All(), fmt.Sprint(i), 2)
		}
		if err := s.client.Emit("e", "8"); err != nil {
			t.Error(err)
		}
		want := ws.Shed{Event: "e", Sent: 2, Shed: 1}
		if len(s.told) != 5 || s.told[0] != want || strings.Count(s.logs.String(), "push shed") != 5 || s.Stats().Shed != 5 {
			t.Errorf("%+v, %+v\n%s", s.told, s.Stats(), s.logs)
		}
		s.stalled.wantData("0", "6", "7", "8")
		s.end(t)
	})
}

// TestShedCounts: the losses of one call in several outboxes are one warning
// and one call of the Observer, and counted for each, under every policy.
func TestShedCounts(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy ws.Overflow
		want   ws.Shed
	}{
		{"shed newest", ws.ShedNewest, ws.Shed{Event: "e", Sent: 1, Shed: 3}},
		{"shed oldest", ws.ShedOldest, ws.Shed{Event: "e", Sent: 4, Shed: 3}},
		{"close", ws.CloseSlow, ws.Shed{Event: "e", Sent: 1, Shed: 3, Closed: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stall(t, ws.Options{Overflow: c.policy})
				others := []*peer{s.dial(t, "/ws"), s.dial(t, "/ws")}
				for i := range 4 {
					s.push(t, s.All(), fmt.Sprint(i), 4)
				}
				before := s.Stats()
				s.push(t, s.All(), "too much", c.want.Sent)
				after := s.Stats()
				if len(s.told) != 1 || s.told[0] != c.want || strings.Count(s.logs.String(), "push shed") != 1 {
					t.Errorf("told %+v, want %+v\n%s", s.told, c.want, s.logs)
				}
				if shed, accepted := after.Shed-before.Shed, after.Accepted-before.Accepted; shed != 3 || accepted != uint64(c.want.Sent) {
					t.Errorf("counted %d shed and %d accepted", shed, accepted)
				}
				for _, p := range others {
					_ = p.conn.Close()
				}
				s.end(t)
			})
		})
	}
}

// TestShedOldestKeepsReplies: pushes do not displace replies.
func TestShedOldestKeepsReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{OutboxFrames: 4, Overflow: ws.ShedOldest}, gateway{on: map[string]handler{"echo": serial(echo)}})
		p := s.dial(t, "/ws")
		for i := range 4 {
			p.send(`{"event":"echo","id":%d}`, i)
		}
		synctest.Wait()
		if n, _ := s.Broadcast("e", "lost"); n != 0 || s.Stats().Shed != 1 {
			t.Errorf("reached %d, %+v", n, s.Stats())
		}
		for i := range 4 {
			p.want(fmt.Sprintf(`{"event":"echo","id":%d,"data":null}`, i))
		}
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestCloseSlow: a connection whose outbox is full is closed with 1008 after
// the frames that are queued, whether it was pushed to alone or with others, in
// a room.
func TestCloseSlow(t *testing.T) {
	for _, way := range []string{"room", "one"} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stall(t, ws.Options{Overflow: ws.CloseSlow})
				for c := range s.All().Clients() {
					_ = c.Join("room")
				}
				for i := range 4 {
					s.push(t, s.In("room"), fmt.Sprint(i), 2)
				}
				if way == "room" {
					s.push(t, s.In("room"), "4", 1)
				} else if err := s.client.Emit("e", "4"); !errors.Is(err, ws.ErrFull) {
					t.Error(err)
				}
				if err := s.client.Emit("e", "5"); !errors.Is(err, ws.ErrClosed) {
					t.Errorf("closing: %v", err)
				}
				s.push(t, s.All(), "6", 1)
				sent := map[string]int{"room": 1}[way]
				want := ws.Shed{Event: "e", Sent: sent, Shed: 1, Closed: 1}
				if len(s.told) != 1 || s.told[0] != want || strings.Count(s.logs.String(), "closed=1") != 1 {
					t.Errorf("%+v\n%s", s.told, s.logs)
				}
				if st := s.Stats(); st.Shed != 1 || st.Slow != 1 {
					t.Errorf("%+v", st)
				}
				s.stalled.wantData("0", "1", "2", "3")
				if reason := s.stalled.wantClose(ws.ClosePolicy); reason != "slow_consumer: the client is not reading" {
					t.Error(reason)
				}
				if c := <-s.closed; c.Code != ws.ClosePolicy || c.Remote {
					t.Errorf("%+v", c)
				}
				s.end(t)
			})
		})
	}
}

// TestCloseSlowNeverReads: a connection that is closed so and never reads is
// gone when the write deadline has passed, and counted once.
func TestCloseSlowNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stall(t, ws.Options{Overflow: ws.CloseSlow})
		begun := time.Now()
		for i := range 5 {
			n, _ := s.Broadcast("e", fmt.Sprint(i))
			if want := 2 - i/4; n != want {
				t.Errorf("%d reached %d", i, n)
			}
			s.reads.wantData(fmt.Sprint(i))
			synctest.Wait()
		}
		if <-s.closed; time.Since(begun) != 10*time.Second || s.Stats().Slow != 1 {
			t.Errorf("closed after %v, %+v", time.Since(begun), s.Stats())
		}
		s.end(t)
	})
}

// TestCoalesce: in a queue that waits, the last value of each key is sent, in
// the place of its first. Pushes without a key are all sent. A peer that reads
// in time gets everything.
func TestCoalesce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stall(t, ws.Options{})
		a, b := s.All().Coalesce("a"), s.All().Coalesce("b")
		s.push(t, a, "a0", 2) // in flight
		s.push(t, a, "a1", 2)
		s.push(t, s.All(), "plain", 2)
		s.push(t, b, "b1", 2)
		s.push(t, a, "a2", 2)
		s.push(t, b, "b2", 2)
		s.push(t, a, "a3", 2)
		s.push(t, s.All(), "shed", 1)
		s.push(t, s.All().Coalesce("c"), "shed, too", 1)
		s.push(t, s.All().Overflow(ws.ShedOldest), "plain, too", 2) // instead of a3
		s.push(t, a.Overflow(ws.ShedOldest), "a4", 2)               // instead of plain
		want := []ws.Shed{
			{Event: "e", Sent: 2, Replaced: 1},
			{Event: "e", Sent: 2, Replaced: 1},
			{Event: "e", Sent: 2, Replaced: 1},
			{Event: "e", Sent: 1, Shed: 1},
			{Event: "e", Sent: 1, Shed: 1},
			{Event: "e", Sent: 2, Shed: 1},
			{Event: "e", Sent: 2, Shed: 1},
		}
		if fmt.Sprint(s.told) != fmt.Sprint(want) || strings.Count(s.logs.String(), "push shed") != 4 {
			t.Errorf("%+v\n%s", s.told, s.logs)
		}
		if st := s.Stats(); st.Replaced != 3 || st.Shed != 4 {
			t.Errorf("%+v", st)
		}
		s.stalled.wantData("a0", "b2", "plain, too", "a4")
		s.end(t)
	})
}

// texts is an implementation of a push interface, like wsgen's.
type texts struct{ to ws.Target }

func (e texts) text(text string) (int, error) { return e.to.Emit("e", text) }

// TestPushPolicies: a typed push has the same choices. Where it does not
// choose, the target does, and then the Server.
func TestPushPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stall(t, ws.Options{Overflow: ws.CloseSlow})
		push := ws.NewPush(s.Server, func(t ws.Target) texts { return texts{t} })
		for i, p := range []struct {
			to   texts
			want int
		}{
			{push.All(), 2}, // in flight
			{push.All(), 2},
			{push.Coalesce("k").All(), 2},
			{push.All(), 2},
			{push.Coalesce("k").All(), 2},           // replaces 2
			{push.Overflow(ws.ShedOldest).All(), 2}, // sheds 1
			{push.Overflow(ws.ShedNewest).All(), 1}, // is shed
			{push.Overflow(ws.ShedOldest).To(s.All().Overflow(ws.CloseSlow)), 2},     // sheds 4
			{push.To(s.All().Overflow(ws.ShedNewest)), 1},                            // is shed
			{push.Coalesce("").To(s.All().Coalesce("k").Overflow(ws.ShedNewest)), 1}, // no k waits
			{push.All(), 1}, // closes
		} {
			if n, err := p.to.text(fmt.Sprint(i)); n != p.want || err != nil {
				t.Errorf("%d reached %d, %v, want %d", i, n, err, p.want)
			}
			s.reads.wantData(fmt.Sprint(i))
			synctest.Wait()
		}
		s.stalled.wantData("0", "3", "5", "7")
		s.stalled.wantClose(ws.ClosePolicy)
		s.end(t)
	})
}

// TestGatewayPolicy: gateways on one Server differ in bounds and policies.
// Where a gateway says nothing the Server's hold.
func TestGatewayPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ws.NewServer(ws.Options{OutboxFrames: 3, Overflow: ws.CloseSlow, Logger: slog.New(slog.DiscardHandler)})
		site := func(configure func(*ws.Options)) *pipeSite {
			return &pipeSite{Server: s, handler: ws.NewRouter(gateway{configure: configure}.endpoint(s)), logs: nil}
		}
		closes := site(nil).dial(t, "/ws")
		oldest := site(func(o *ws.Options) { o.Overflow = ws.ShedOldest }).dial(t, "/ws")
		small := site(func(o *ws.Options) { o.OutboxFrames, o.Overflow = 2, ws.ShedNewest }).dial(t, "/ws")
		for i, want := range []int{3, 3, 2, 1, 1} {
			if n, _ := s.Broadcast("e", fmt.Sprint(i)); n != want {
				t.Errorf("%d reached %d, want %d", i, n, want)
			}
			synctest.Wait()
		}
		closes.wantData("0", "1", "2")
		closes.wantClose(ws.ClosePolicy)
		oldest.wantData("0", "3", "4")
		small.wantData("0", "1")
		_ = oldest.conn.Close()
		_ = small.conn.Close()
		(&pipeSite{Server: s}).shutdown(t)
	})
}
