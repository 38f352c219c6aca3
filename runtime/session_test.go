package ws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// v1 offers the subprotocol of sessions.
const v1 = "Sec-WebSocket-Protocol: wsgen.v1.json"

// connected is the answer to $connect of a Server with the default options.
const connected = `{"event":"$connected","data":{"resumed":false,"seq":0,"heartbeatMs":25000,"maxBytes":65536}}`

// session opens a session.
func (s *site) session(t *testing.T, path string, header ...string) *peer {
	t.Helper()
	p := s.dial(t, path, append(header, v1)...)
	p.send(`{"event":"$connect"}`)
	p.want(connected)
	return p
}

// doorkeeper refuses as a token says, and lets any other in by its name.
func doorkeeper(u *ws.Upgrade) error {
	switch nameIn(u.Token) {
	case "who":
		return ws.NewError(ws.CodeUnauthenticated, "no such token")
	case "no":
		return ws.NewError(ws.CodeForbidden, "not you")
	case "often":
		return ws.NewError(ws.CodeRateLimited, "later")
	case "mine":
		return ws.NewError("mine", "no")
	case "later":
		return ws.NewError(ws.CodeUnavailable, "in a while")
	case "fails":
		return errors.New("a secret of ours")
	case "panics":
		panic("a secret of ours")
	case "waits":
		<-u.Request.Context().Done()
		return u.Request.Context().Err()
	}
	u.Principal = ws.Principal{ID: nameIn(u.Token)}
	return nil
}

