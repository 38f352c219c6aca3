package ws_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestNothingLeftOfSession: of a session that has ended nothing is kept, by a timer, a
// goroutine or a list, however it has ended, and how many sockets it had.
func TestNothingLeftOfSession(t *testing.T) {
	type server struct {
		*ws.Server

		dial func() *peer
	}
	for name, c := range map[string]struct {
		o  ws.Options
		do func(t *testing.T, s server, p *peer)
	}{
		"closes": {do: func(_ *testing.T, _ server, p *peer) { p.sendClose(1000, ""); p.wantClose(1000) }},
		"asked to leave, and leaves": {o: ws.Options{Lifetime: 50 * time.Millisecond, DrainTimeout: time.Hour}, do: func(_ *testing.T, _ server, p *peer) {
			p.next() // $goaway
			p.sendClose(1000, "")
			p.wantClose(1000)
		}},
		"asked to leave, and vanishes": {o: ws.Options{Lifetime: 50 * time.Millisecond, DrainTimeout: time.Hour, ResumeWindow: 50 * time.Millisecond, PingInterval: 20 * time.Millisecond}, do: func(_ *testing.T, _ server, p *peer) {
			p.next()
			_ = p.conn.Close()
		}},
		"vanishes": {o: ws.Options{ResumeWindow: 50 * time.Millisecond, PingInterval: 20 * time.Millisecond}, do: func(_ *testing.T, _ server, p *peer) { _ = p.conn.Close() }},
		"is closed while it has no socket": {do: func(t *testing.T, s server, p *peer) {
			_ = p.conn.Close()
			eventually(t, "it has no socket", func() bool { return s.Stats().Detached == 1 })
			s.All().Disconnect(ws.CloseNormal, "")
		}},
		"makes room for another": {o: ws.Options{MaxDetached: 1}, do: func(t *testing.T, s server, p *peer) {
			_ = p.conn.Close()
			q := s.dial()
			q.send(`{"event":"$connect"}`)
			q.want(connected)
			eventually(t, "it has no socket", func() bool { return s.Stats().Detached == 1 })
			_ = q.conn.Close()
			eventually(t, "only one is left", func() bool { n := s.Stats(); return n.Connections == 1 && n.Detached == 1 })
			s.All().Disconnect(ws.CloseNormal, "")
		}},
		"has another socket": {do: func(t *testing.T, s server, p *peer) {
			for range 3 {
				old := p.r
				go func() { _, _ = io.Copy(io.Discard, old) }() // which takes the Close
				q := s.dial()
				q.send(`{"event":"$connect","data":{"resume":{"sid":%q,"seq":0}}}`, p.sid)
				q.want(goesOn(0))
				q.sid = p.sid
				p = q
			}
			p.sendClose(1000, "")
			p.wantClose(1000)
		}},
		"has a gap": {o: ws.Options{}, do: func(t *testing.T, s server, p *peer) {
			q := s.dial()
			q.send(`{"event":"$connect","data":{"resume":{"sid":%q,"seq":9}}}`, p.sid)
			q.want(anew("gap"))
			q.sendClose(1000, "")
			q.wantClose(1000)
		}},
	} {
		run := func(t *testing.T, serve func(ws.Options, gateway) server, free func(what string, ok func() bool)) {
			var mu sync.Mutex
			var clients []weak.Pointer[ws.Client]
			s := serve(c.o, gateway{connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
				mu.Lock()
				defer mu.Unlock()
				clients = append(clients, weak.Make(c))
				return nil, c.Join("lobby")
			}})
			goroutines := runtime.NumGoroutine()
			p := s.dial()
			p.send(`{"event":"$connect"}`)
			p.next()
			c.do(t, s, p)
			eventually(t, "it has ended", func() bool { n := s.Stats(); return n.Connections+n.Detached+n.Admitted == 0 })
			eventually(t, "its goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
			free("its memory is free", func() bool {
				runtime.GC()
				mu.Lock()
				defer mu.Unlock()
				return !slices.ContainsFunc(clients, func(c weak.Pointer[ws.Client]) bool { return c.Value() != nil })
			})
		}
		t.Run(name+", TCP", func(t *testing.T) {
			run(t, func(o ws.Options, g gateway) server {
				s := serve(t, o, g)
				return server{s.Server, func() *peer { return s.dial(t, "/ws", v1) }}
			}, func(what string, ok func() bool) { eventually(t, what, ok) })
		})
		t.Run(name+", soon", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run(t, func(o ws.Options, g gateway) server {
					s := servePipe(t, o, g)
					return server{s.Server, func() *peer { return s.dial(t, "/ws", v1) }}
				}, func(what string, ok func() bool) {
					for range 5 { // collections: what a pool holds is gone after two
						time.Sleep(time.Second / 2) // on the bubble's clock: package time has forgotten the timers that were stopped
						synctest.Wait()
						if ok() {
							return
						}
					}
					t.Errorf("not true: %s", what)
				})
			})
		})
	}
}
