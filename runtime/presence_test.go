package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestClosingIsNobody: a connection that begins to close is not addressed,
// counted or yielded any more, neither by its own disconnect hook nor by
// others. It is still in its rooms, and reaches those that stay.
func TestClosingIsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stays, leaves *ws.Client
		released := make(chan struct{})
		seen := func(s *ws.Server) string {
			clients := 0
			for c := range s.All().Clients() {
				if c != stays {
					clients++
				}
			}
			return fmt.Sprint(s.ConnectionCount(), s.All().Count(), s.In("room").Count(), s.In("room", "other").Count(),
				s.Users("u").Count(), s.Conn(leaves.ID(), stays.ID()).Count(), s.All().Except(stays.ID()).Count(), clients)
		}
		s := servePipe(t, ws.Options{}, gateway{
			connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error { u.Principal.ID = "u"; return nil })},
			connect:    func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) { return nil, c.Join("room") },
			disconnect: func(_ context.Context, c *ws.Client, _ any, _ ws.Closed) {
				if c != leaves {
					return
				}
				if got := seen(c.Server()); got != "1 1 1 1 1 1 0 0" {
					t.Errorf("in its hook: %s", got)
				}
				if got := c.Rooms(); !slices.Equal(got, []string{"room"}) || c.Others().Count() != 1 {
					t.Errorf("in its hook it is in %v, beside %d", got, c.Others().Count())
				}
				if n, err := c.Others("room").Emit("left", 1); n != 1 || err != nil {
					t.Errorf("from its hook: %d, %v", n, err)
				}
				<-released
			},
		})
		one, other := s.dial(t, "/ws"), s.dial(t, "/ws")
		for c := range s.All().Clients() {
			stays, leaves = leaves, c
		}
		if stays.ID() > leaves.ID() {
			stays, leaves = leaves, stays
		}
		if got := seen(s.Server); got != "2 2 2 2 2 2 1 1" {
			t.Errorf("before: %s", got)
		}
		_ = leaves.Emit("e", "waits to be read")
		_ = leaves.Close(ws.CloseNormal, "")
		if got := seen(s.Server); got != "1 1 1 1 1 1 0 0" {
			t.Errorf("while its last frames are not read: %s", got)
		}
		other.wantData("waits to be read")
		other.wantClose(ws.CloseNormal)
		one.want(`{"event":"left","data":1}`)
		if got := seen(s.Server); got != "1 1 1 1 1 1 0 0" || s.Stats().Connections != 2 {
			t.Errorf("while its hook runs: %s, %+v", got, s.Stats())
		}
		close(released)
		synctest.Wait()
		if got := seen(s.Server); got != "1 1 1 1 1 1 0 0" || s.Stats().Connections != 1 {
			t.Errorf("when it is gone: %s, %+v", got, s.Stats())
		}
		_ = one.conn.Close()
		s.shutdown(t)
		if n := s.ConnectionCount(); n != 0 {
			t.Errorf("in the end: %d", n)
		}
	})
}

// names returns the connections that are addressed, which is what presence
// tells.
func names(t ws.Target) []ws.ConnID {
	out := []ws.ConnID{}
	for c := range t.Clients() {
		out = append(out, c.ID())
	}
	slices.Sort(out)
	return out
}

// lastWord returns the last push to a peer, when no more are sent.
func (p *peer) lastWord(s *ws.Server) (last string) {
	p.t.Helper()
	_, _ = s.Broadcast("end", nil)
	for {
		heard := p.next()
		if heard == `{"event":"end","data":null}` {
			return last
		}
		last = heard
	}
}

// TestLastWord: of many connections that leave at once each disconnect hook
// sees who is there and tells those that stay. The last that they hear is true,
// though a hook takes its time between looking and telling.
func TestLastWord(t *testing.T) {
	for round := range 50 {
		synctest.Test(t, func(t *testing.T) {
			s := servePipe(t, ws.Options{}, gateway{
				connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) { return nil, c.Join("all") },
				disconnect: func(_ context.Context, c *ws.Client, _ any, _ ws.Closed) {
					there := names(c.Others("all"))
					time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
					_, _ = c.Others("all").Emit("present", there)
				},
			})
			stays := s.dial(t, "/ws")
			want := `{"event":"present","data":` + encoded(names(s.In("all"))) + `}`
			var leave []*peer
			for range 30 {
				leave = append(leave, s.dial(t, "/ws"))
			}
			for i, p := range leave {
				if i%2 == 0 {
					go p.conn.Close()
				} else {
					go p.sendClose(1000, "")
				}
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if got := stays.lastWord(s.Server); got != want {
				t.Errorf("round %d: was last told %s, want %s", round, got, want)
			}
			s.shutdown(t)
		})
	}
}

func encoded(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// TestLastWordOfComers: with a lock around looking and telling, in both hooks,
// the last word is true also while others come.
func TestLastWordOfComers(t *testing.T) {
	var telling sync.Mutex
	tell := func(s *ws.Server) {
		telling.Lock()
		defer telling.Unlock()
		there := names(s.In("all"))
		runtime.Gosched()
		_, _ = s.In("all").Emit("present", there)
	}
	s := serve(t, ws.Options{}, gateway{
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
			defer tell(c.Server())
			return nil, c.Join("all")
		},
		disconnect: func(_ context.Context, c *ws.Client, _ any, _ ws.Closed) { tell(c.Server()) },
	})
	stays := s.dial(t, "/ws")
	for round := range 25 {
		var all sync.WaitGroup
		var came [10]*peer
		left := [10]*peer{}
		for i := range left {
			left[i] = s.dial(t, "/ws")
		}
		for i := range left {
			all.Go(func() { _ = left[i].conn.Close() })
			all.Go(func() { came[i] = s.dial(t, "/ws") })
		}
		all.Wait()
		eventually(t, "who left is gone", func() bool { return s.Stats().Connections == 1+len(came) })
		want := `{"event":"present","data":` + encoded(names(s.In("all"))) + `}`
		if got := stays.lastWord(s.Server); got != want {
			t.Errorf("round %d: was last told %s, want %s", round, got, want)
		}
		for _, p := range came {
			_ = p.conn.Close()
		}
		eventually(t, "all are gone", func() bool { return s.Stats().Connections == 1 })
	}
}

// TestSlowHooksOverlap: hooks that take long do not wait for each other longer
// than half a second. A connection that leaves while they still run does not
// wait at all.
func TestSlowHooksOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd = 100
		var ended atomic.Int32
		var last atomic.Value
		s := servePipe(t, ws.Options{}, gateway{
			disconnect: func(ctx context.Context, c *ws.Client, _ any, _ ws.Closed) {
				last.Store(time.Now())
				<-ctx.Done() // until its time is up
				ended.Add(1)
			},
		})
		late := s.dial(t, "/ws")
		var peers []*peer
		for range crowd {
			peers = append(peers, s.dial(t, "/ws"))
		}
		begun := time.Now()
		for _, p := range peers {
			_ = p.conn.Close()
		}
		time.Sleep(time.Second)
		_ = late.conn.Close()
		synctest.Wait()
		if waited := last.Load().(time.Time).Sub(begun); waited != time.Second {
			t.Errorf("the last began %v after the first", waited)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := ended.Load(); n != crowd+1 || s.Stats().Connections != 0 {
			t.Errorf("%d hooks of 5 s are done: %+v", n, s.Stats())
		}
		_ = late.conn.Close()
		s.shutdown(t)
	})
}