// TestConnect: a client that offers wsgen.v1.json speaks it, whatever else it
// offers, and is let in by its first message. What it is refused with is a Close
// that a page can read.
func TestConnect(t *testing.T) {
	var mu sync.Mutex
	var refused []ws.Refusal
	asked := make(chan string, 100)
	s := serve(t, ws.Options{
		HandshakeTimeout: 300 * time.Millisecond, MaxMessageBytes: 8000, PingInterval: 20 * time.Second,
		Observer: ws.Observer{Refused: func(r ws.Refusal) { mu.Lock(); defer mu.Unlock(); refused = append(refused, r) }},
	}, gateway{
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			asked <- u.Token + "|" + u.Request.Header.Get("Authorization")
			return doorkeeper(u)
		})},
		connect: func(_ context.Context, c *ws.Client, r *http.Request) (any, error) {
			switch r.URL.Query().Get("hook") {
			case "refuses":
				_ = c.Emit("hello", 1)
				return nil, ws.NewError(ws.CodeForbidden, "no seat")
			case "panics":
				panic("a secret of ours")
			}
			return nil, c.Emit("hello", c.Principal().ID)
		},
		on: map[string]handler{"echo": inline(echo), "slow": serial(echo)},
	})
	const welcome = `{"event":"$connected","data":{"resumed":false,"seq":0,"heartbeatMs":20000,"maxBytes":8000}}`
	const unknown = `{"event":"$connected","data":{"resumed":false,"why":"unknown","seq":0,"heartbeatMs":20000,"maxBytes":8000}}`
	long := strings.Repeat("t", 5000) // longer than is read at once
	for _, c := range []struct {
		name, path, offer, say, answer, sees string
	}{
		{"nothing", "", "wsgen.v1.json", `{"event":"$connect"}`, welcome, ""},
		{"null", "", "wsgen.v1.json", `{"event":"$connect","data":null}`, welcome, ""},
		{"all", "", "wsgen.v1.json", `{"event":"$connect","data":{"token":"ann","schema":"k3v","client":"ts","resume":{"sid":"x","seq":41},"more":[1]},"also":1}`, unknown, "ann"},
		{"spelled otherwise", "", "wsgen.v1.json", `{ "data":{"token":"ann"}, "event":"\u0024connect" }`, welcome, "ann"},
		{"long", "", "wsgen.v1.json", `{"event":"$connect","data":{"token":"` + long + `"}}`, welcome, long},
		{"among others", "", "chat, wsgen.v1.json, soap", `{"event":"$connect"}`, welcome, ""},
		{"beside a token", "", "bearer, bob, wsgen.v1.json", `{"event":"$connect"}`, welcome, "bob"},
		{"a later token", "", "bearer, bob, wsgen.v1.json", `{"event":"$connect","data":{"token":"ann"}}`, welcome, "ann"},
		{"in the query", "?access_token=cid", "wsgen.v1.json", `{"event":"$connect","data":{"token":""}}`, welcome, "cid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.dial(t, "/ws"+c.path, "Sec-WebSocket-Protocol: "+c.offer)
			if got := p.header["Sec-Websocket-Protocol"]; len(got) != 1 || got[0] != "wsgen.v1.json" {
				t.Errorf("agreed on %q", got)
			}
			p.send("%s", c.say)
			p.want(c.answer, fmt.Sprintf(`{"event":"hello","data":%q}`, c.sees))
			want := c.sees + "|"
			if strings.Contains(c.say, `"token":"`+c.sees) && c.sees != "" {
				want += "Bearer " + c.sees
			}
			if got := await(t, "the guard", asked); got != want {
				t.Errorf("the guard saw %.80q", got)
			}
			p.send(`{"event":"echo","id":1,"data":2}`)
			p.want(`{"event":"echo","id":1,"data":2}`)
			p.sendClose(1000, "")
			p.wantClose(1000)
		})
	}
	mu.Lock()
	refused = nil
	mu.Unlock()
	said := func(token string) string { return `{"event":"$connect","data":{"token":"` + token + `"}}` }
	for _, c := range []struct {
		name, path, say string
		code            ws.CloseCode
		reason          string
	}{
		{"who", "", said("who"), 4401, "unauthenticated: no such token"},
		{"no", "", said("no"), 4403, "forbidden: not you"},
		{"often", "", said("often"), 4429, "rate_limited: later"},
		{"mine", "", said("mine"), 1008, "mine: no"},
		{"later", "", said("later"), 1013, "unavailable: in a while"},
		{"fails", "", said("fails"), 1011, "internal: internal error"},
		{"panics", "", said("panics"), 1011, "internal: internal error"},
		{"waits", "", said("waits"), 1013, "timeout: deciding about the connection took too long"},
		{"hook refuses", "?hook=refuses", said("ann"), 4403, "forbidden: no seat"},
		{"hook panics", "?hook=panics", said("ann"), 1011, "internal: internal error"},
		{"another event", "", `{"event":"echo","id":1}`, 4400, `connect: the first message must be "$connect"`},
		{"ping first", "", `{"event":"$ping","data":{"seq":0}}`, 4400, `connect: the first message must be "$connect"`},
		{"no JSON", "", `hello`, 4400, `connect: the first message must be "$connect"`},
		{"half of it", "", `{"event":"$connect","data":{"token":}}`, 4400, `connect: the first message must be "$connect"`},
		{"an array", "", `{"event":"$connect","data":["ann"]}`, 4400, `connect: the data of "$connect" does not decode`},
		{"a number", "", `{"event":"$connect","data":{"token":1}}`, 4400, `connect: the data of "$connect" does not decode`},
		{"below zero", "", `{"event":"$connect","data":{"resume":{"sid":"x","seq":-1}}}`, 4400, `connect: the data of "$connect" does not decode`},
		{"two lines", "", `{"event":"$connect","data":{"token":"a\nb"}}`, 4400, "connect: the token has characters that no header can hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.dial(t, "/ws"+c.path, v1)
			p.send("%s", c.say)
			first, payload, err := p.read()
			if err != nil || first != closes || fmt.Sprint(int(payload[0])<<8|int(payload[1])) != fmt.Sprint(c.code) || string(payload[2:]) != c.reason {
				t.Fatalf("%#x %q, %v", first, payload, err)
			}
			_, _ = p.conn.Write(frame(closes, payload[:2]))
			p.wantEOF()
			mu.Lock()
			defer mu.Unlock()
			status := http.StatusSwitchingProtocols
			if strings.HasPrefix(c.name, "hook") {
				status = 0
			}
			if len(refused) != 1 || refused[0].Status != status || (refused[0].Client == nil) != (status != 0) {
				t.Errorf("the Observer was told %+v", refused)
			}
			refused = nil
		})
	}
	if log := s.logs.String(); strings.Count(log, "a secret of ours") == 0 || strings.Contains(log, "DATA RACE") {
		t.Error("what has failed is not in the log")
	}
}

