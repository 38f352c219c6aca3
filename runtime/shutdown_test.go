package ws_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestShutdown: there are no new handshakes, each connection gets the frames
// that are queued and then Close 1001, hooks run, and nothing is left.
func TestShutdown(t *testing.T) {
	var hooks sync.WaitGroup
	hooks.Add(5)
	s := serve(t, ws.Options{}, gateway{disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) {
		if c.Code != ws.CloseAway || c.Remote {
			t.Errorf("%+v", c)
		}
		hooks.Done()
	}})
	var peers []*peer
	for range 5 {
		peers = append(peers, s.dial(t, "/ws"))
	}
	for i := range 50 {
		_, _ = s.Broadcast("e", i)
	}
	done := make(chan error)
	go func() { done <- s.Shutdown(context.Background()) }()
	for _, p := range peers {
		for i := range 50 {
			p.want(fmt.Sprintf(`{"event":"e","data":%d}`, i))
		}
		if reason := p.wantClose(ws.CloseAway); !strings.HasPrefix(reason, "shutdown: ") {
			t.Errorf("reason %q", reason)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	hooks.Wait()
	if _, res := s.try(t, "/ws"); res == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a handshake after shutdown: %v", res)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("second shutdown: %v", err)
	}
}

// TestShutdownDeadline: peers that do not read, and handlers that do not end,
// cannot hold a Shutdown beyond the context's deadline.
func TestShutdownDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := servePipe(t, ws.Options{}, gateway{on: map[string]handler{
			"hang": serial(func(*ws.Call) error { <-release; return nil }),
		}})
		stalled, hanging := s.dial(t, "/ws"), s.dial(t, "/ws")
		hanging.send(`{"event":"hang"}`)
		synctest.Wait()
		if n, _ := s.Broadcast("e", 1); n != 2 { // nobody reads it
			t.Fatal(n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		begun := time.Now()
		err := s.Shutdown(ctx)
		if took := time.Since(begun); took > 4200*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 connection") {
			t.Errorf("error %v", err)
		}
		close(release)
		stalled.wantEOF()
		hanging.wantEOF()
		s.shutdown(t)
	})
}

// TestShutdownSpread: a crowd is not sent away in one moment, nor slower than said.
func TestShutdownSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, gateway{})
		const crowd = 1000
		var mu sync.Mutex
		at := map[time.Duration]int{}
		var wg sync.WaitGroup
		var begun time.Time
		for range crowd {
			p := s.dial(t, "/ws")
			wg.Go(func() {
				first, payload, err := p.read()
				if err != nil || first != closes {
					t.Errorf("%#x %v", first, err)
					return
				}
				mu.Lock()
				at[time.Since(begun)]++
				mu.Unlock()
				p.raw(frame(closes, payload[:2]))
				_, _, _ = p.read()
			})
		}
		begun = time.Now()
		s.shutdown(t)
		wg.Wait()
		most, last := 0, time.Duration(0)
		for d, n := range at {
			most, last = max(most, n), max(last, d)
		}
		if most > crowd/20 || last > 1100*time.Millisecond {
			t.Errorf("%d at one moment, the last after %v", most, last)
		}
	})
}

// TestChurn: 150 connections join, emit and leave at once, while a service
// pushes to all of them, to rooms and to each. Half of them leave without a
// word.
func TestChurn(t *testing.T) {
	const crowd = 150
	clients := make(chan *ws.Client, crowd)
	s := serve(t, ws.Options{OutboxFrames: 4}, lobby(clients))
	var peers []*peer
	for range crowd {
		peers = append(peers, s.dial(t, "/ws"))
	}
	if n := s.ConnectionCount(); n != crowd {
		t.Fatalf("%d connections", n)
	}
	start := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		<-start
		for i := range 50 {
			_, _ = s.Broadcast("all", i)
			_, _ = s.In("r1", "r2", "r3").Emit("rooms", i)
			for c := range s.In("r1").Clients() {
				_ = c.Emit("one", i)
			}
			_ = s.Stats()
		}
	})
	for i, p := range peers {
		wg.Go(func() {
			<-start
			p.churn(i)
		})
	}
	close(start)
	wg.Wait()
	eventually(t, "all gone", func() bool { return s.Stats().Connections == 0 })
	if st := s.Stats(); st.Rooms != 0 || st.Opened != crowd || st.Closed != crowd {
		t.Errorf("%+v", st)
	}
}

// churn plays one of the crowd.
func (p *peer) churn(i int) {
	const last = `{"event":"echo","id":"last","data":1}`
	_ = p.conn.SetDeadline(time.Now().Add(patience)) // the crowd took its time to connect
	go func() {
		for j := range 5 {
			p.tell(fmt.Sprintf(`{"event":"join","data":["r%d","r%d"]}`, rand.IntN(4), j))
			p.tell(fmt.Sprintf(`{"event":"say","data":"r%d"}`, rand.IntN(4)))
			p.tell(fmt.Sprintf(`{"event":"leave","data":["r%d"]}`, rand.IntN(4)))
		}
		p.tell(last)
	}()
	for {
		first, payload, err := p.read()
		if err != nil {
			p.t.Errorf("peer %d: %v", i, err)
			break
		}
		if first == text && string(payload) == last {
			break
		}
	}
	if i%2 == 0 {
		p.tell("")
		_, _ = p.conn.Write(frame(closes, []byte{3, 232}))
	}
	_ = p.conn.Close()
}

// tell sends a message and ignores that the peer may be gone.
func (p *peer) tell(message string) { _, _ = p.conn.Write(frame(text, []byte(message))) }

// TestConnectBeforeRead: messages are read only after the connect hook, whose
// pushes come first. A client that has the handshake's answer is registered.
func TestConnectBeforeRead(t *testing.T) {
	type state struct{ name string }
	s := serve(t, ws.Options{}, gateway{
		on: map[string]handler{"who": inline(func(c *ws.Call) error { name := c.State().(*state).name; return c.Reply(&name) })},
		connect: func(ctx context.Context, c *ws.Client, r *http.Request) (any, error) {
			if from, ok := ws.ClientFrom(ctx); !ok || from != c {
				t.Error("the hook's context does not know its client")
			}
			if n := c.Server().ConnectionCount(); n != 1 {
				t.Errorf("count in the hook: %d", n)
			}
			return &state{r.URL.Query().Get("name")}, errors.Join(c.Join("lobby"), c.Emit("welcome", 1))
		},
	})
	p := s.dial(t, "/ws?name=ann")
	if n, _ := s.EmitTo("lobby", "e", 1); n != 1 {
		t.Errorf("reached %d right after the handshake", n)
	}
	p.send(`{"event":"who"}`)
	p.want(`{"event":"welcome","data":1}`, `{"event":"e","data":1}`, `{"event":"who","data":"ann"}`)
}
