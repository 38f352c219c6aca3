package ws_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestResume: whatever becomes of the sockets of a session, each push and each
// answer comes once and in order, and each message is handled once and in order;
// the hooks run once.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name              string
		tls, deflate, far bool
	}{{name: "TCP"}, {name: "TLS", tls: true}, {name: "portable", far: true}, {name: "compressed", deflate: true}} {
		t.Run(c.name, func(t *testing.T) { testResume(t, 4, 10, c.tls, c.deflate, c.far) })
	}
}

// testResume has clients lose their sockets some times.
func testResume(t *testing.T, clients, losses int, secure, deflate, far bool) {
	portable = far
	defer func() { portable = false }()
	var connects, disconnects atomic.Int64
	var mu sync.Mutex
	handled := make(map[ws.ConnID][]int)
	o := ws.Options{
		OutboxFrames: 1 << 20, OutboxBytes: 1 << 30, ResumeFrames: 1 << 20, ResumeBytes: 1 << 30, ResumeTotalBytes: 1 << 30,
		PingInterval: 5 * time.Millisecond, IdleTimeout: 10 * time.Second, InboxMessages: 8,
	}
	if deflate {
		o.CompressAbove = 1
	}
	g := gateway{
		connect:    func(context.Context, *ws.Client, *http.Request) (any, error) { connects.Add(1); return nil, nil },
		disconnect: func(context.Context, *ws.Client, any, ws.Closed) { disconnects.Add(1) },
		on: map[string]handler{
			"say": serial(func(c *ws.Call) error {
				var n int
				if err := c.Decode(&n); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				handled[c.Client().ID()] = append(handled[c.Client().ID()], n)
				return c.Reply(&n)
			}),
			"ask": inline(echo),
			"count": stream(func(c *ws.Call) error {
				return ws.Stream(c, func(yield func(int) bool) {
					for i := 0; i < 50 && yield(i); i++ {
						time.Sleep(time.Millisecond)
					}
				})
			}),
		},
	}
	start := (*httptest.Server).Start
	if secure {
		start = (*httptest.Server).StartTLS
	}
	s := serveBy(t, start, o, g)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	pushed := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			_, _ = s.Broadcast("push", fmt.Sprintf("%d %s", n, strings.Repeat("x", n%300)))
			if n++; n%2 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		pushed <- n
	}()
	type heard struct{ push, said, asked, counted int }
	results := make([]heard, clients)
	said := make([]int, clients)
	firsts := make([]int, clients)
	finish := make(chan struct{})
	var group sync.WaitGroup
	phones := make([]*phone, clients)
	for i := range clients {
		f := s.phone(t)
		f.deflate = deflate
		if secure {
			dial := f.dial
			f.dial = func() net.Conn { return tls.Client(dial(), &tls.Config{InsecureSkipVerify: true}) }
		}
		phones[i] = f
		group.Go(func() {
			h := &results[i]
			firsts[i] = -1
			f.hear = func(text string) {
				var m struct {
					Event string
					Data  json.RawMessage
				}
				if err := json.Unmarshal([]byte(text), &m); err != nil {
					t.Errorf("%q: %v", text, err)
				}
				n := 0
				_, _ = fmt.Sscanf(strings.Trim(string(m.Data), `"`), "%d", &n)
				next := &h.push
				switch m.Event {
				case "push":
					if firsts[i] < 0 {
						firsts[i] = n
						h.push = n
					}
				case "say":
					next = &h.said
				case "ask":
					next = &h.asked
				case "count":
					h.counted++
					return
				default:
					t.Errorf("heard %.200s", text)
				}
				if n != *next {
					t.Errorf("client %d: %s %d, want %d", i, m.Event, n, *next)
				}
				*next = n + 1
			}
			f.connect()
			f.say(`{"event":"count","id":"c"}`)
			done := make(chan struct{})
			talk := make(chan struct{})
			go func() {
				defer close(talk)
				for n := 0; ; n++ {
					select {
					case <-done:
						said[i] = n
						return
					default:
					}
					f.say(`{"event":"say","id":"s%d","data":%d}`, n, n)
					f.say(`{"event":"ask","id":"a%d","data":%d}`, n, n)
					time.Sleep(2 * time.Millisecond)
				}
			}()
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for loss := range losses {
				if _, err := f.listen(1 + random.IntN(200)); err != nil {
					t.Errorf("client %d: %v", i, err)
					break
				}
				f.drop(loss + i)
				if random.IntN(2) == 0 {
					time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
				}
				f.connect()
				if !f.again {
					t.Errorf("client %d: not resumed: %q", i, f.why)
				}
			}
			close(done)
			<-talk
			<-finish
		})
	}
	// All have lost their sockets often enough: what is pushed now is the last.
	go func() {
		time.Sleep(time.Millisecond)
		close(finish)
	}()
	group.Wait()
	stop()
	total := await(t, "the pusher", pushed)
	for i, f := range phones {
		h := &results[i]
		for h.push < total || h.said < said[i] || h.asked < said[i] || h.counted < 51 {
			if _, err := f.listen(1); err != nil {
				t.Fatalf("client %d: %+v of %d, %d, then %v", i, *h, total, said[i], err)
			}
		}
		f.mu.Lock()
		f.p.sendClose(1000, "")
		f.mu.Unlock()
	}
	eventually(t, "all are gone", func() bool { return disconnects.Load() == int64(clients) })
	if n := connects.Load(); n != int64(clients) {
		t.Errorf("%d connect hooks", n)
	}
	if n := s.Stats(); n.Resumed != uint64(clients*losses) || n.Unresumed != 0 || n.Opened != uint64(clients) || n.Detached != 0 {
		t.Errorf("%+v", n)
	}
	mu.Lock()
	defer mu.Unlock()
	for id, all := range handled {
		for i, n := range all {
			if i != n {
				t.Fatalf("%v: message %d was handled as number %d", id, n, i)
			}
		}
	}
}