// TestConnectLeavesPlainAlone: who offers nothing, or nothing that is spoken, is
// answered as ever.
func TestConnectLeavesPlainAlone(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	p := s.dial(t, "/ws")
	for _, event := range []string{"$connect", "$ping"} {
		p.send(`{"event":%q,"id":1}`, event)
		p.want(fmt.Sprintf(`{"event":"error","id":1,"data":{"code":"unknown_event","message":"unknown event","event":%q}}`, event))
	}
	for _, offers := range []string{"WSGEN.V1.JSON", "wsgen.v1", "wsgen.v2.json, chat"} {
		if p, res := s.try(t, "/ws", "Sec-WebSocket-Protocol: "+offers); p != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v", offers, res)
		}
	}
	if p, res := s.try(t, "/ws", v1, "Origin: https://evil.example"); p != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("another origin: %v", res)
	}
}

// TestConnectTimes, on a clock of its own: who says nothing is closed with 4408,
// and a silent session is pinged like any other.
func TestConnectTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answers []*ws.Error
		var ended []ws.Closed
		s := servePipe(t, ws.Options{NoResume: true, Observer: ws.Observer{
			Connecting: func(ctx context.Context, _ ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
				return ctx, func(_ *ws.Client, refusal *ws.Error) { answers = append(answers, refusal) }
			},
			Closed: func(_ *ws.Client, c ws.Closed) { ended = append(ended, c) },
		}}, gateway{})
		late := s.dial(t, "/ws", v1)
		_ = late.conn.SetDeadline(time.Time{})
		begun := time.Now()
		if first, payload, err := late.read(); err != nil || first != closes || string(payload) != "\x11\x38connect: no $connect came in time" {
			t.Errorf("%#x %q, %v", first, payload, err)
		}
		if took := time.Since(begun); took != 10*time.Second {
			t.Errorf("after %v", took)
		}
		_ = late.conn.Close()
		synctest.Wait()
		gone := s.dial(t, "/ws", v1)
		_ = gone.conn.Close()
		synctest.Wait()
		if len(answers) != 2 || answers[0].Code != ws.CodeTimeout || answers[1].Code != ws.CodeCanceled || len(ended) != 0 {
			t.Errorf("the Observer was told %v, %v", answers, ended)
		}
		p := s.dial(t, "/ws", v1)
		_ = p.conn.SetDeadline(time.Time{})
		p.send(`{"event":"$connect"}`)
		p.want(connected)
		begun = time.Now()
		if first, _, err := p.read(); err != nil || first != ping {
			t.Errorf("%#x, %v", first, err)
		}
		if took := time.Since(begun); took < 25*time.Second || took > 27*time.Second {
			t.Errorf("pinged after %v", took)
		}
		_ = p.conn.Close()
		synctest.Wait()
		if len(answers) != 3 || answers[2] != nil || len(ended) != 1 {
			t.Errorf("the Observer was told %v, %v", answers, ended)
		}
		s.shutdown(t)
	})
}

// TestConnectCounts: who has said nothing yet has a place like any other, and
// its guard is not asked longer than it is there.
func TestConnectCounts(t *testing.T) {
	in := make(chan context.Context, 1)
	s := serve(t, ws.Options{MaxConnections: 2, MaxConnectionsPerAddr: 1, HandshakeTimeout: ws.Unlimited}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		in <- u.Request.Context()
		<-u.Request.Context().Done()
		return u.Request.Context().Err()
	})}})
	p := s.dial(t, "/ws", v1)
	if other, res := s.try(t, "/ws", v1); other != nil || res.StatusCode != http.StatusTooManyRequests {
		t.Error(res)
	}
	if n := s.Stats(); n.Admitted != 1 || n.Connections != 0 || s.ConnectionCount() != 0 {
		t.Errorf("%+v", n)
	}
	p.send(`{"event":"$connect"}`)
	ctx := await(t, "the guard", in)
	_ = p.conn.Close()
	await(t, "the end of its context", ctx.Done())
	eventually(t, "it is gone", func() bool { return s.Stats().Admitted == 0 })
	if log := s.logs.String(); strings.Contains(log, "level=WARN msg=\"ws: refused\" gateway=test.Gateway code=canceled") || strings.Contains(log, "level=ERROR") {
		t.Errorf("to leave is no failure:\n%s", log)
	}
}

