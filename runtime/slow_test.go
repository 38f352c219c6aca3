package ws_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestSlowHandler: a handler that keeps the read loop waiting is logged, once,
// with its name and the cure. No other is.
func TestSlowHandler(t *testing.T) {
	const warned = "slow handler on the read loop"
	takes := func(d time.Duration) func(*ws.Call) error {
		return func(c *ws.Call) error { time.Sleep(d); return c.Reply(1) }
	}
	g := gateway{on: map[string]handler{
		"quick": inline(takes(0)), "nearly": inline(takes(40 * time.Millisecond)), "beside": serial(takes(time.Second)),
		"slow": inline(takes(60 * time.Millisecond)), "slow too": inline(takes(10 * time.Second)), "slow as well": inline(takes(51 * time.Millisecond)),
		"large": inline(func(c *ws.Call) error {
			for range 300 { // more than the outbox holds
				_ = c.Client().Emit("many", 0)
			}
			return c.Reply(1)
		}),
	}}
	ask := func(p *peer, events ...string) {
		var all []byte
		for _, event := range events {
			all = append(all, frame(text, []byte(`{"event":"`+event+`","id":1,"data":"`+strings.Repeat(" ", 10)+`"}`))...)
		}
		p.raw(all) // one read
		for _, event := range events {
			p.want(`{"event":"` + event + `","id":1,"data":1}`)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, g)
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		lines := func(want ...string) {
			t.Helper()
			synctest.Wait()
			log := s.logs.String()
			if n := strings.Count(log, warned); n != len(want) {
				t.Errorf("%d lines, want %d:\n%s", n, len(want), log)
			}
			for _, w := range want {
				if !strings.Contains(log, "mode=serial on its directive, or give it a context parameter\" gateway=test.Gateway "+w) {
					t.Errorf("no line says %s:\n%s", w, log)
				}
			}
		}
		time.Sleep(time.Second) // nothing is handled meanwhile
		ask(p, "quick")
		ask(p, "nearly")
		ask(p, "nearly", "nearly") // 80 ms, and none of them is slow
		ask(p, "nearly", "quick")
		ask(p, "beside")
		ask(p, "quick")
		p.send(`{"event":"large","id":1}`)
		time.Sleep(time.Second) // the peer is slow, and not the handler
		for p.next() != `{"event":"large","id":1,"data":1}` {
		}
		lines()
		ask(p, "slow")
		ask(p, "slow")
		lines(`event=slow took=60ms`)
		ask(p, "slow too", "quick") // now it can be seen which of them is slow
		ask(p, "slow too", "quick")
		long := `{"event":"slow as well","id":1,"data":"` + strings.Repeat("x", 20_000) + `"}`
		p.raw(frame(text, []byte(long)))
		p.want(`{"event":"slow as well","id":1,"data":1}`)
		ask(p, "nearly")
		lines(`event=slow took=60ms`, `event="slow too" took=10s`, `event="slow as well" took=51ms`)
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestSlowHandlerOnSocket is TestSlowHandler where the runtime reads by itself.
func TestSlowHandlerOnSocket(t *testing.T) {
	slow := func(c *ws.Call) error { time.Sleep(60 * time.Millisecond); return c.Reply(1) }
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo": inline(echo),
		"slow": inline(slow), "long": inline(slow), "among": inline(slow),
	}})
	p := s.dial(t, "/ws")
	for range 2 {
		p.send(`{"event":"slow","id":1}`)
		p.want(`{"event":"slow","id":1,"data":1}`)
	}
	p.send(`{"event":"long","id":1,"data":%q}`, strings.Repeat("x", 300))
	p.want(`{"event":"long","id":1,"data":1}`)
	echo := frame(text, []byte(`{"event":"echo","id":1}`))
	for range 2 { // several in one read: the first time does not show which it was
		p.raw(slices.Concat(echo, frame(text, []byte(`{"event":"among","id":1}`)), echo))
		p.want(`{"event":"echo","id":1,"data":null}`, `{"event":"among","id":1,"data":1}`, `{"event":"echo","id":1,"data":null}`)
	}
	p.echoes()
	for _, event := range []string{"slow", "long", "among"} {
		if n := len(regexp.MustCompile("slow handler.* event="+event+" ").FindAllString(s.logs.String(), -1)); n != 1 {
			t.Errorf("%d lines of %s:\n%s", n, event, s.logs)
		}
	}
	if n := strings.Count(s.logs.String(), "slow handler"); n != 3 {
		t.Errorf("%d lines:\n%s", n, s.logs)
	}
}
