package ws_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// evil panics in every method that may be called.
type evil struct{ x *int }

func (evil) MarshalJSON() ([]byte, error) { panic("boom in MarshalJSON") }
func (*evil) UnmarshalJSON([]byte) error  { panic("boom in UnmarshalJSON") }
func (e *evil) Error() string             { return strings.Repeat("x", *e.x) } // nil has none

// evilLog is a slog.Handler whose author did not test it.
type evilLog struct{ calls *atomic.Int64 }

func (evilLog) Enabled(context.Context, slog.Level) bool { return true }
func (h evilLog) Handle(context.Context, slog.Record) error {
	h.calls.Add(1)
	panic("boom in Handle")
}
func (h evilLog) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h evilLog) WithGroup(string) slog.Handler      { return h }

// TestHostilePanics: a panic in any code of the user's costs at most the
// connection that it was for.
func TestHostilePanics(t *testing.T) {
	var logged, observed atomic.Int64
	watched := func() { observed.Add(1); panic("boom in Observer") }
	g := village()
	for event, call := range map[string]func(*ws.Call) error{
		"panic":     func(*ws.Call) error { panic("boom") },
		"nil":       func(*ws.Call) error { var p *evil; return p },
		"wrapped":   func(*ws.Call) error { var p *evil; return errors.Join(errors.New("x"), p) },
		"marshal":   func(c *ws.Call) error { return c.Reply(&[]evil{{}}) },
		"unmarshal": func(c *ws.Call) error { var v evil; return c.Decode(&v) },
		"push":      func(c *ws.Call) error { return c.Client().Emit("e", evil{}) },
		"abort":     func(*ws.Call) error { panic(http.ErrAbortHandler) },
		"goexit":    func(*ws.Call) error { runtime.Goexit(); return nil },
		"error":     func(*ws.Call) error { panic(&evil{}) },
	} {
		g.on["inline "+event], g.on["serial "+event] = inline(call), serial(call)
	}
	g.disconnect = func(_ context.Context, c *ws.Client, _ any, _ ws.Closed) { panic("boom in disconnect") }
	refuses := func(u *ws.Upgrade) error {
		switch u.Request.URL.Query().Get("how") {
		case "panic":
			panic("boom in guard")
		case "nil":
			var p *evil
			return p
		case "goexit":
			runtime.Goexit()
		}
		return nil
	}
	door := gateway{path: "/door", connGuards: []ws.ConnGuard{connGuard(refuses)}, connect: func(_ context.Context, _ *ws.Client, r *http.Request) (any, error) {
		if r.URL.Query().Get("hook") == "nil" {
			var p *evil
			return nil, p
		}
		panic("boom in connect")
	}}
	s := besiege(t, ws.Options{
		Logger: slog.New(evilLog{&logged}), OutboxFrames: 2,
		ClientAddr: func(r *http.Request) netip.Addr {
			if r.URL.Query().Get("addr") != "" {
				panic("boom in ClientAddr")
			}
			return netip.Addr{}
		},
		MaxConnectionsPerAddr: 10_000,
		Observer: ws.Observer{
			Opened:  func(*ws.Client) { watched() },
			Closed:  func(*ws.Client, ws.Closed) { watched() },
			Handled: func(*ws.Client, string, time.Duration, *ws.Error) { watched() },
			Refused: func(ws.Refusal) { watched() },
			Shed:    func(ws.Shed) { watched() },
		},
	}, g, door)
	for event := range g.on {
		if !strings.Contains(event, " ") {
			continue
		}
		p := s.join()
		p.send(`{"event":%q,"id":1,"data":{}}`, event)
		if how := event[7:]; how == "nil" || how == "wrapped" { // an error like any other
			if got := p.next(); !strings.Contains(got, `"code":"internal"`) {
				t.Errorf("%s: %s", event, got)
			}
			p.leave()
		} else {
			p.wantClose(ws.CloseInternal)
			_ = p.conn.Close()
		}
	}
	for path, status := range map[string]int{"/door?how=panic": 500, "/door?how=nil": 500, "/door?how=goexit": 500, "/ws?addr=1": 500} {
		conn := s.connect()
		if _, res := handshake(t, conn, "x", path); res == nil || res.StatusCode != status {
			t.Errorf("%s: %v", path, res)
		}
		_ = conn.Close()
	}
	for _, path := range []string{"/door", "/door?hook=nil"} {
		p := s.dial(t, path)
		p.wantClose(ws.CloseInternal)
		_ = p.conn.Close()
	}
	s.service(t)
	s.over()
	if logged.Load() == 0 || observed.Load() == 0 {
		t.Errorf("logged %d, observed %d: nothing was shown", logged.Load(), observed.Load())
	}
}

// service pushes values that panic, from outside any connection. The panic is
// the caller's, who made the value.
func (s *siege) service(t *testing.T) {
	for name, push := range map[string]func(){
		"Broadcast": func() { _, _ = s.Broadcast("e", evil{}) },
		"In":        func() { _, _ = s.In("a").Emit("e", map[string]any{"a": evil{}}) },
		"SendJSON":  func() { _ = ws.Sender{}.SendJSON(evil{}) },
	} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(p.(string), "boom") {
					t.Errorf("%s: the panic did not reach its caller: %v", name, p)
				}
			}()
			push()
		}()
	}
	if n, err := s.Broadcast("e", 1); n != 1 || err != nil {
		t.Error(n, err)
	}
	s.old.want(`{"event":"e","data":1}`)
}