// TestSessionStates is the server's table on the protocol's page, cell by cell.
func TestSessionStates(t *testing.T) {
	closed := make(chan ws.Closed, 10)
	open := func(t *testing.T, o ws.Options) *site {
		return serve(t, o, gateway{
			connGuards: []ws.ConnGuard{connGuard(doorkeeper)},
			connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
				return nil, c.Join("lobby")
			},
			disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
			on:         map[string]handler{"echo": inline(echo), "panics": inline(func(*ws.Call) error { panic("as always") })},
		})
	}
	silent := func(t *testing.T) { // no hook has run
		t.Helper()
		select {
		case c := <-closed:
			t.Errorf("a disconnect hook ran: %+v", c)
		default:
		}
	}
	t.Run("pending", func(t *testing.T) {
		for name, do := range map[string]func(*site, *peer){
			"$connect": func(_ *site, p *peer) {
				p.send(`{"event":"$connect"}`)
				p.want(connected)
				p.sendClose(1000, "")
				<-closed
			},
			"refused":      func(_ *site, p *peer) { p.send(`{"event":"$connect","data":{"token":"no"}}`); p.wantClose(4403) },
			"another":      func(_ *site, p *peer) { p.send(`{"event":"echo"}`); p.wantClose(4400) },
			"binary":       func(_ *site, p *peer) { p.raw(frame(binari, []byte(`{"event":"$connect"}`))); p.wantClose(4400) },
			"breaks":       func(_ *site, p *peer) { _ = p.conn.Close() },
			"closes":       func(_ *site, p *peer) { p.sendClose(1000, ""); p.wantClose(1000) },
			"closes, 4000": func(_ *site, p *peer) { p.sendClose(4000, ""); p.wantClose(4000) },
			"a bad frame":  func(_ *site, p *peer) { p.raw([]byte{0x81, 2, '{', '}'}); p.wantClose(1002) },
			"no UTF-8": func(_ *site, p *peer) {
				p.raw(frame(text, []byte("{\"event\":\"$connect\",\"x\":\"\xff\"}")))
				p.wantClose(1007)
			},
			"two in one go": func(_ *site, p *peer) {
				p.raw(append(frame(text, []byte(`{"event":"$connect"}`)), frame(text, []byte(`{"event":"echo","id":1,"data":1}`))...))
				p.want(connected, `{"event":"echo","id":1,"data":1}`)
				p.sendClose(1000, "")
				<-closed
			},
			"byte by byte": func(_ *site, p *peer) {
				for _, b := range append(frame(text, []byte(`{"event":"$connect"}`)), frame(text, []byte(`{"event":"echo","id":1,"data":1}`))...) {
					p.raw([]byte{b})
				}
				p.want(connected, `{"event":"echo","id":1,"data":1}`)
				p.sendClose(1000, "")
				<-closed
			},
			"in fragments": func(_ *site, p *peer) {
				p.raw(append(frame(0x01, []byte(`{"event":"$con`)), frame(0x80, []byte(`nect"}`))...))
				p.want(connected)
				p.sendClose(1000, "")
				<-closed
			},
			"Shutdown": func(s *site, p *peer) { go func() { _ = s.Shutdown(context.Background()) }(); p.wantClose(1001) },
		} {
			t.Run(name, func(t *testing.T) {
				s := open(t, ws.Options{})
				do(s, s.dial(t, "/ws", v1))
				eventually(t, "nothing is left", func() bool { n := s.Stats(); return n.Admitted == 0 && n.Connections == 0 })
				silent(t)
			})
		}
		t.Run("ConnectTimeout", func(t *testing.T) {
			s := open(t, ws.Options{ConnectTimeout: 50 * time.Millisecond})
			s.dial(t, "/ws", v1).wantClose(4408)
			eventually(t, "nothing is left", func() bool { return s.Stats().Admitted == 0 })
			silent(t)
		})
	})
	t.Run("attached", func(t *testing.T) {
		for name, c := range map[string]struct {
			o    ws.Options
			do   func(*testing.T, *site, *peer)
			code ws.CloseCode
			over bool // the peer does it
		}{
			"$connect": {do: func(_ *testing.T, _ *site, p *peer) { p.send(`{"event":"$connect"}`); p.wantClose(4400) }, code: 4400},
			"breaks":   {o: ws.Options{NoResume: true}, do: func(_ *testing.T, _ *site, p *peer) { _ = p.conn.Close() }, code: 1006, over: true},
			"silent": {o: ws.Options{NoResume: true, PingInterval: 20 * time.Millisecond, IdleTimeout: 60 * time.Millisecond}, do: func(_ *testing.T, _ *site, p *peer) {
				_, _ = io.Copy(io.Discard, p.r)
			}, code: 1006, over: true},
			"closes, 4000": {o: ws.Options{NoResume: true}, do: func(_ *testing.T, _ *site, p *peer) { p.sendClose(4000, "back soon"); p.wantClose(4000) }, code: 4000, over: true},
			"closes, 1001": {do: func(_ *testing.T, _ *site, p *peer) { p.sendClose(1001, ""); p.wantClose(1001) }, code: 1001, over: true},
			"Lifetime": {o: ws.Options{NoResume: true, Lifetime: 50 * time.Millisecond, DrainTimeout: 50 * time.Millisecond}, do: func(t *testing.T, _ *site, p *peer) {
				if got := p.next(); !strings.HasPrefix(got, `{"event":"$goaway","data":{"reason":"lifetime","retryAfterMs":`) || !strings.HasSuffix(got, `,"closeInMs":50}}`) {
					t.Error(got)
				}
				p.wantClose(1001)
			}, code: 1001},
			"Close": {do: func(_ *testing.T, s *site, p *peer) { s.All().Disconnect(4001, "enough"); p.wantClose(4001) }, code: 4001},
			"panic": {do: func(_ *testing.T, _ *site, p *peer) { p.send(`{"event":"panics"}`); p.wantClose(1011) }, code: 1011},
			"frame": {do: func(_ *testing.T, _ *site, p *peer) { p.raw([]byte{0x81, 2, '{', '}'}); p.wantClose(1002) }, code: 1002},
			"rates": {o: ws.Options{ConnRate: ws.Rate{PerSecond: 0.01, Burst: 1}, MaxRateStrikes: 1}, do: func(_ *testing.T, _ *site, p *peer) {
				for range 3 {
					p.send(`{"event":"echo"}`)
				}
				p.wantClose(4429)
			}, code: 4429},
			"CloseSlow": {o: ws.Options{OutboxFrames: 2, Overflow: ws.CloseSlow}, do: func(t *testing.T, s *site, _ *peer) {
				big := strings.Repeat("x", 1<<20)
				eventually(t, "it is slow", func() bool { _, _ = s.Broadcast("e", big); return s.Stats().Slow > 0 })
			}, code: 1008},
			"Shutdown": {o: ws.Options{DrainTimeout: 50 * time.Millisecond}, do: func(t *testing.T, s *site, p *peer) {
				go func() { _ = s.Shutdown(context.Background()) }()
				if got := p.next(); !strings.HasPrefix(got, `{"event":"$goaway","data":{"reason":"shutdown","retryAfterMs":`) {
					t.Error(got)
				}
				p.wantClose(1001)
			}, code: 1001},
		} {
			t.Run(name, func(t *testing.T) {
				s := open(t, c.o)
				p := s.dial(t, "/ws", v1)
				p.send(`{"event":"$connect","data":{"token":"ann"}}`)
				if got := p.next(); !strings.HasPrefix(got, `{"event":"$connected"`) {
					t.Fatal(got)
				}
				c.do(t, s, p)
				if name == "CloseSlow" {
					_ = p.conn.Close()
				}
				if got := await(t, "the disconnect hook", closed); got.Code != c.code || got.Remote != c.over {
					t.Errorf("it ended by %+v", got)
				}
				eventually(t, "nothing is left", func() bool { n := s.Stats(); return n.Admitted == 0 && n.Connections == 0 })
				silent(t)
			})
		}
	})
	t.Run("attached, expired", func(t *testing.T) {
		s := serve(t, ws.Options{}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(100 * time.Millisecond)}
			return nil
		})}})
		s.session(t, "/ws").wantClose(4401)
	})
}

// TestCounting: the server counts the messages of a client that do not begin as
// the protocol's own do, whatever they are, and says so when it is asked; in
// order, without a rate, and unknown events of later versions do no harm.
func TestCounting(t *testing.T) {
	for name, warm := range map[string]string{"small": "", "with gws": `{"event":"echo"}`} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, ws.Options{ConnRate: ws.Rate{PerSecond: 0.001, Burst: 20}}, gateway{on: map[string]handler{"echo": inline(echo)}})
			p := s.session(t, "/ws")
			seq := 0
			if warm != "" {
				p.raw(pieces(warm))
				p.want(`{"event":"echo","data":null}`)
				seq++
			}
			count := func() {
				t.Helper()
				p.send(`{"event":"$ping","data":{"seq":7}}`)
				p.want(fmt.Sprintf(`{"event":"$pong","data":{"seq":%d}}`, seq))
			}
			for range 100 {
				count()
			}
			for _, c := range []struct {
				say, answer string
				counts      bool
			}{
				{`{"event":"echo","id":1,"data":1}`, `{"event":"echo","id":1,"data":1}`, true},
				{`hello`, `{"event":"error","data":{"code":"bad_frame","message":"a frame is a JSON object in a text message"}}`, true},
				{`{"event":"$`, `{"event":"error","data":{"code":"bad_frame","message":"a frame is a JSON object in a text message"}}`, false},
				{`{"event":"$later","data":{"of":"a later version"}}`, "", false},
				{`{"event":"$later","id":1}`, `{"event":"error","id":1,"data":{"code":"unknown_event","message":"unknown event","event":"$later"}}`, false},
				{`{"event":"$cancel","id":9}`, "", false},
				{`{"event":"nothing"}`, `{"event":"error","data":{"code":"unknown_event","message":"unknown event","event":"nothing"}}`, true},
				{` {"event":"$cancel","id":9}`, "", true},
				{`{"event":"$ping"}`, fmt.Sprintf(`{"event":"$pong","data":{"seq":%d}}`, seq+4), false},
				{`{"event":"$ping","data":"odd"}`, fmt.Sprintf(`{"event":"$pong","data":{"seq":%d}}`, seq+4), false},
			} {
				p.send("%s", c.say)
				if c.answer != "" {
					p.want(c.answer)
				}
				if c.counts {
					seq++
				}
				count()
			}
			p.raw(frame(binari, []byte(`{"event":"echo"}`)))
			p.want(`{"event":"error","data":{"code":"bad_frame","message":"a frame is a JSON object in a text message"}}`)
			count()
			var many []byte
			for range 60 { // what is written together is answered in order
				many = append(many, frame(text, []byte(`{"event":"$ping"}`))...)
			}
			p.raw(append(many, frame(text, []byte(`{"event":"echo","id":2,"data":2}`))...))
			for range 60 {
				p.want(fmt.Sprintf(`{"event":"$pong","data":{"seq":%d}}`, seq))
			}
			p.want(`{"event":"echo","id":2,"data":2}`)
		})
	}
}

// TestDecisionOne: who has $connected is registered and in the rooms of its
// hook, which has returned, and nothing comes before that.
func TestDecisionOne(t *testing.T) {
	returned := make(chan struct{}, 1)
	var s *site
	s = serve(t, ws.Options{}, gateway{connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
		err := c.Join("lobby")
		if n, _ := s.EmitTo("lobby", "hello", 1); n != 1 {
			t.Errorf("a push in the hook reached %d", n)
		}
		time.Sleep(20 * time.Millisecond) // a worker would have written it by now
		returned <- struct{}{}
		return nil, err
	}})
	for range 5 {
		p := s.dial(t, "/ws", v1)
		if n := s.ConnectionCount(); n != 0 {
			t.Errorf("%d connections before $connect", n)
		}
		p.send(`{"event":"$connect"}`)
		p.want(connected)
		select {
		case <-returned:
		default:
			t.Error("the hook has not returned")
		}
		if n, _ := s.EmitTo("lobby", "now", 2); n != 1 {
			t.Errorf("reached %d right after $connected", n)
		}
		p.want(`{"event":"hello","data":1}`, `{"event":"now","data":2}`)
		p.sendClose(1000, "")
		p.wantClose(1000)
		eventually(t, "it is gone", func() bool { return s.ConnectionCount() == 0 })
	}
}

// TestDecisionOneInCluster: so it is for what other nodes push.
func TestDecisionOneInCluster(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{Delay: 50 * time.Millisecond}, ws.Options{}, func(c *clusterSite) {
		for range 3 {
			p := c.nodes[0].dial(t, "/ws", v1)
			_ = p.conn.SetDeadline(time.Time{})
			p.send(`{"event":"$connect","data":{"token":"ann"}}`)
			p.want(connected)
			if _, err := c.nodes[1].Users("ann").Emit("hello", 1); err != nil {
				t.Error(err)
			}
			p.want(`{"event":"hello","data":1}`)
			_ = p.conn.Close()
			synctest.Wait()
		}
	})
}

// TestSessionByKit: package wstest connects as a principal, whose guards are not
// asked behind $connect either, and waits for the session to end.
func TestSessionByKit(t *testing.T) {
	over := false
	t.Cleanup(func() {
		if !over {
			t.Error("the disconnect hook was not waited for")
		}
	})
	e := gateway{
		connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { return errors.New("asked") })},
		on:         map[string]handler{"who": inline(func(c *ws.Call) error { id := c.Client().Principal().ID; return c.Reply(&id) })},
		disconnect: func(context.Context, *ws.Client, any, ws.Closed) { over = true },
	}.endpoint(ws.NewServer(ws.Options{NoResume: true, Logger: slog.New(slog.DiscardHandler)}))
	name, value, _ := strings.Cut(v1, ": ")
	c := wstest.Dial(t, e, wstest.As(ws.Principal{ID: "ann"}), wstest.Header(name, value))
	c.SendText(`{"event":"$connect","data":{"token":"bob"}}`)
	c.ExpectText(connected)
	var id string
	if c.Call("who", nil).Into(&id); id != "ann" {
		t.Errorf("it is %q", id)
	}
}

// TestNoTokenTold: neither the Logger nor the Observer sees a token, wherever it
// was and whatever becomes of it.
func TestNoTokenTold(t *testing.T) {
	const secret = "s3cr3t-of-ann"
	told := &logs{}
	tell := func(what ...any) { _, _ = fmt.Fprintf(told, "%+v\n", what) }
	s := serve(t, ws.Options{
		ConnectTimeout: time.Second,
		Logger:         slog.New(slog.NewTextHandler(told, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observer: ws.Observer{
			Connecting: func(ctx context.Context, h ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
				tell(h)
				return ctx, func(_ *ws.Client, e *ws.Error) { tell(e) }
			},
			Opened:  func(c *ws.Client) { tell(c) },
			Closed:  func(c *ws.Client, why ws.Closed) { tell(c, why) },
			Refused: func(r ws.Refusal) { tell(r, r.Err) },
			Handled: func(_ *ws.Client, event string, _ time.Duration, e *ws.Error) { tell(event, e) },
		},
	}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		switch u.Request.URL.Query().Get("guard") {
		case "refuses":
			return ws.NewError(ws.CodeForbidden, "no")
		case "fails":
			return errors.New("no database")
		case "panics":
			panic("no database")
		}
		if u.Token != secret {
			t.Errorf("the guard saw %q", u.Token)
		}
		return nil
	})}})
	for _, path := range []string{"/ws", "/ws?guard=refuses", "/ws?guard=fails", "/ws?guard=panics"} {
		for _, say := range []string{
			`{"event":"$connect","data":{"token":"` + secret + `"}}`,
			`{"event":"$connect","data":{"token":"` + secret + `\n"}}`,
			`{"event":"$connect","data":{"token":["` + secret + `"]}}`,
			`{"event":"$connect","data":"` + secret + `"}`,
			`{"event":"$connect","data":{"token":"` + secret,
			`{"event":"` + secret + `"}`,
			secret,
		} {
			p := s.dial(t, path, "Sec-WebSocket-Protocol: bearer, "+secret+", wsgen.v1.json")
			p.send("%s", say)
			if first, payload, _ := p.read(); strings.Contains(string(payload), secret) {
				t.Errorf("the answer %#x has it: %s", first, payload)
			}
			p.send(`{"event":"$connect","data":{"token":"%s"}}`, secret)
			_ = p.conn.Close()
		}
	}
	eventually(t, "all are gone", func() bool { return s.Stats().Admitted == 0 })
	if log := told.String(); strings.Contains(log, secret) || strings.Count(log, "\n") < 28 {
		t.Errorf("told:\n%s", log)
	}
}

// FuzzConnect: whatever comes first, it is let in or closed, and what comes
// then breaks nothing.
func FuzzConnect(f *testing.F) {
	for _, text := range []string{
		`{"event":"$connect"}`, `{"event":"$connect","data":{"token":"a","schema":"b","client":"c","resume":{"sid":"d","seq":1}}}`,
		`{"event":"$connect","data":{"token":"` + strings.Repeat("x", 4000) + `"}}`, `{"event":"$connect","data":[[[[`, `{"event":"$ping"}`,
		`{"data":{"resume":null,"token":null},"event":"\u0024connect"}`, "{\"event\":\"$connect\",\"data\":\"\xff\"}", ``,
	} {
		f.Add(frame(0x81, []byte(text)), 3)
		f.Add(append(frame(0x81, []byte(text)), frame(0x81, []byte(`{"event":"$ping","data":{"seq":1}}`))...), 20)
	}
	f.Add(append(frame(0x01, []byte(`{"event":`)), frame(0x80, []byte(`"$connect"}`))...), 1)
	f.Add([]byte{0x81, 0xfe, 0, 126, 1, 2, 3, 4}, 2)
	f.Fuzz(func(t *testing.T, bytes []byte, cut int) {
		s := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
		site := &pipeSite{Server: s, handler: ws.NewRouter(gateway{
			connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) { return nil, c.Emit("hello", 1) },
			on:      map[string]handler{"echo": inline(echo)},
		}.endpoint(s))}
		p := site.dial(t, "/ws", v1)
		over := make(chan string)
		go func() {
			begins := ""
			for {
				first, payload, err := p.read()
				if err != nil {
					over <- begins
					return
				}
				if begins == "" {
					begins = fmt.Sprintf("%#x %s", first, payload)
				}
			}
		}()
		cut = min(max(cut, 0), len(bytes))
		for _, part := range [][]byte{bytes[:cut], bytes[cut:], frame(0x88, []byte{3, 232})} {
			if _, err := p.conn.Write(part); err != nil {
				break // closed
			}
		}
		_ = p.conn.Close()
		begins := <-over
		begins = strings.Replace(begins, begun(begins), "", 1)
		if begins != "" && !strings.HasPrefix(begins, "0x88 ") && begins != "0x81 "+connected && !strings.HasPrefix(begins, "0x8a ") &&
			begins != `0x81 {"event":"$connected","data":{"resumed":false,"why":"unknown","seq":0,"heartbeatMs":25000,"maxBytes":65536}}` {
			t.Errorf("it begins with %s", begins)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// begun returns the member of $connected that no two have in common.
func begun(text string) string {
	if at := strings.Index(text, `"sid":"`); at >= 0 {
		return text[at : at+len(`"sid":"`)+26+len(`",`)]
	}
	return ""
}
