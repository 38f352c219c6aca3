package ws_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// place is a place where user code is called.
type place struct {
	name   string
	whats  []string
	make   func(*faulty) (ws.Options, gateway)
	serve  func(*testing.T, *faulty, *site) *site // another transport
	attack func(*testing.T, *faulty, *site)
}

// answers attacks code that is called for a message; code is what an error is
// refused with.
func answers(code string) func(*testing.T, *faulty, *site) {
	return func(t *testing.T, f *faulty, s *site) {
		p := s.dial(t, "/ws")
		f.armed.Store(true)
		p.send(`{"event":"door","id":1,"data":{}}`)
		p.ends(f, code)
	}
}

// survives attacks code that must not cost any connection anything.
func survives(t *testing.T, f *faulty, s *site) {
	f.armed.Store(true)
	p := s.dial(t, "/ws")
	p.send(`{"event":"door","id":1}`)
	p.isRefused("door", "not_found")
	p.echoes()
	p.leave()
	eventually(t, "the client is gone", func() bool { return s.Stats().Connections == 1 })
}

func on(h handler) gateway { return gateway{on: map[string]handler{"door": h}} }

// oddValue is a value that fails while it is read or written.
type oddValue struct{ f *faulty }

func (o oddValue) MarshalJSON() ([]byte, error) {
	if err := o.f.fail(); err != nil {
		return nil, err
	}
	return []byte("1"), nil
}
func (o *oddValue) UnmarshalJSON([]byte) error { return o.f.fail() }
func (o oddValue) Validate(any) error          { return o.f.fail() }

func places() []place {
	plain := func(h func(*faulty) handler) func(*faulty) (ws.Options, gateway) {
		return func(f *faulty) (ws.Options, gateway) { return ws.Options{}, on(h(f)) }
	}
	var out []place
	add := func(p place) { out = append(out, p) }
	for name, mode := range map[string]ws.Mode{"inline": ws.Inline, "serial": ws.Serial, "parallel": ws.Parallel} {
		add(place{name: name + " handler", whats: all, attack: answers("internal"), make: plain(func(f *faulty) handler {
			return handler{mode: mode, call: func(*ws.Call) error { return f.fail() }}
		})})
	}
	for name, p := range map[string]struct {
		code string
		call func(*faulty, *ws.Call) error
	}{
		"UnmarshalJSON":      {"invalid_payload", func(f *faulty, c *ws.Call) error { return c.Decode(&oddValue{f}) }},
		"MarshalJSON, reply": {"internal", func(f *faulty, c *ws.Call) error { return c.Reply(oddValue{f}) }},
		"MarshalJSON, push":  {"internal", func(f *faulty, c *ws.Call) error { return c.Client().Emit("e", oddValue{f}) }},
		"Validator":          {"validation_failed", func(f *faulty, c *ws.Call) error { return ws.Check(c, 1) }},
	} {
		for name2, mode := range map[string]ws.Mode{"inline": ws.Inline, "parallel": ws.Parallel} {
			whats := fewer
			if mode == ws.Parallel {
				whats = fewer[:4]
			}
			add(place{name: name + ", " + name2, whats: whats, attack: answers(p.code), make: func(f *faulty) (ws.Options, gateway) {
				return ws.Options{Validator: oddValue{f}}, on(handler{mode: mode, call: func(c *ws.Call) error { return p.call(f, c) }})
			}})
		}
	}
	add(place{name: "message guard", whats: fewer, attack: answers("internal"), make: plain(func(f *faulty) handler {
		return handler{call: echo, guards: []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error { return f.fail() })}}
	})})
	add(place{name: "interceptor", whats: fewer, attack: answers("internal"), make: func(f *faulty) (ws.Options, gateway) {
		return ws.Options{Interceptors: []ws.Interceptor{intercepts(func(context.Context, ws.Message, ws.Next) error { return f.fail() })}}, on(inline(echo))
	}})
	add(place{name: "interceptor, after next", whats: fewer, attack: answeredFirst(`{"event":"door","id":1,"data":{}}`), make: func(f *faulty) (ws.Options, gateway) {
		return ws.Options{Interceptors: []ws.Interceptor{intercepts(func(ctx context.Context, m ws.Message, next ws.Next) error {
			_ = next(ctx, m)
			<-f.answered
			return f.fail()
		})}}, on(inline(echo))
	}})
	return append(append(append(out, streams()...), lives()...), told()...)
}

func intercepts(do func(context.Context, ws.Message, ws.Next) error) ws.Interceptor {
	return func(next ws.Next) ws.Next {
		return func(ctx context.Context, m ws.Message) error {
			if m.Event != "door" {
				return next(ctx, m)
			}
			return do(ctx, m, next)
		}
	}
}

// answeredFirst attacks code that fails when the message has its answer.
func answeredFirst(answer string, before ...string) func(*testing.T, *faulty, *site) {
	return func(t *testing.T, f *faulty, s *site) {
		p := s.dial(t, "/ws")
		f.armed.Store(true)
		p.send(`{"event":"door","id":1,"data":{}}`)
		p.want(before...)
		if len(before) > 0 {
			p.send(`{"event":"$cancel","id":1}`)
		}
		p.want(answer)
		close(f.answered)
		if f.kind() != "return" {
			p.closed(ws.CloseInternal)
			return
		}
		p.echoes()
		p.leave()
	}
}

// streams returns iterators and channels, and code that fails when time is up
// or the client has cancelled.
func streams() []place {
	item := func(send func(*ws.Call, oddValue) error) func(*faulty) (ws.Options, gateway) {
		return func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, on(stream(func(c *ws.Call) error { return send(c, oddValue{f}) }))
		}
	}
	refusal := func(code, message string) string {
		return `{"event":"error","id":1,"data":{"code":"` + code + `","message":"` + message + `","event":"door"}}`
	}
	late := func(within time.Duration) func(f *faulty) (ws.Options, gateway) {
		return func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, on(handler{mode: ws.Serial, within: within, call: func(c *ws.Call) error {
				if within == 0 {
					_ = c.Client().Emit("begun", 1)
				}
				<-c.Context().Done()
				<-f.answered
				return f.fail()
			}})
		}
	}
	return []place{
		{name: "seq", whats: fatal, attack: answers(""), make: item(func(c *ws.Call, o oddValue) error {
			return ws.Stream(c, func(func(int) bool) { _ = o.f.fail() })
		})},
		{name: "seq, item", whats: fewer, attack: answers("internal"), make: item(func(c *ws.Call, o oddValue) error {
			return ws.Stream(c, func(yield func(oddValue) bool) { yield(o) })
		})},
		{name: "seq2", whats: fewer, attack: answers("internal"), make: item(func(c *ws.Call, o oddValue) error {
			return ws.Stream2(c, func(yield func(int, error) bool) { yield(0, o.f.fail()) })
		})},
		{name: "chan, item", whats: fewer, attack: answers("internal"), make: item(func(c *ws.Call, o oddValue) error {
			ch := make(chan oddValue, 1)
			ch <- o
			return ws.StreamChan(c, ch)
		})},
		{name: "after the timeout", whats: fewer, attack: answeredFirst(refusal("timeout", "it took too long")), make: late(10 * time.Millisecond)},
		{name: "after $cancel", whats: fewer, attack: answeredFirst(refusal("canceled", "canceled by the client"), `{"event":"begun","data":1}`), make: late(0)},
		{name: "stream, after $cancel", whats: fewer, attack: answeredFirst(refusal("canceled", "canceled by the client"), `{"event":"begun","data":1}`), make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, on(stream(func(c *ws.Call) error {
				client, ctx := c.Client(), c.Context()
				return ws.Stream2(c, func(yield func(int, error) bool) {
					_ = client.Emit("begun", 1)
					<-ctx.Done()
					<-f.answered
					yield(0, f.fail())
				})
			}))
		}},
	}
}

// lives returns the hooks and the connection guards.
func lives() []place {
	return []place{
		{name: "connect hook", whats: fewer, make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, gateway{connect: func(context.Context, *ws.Client, *http.Request) (any, error) { return nil, f.fail() }}
		}, attack: func(t *testing.T, f *faulty, s *site) {
			f.armed.Store(true)
			s.dial(t, "/ws").closed(ws.CloseInternal)
		}},
		{name: "disconnect hook", whats: fatal, make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, gateway{disconnect: func(context.Context, *ws.Client, any, ws.Closed) { _ = f.fail() }}
		}, attack: func(t *testing.T, f *faulty, s *site) {
			p := s.dial(t, "/ws")
			f.armed.Store(true)
			p.leave()
			eventually(t, "the client is gone", func() bool { return s.Stats().Connections == 1 })
		}},
		{name: "connection guard", whats: fewer, make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, gateway{connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { return f.fail() })}}
		}, attack: refusedUpgrade},
		{name: "$refresh", whats: fewer, make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
				u.Principal.Expires = time.Now().Add(time.Hour)
				return f.fail()
			})}}
		}, attack: func(t *testing.T, f *faulty, s *site) {
			p := s.dial(t, "/ws")
			f.armed.Store(true)
			p.send(`{"event":"$refresh","id":1,"data":{"token":"x"}}`)
			p.isRefused("$refresh", "internal") // apart: whatever it did is an error
			p.echoes()
			p.leave()
		}},
	}
}

func refusedUpgrade(t *testing.T, f *faulty, s *site) {
	f.armed.Store(true)
	if _, res := s.try(t, "/ws"); res == nil || res.StatusCode != http.StatusInternalServerError ||
		!strings.Contains(res.body, `"code":"internal","message":"internal error","ref":"`) {
		t.Fatalf("answered %v", res)
	}
}

// told returns the Observer, the Logger and the transport.
func told() []place {
	refuses := inline(func(*ws.Call) error { return ws.NewError(ws.CodeNotFound, "nothing is there") })
	var out []place
	observer := func(name string, set func(*ws.Observer, func())) {
		out = append(out, place{name: "Observer." + name, whats: fatal, attack: survives, make: func(f *faulty) (ws.Options, gateway) {
			var o ws.Options
			set(&o.Observer, func() { _ = f.fail() })
			return o, on(refuses)
		}})
	}
	observer("Opened", func(o *ws.Observer, fail func()) { o.Opened = func(*ws.Client) { fail() } })
	observer("Closed", func(o *ws.Observer, fail func()) { o.Closed = func(*ws.Client, ws.Closed) { fail() } })
	observer("Connecting", func(o *ws.Observer, fail func()) {
		o.Connecting = func(context.Context, ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
			fail()
			return nil, nil
		}
	})
	observer("Connecting's answered", func(o *ws.Observer, fail func()) {
		o.Connecting = func(context.Context, ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
			return nil, func(*ws.Client, *ws.Error) { fail() }
		}
	})
	observer("Trace", func(o *ws.Observer, fail func()) {
		o.Trace = func(context.Context) string { fail(); return "" }
	})
	observer("Refused", func(o *ws.Observer, fail func()) { o.Refused = func(ws.Refusal) { fail() } })
	observer("Handled", func(o *ws.Observer, fail func()) {
		o.Handled = func(_ *ws.Client, event string, _ time.Duration, _ *ws.Error) {
			if event == "door" {
				fail()
			}
		}
	})
	observer("Starting's ended", func(o *ws.Observer, fail func()) {
		o.Starting = func(_ context.Context, _ *ws.Client, event string) (context.Context, func(time.Duration, *ws.Error)) {
			return nil, func(time.Duration, *ws.Error) {
				if event == "door" {
					fail()
				}
			}
		}
	})
	observer("Starting", func(o *ws.Observer, fail func()) {
		o.Starting = func(_ context.Context, _ *ws.Client, event string) (context.Context, func(time.Duration, *ws.Error)) {
			if event == "door" {
				fail()
			}
			return nil, nil
		}
	})
	for i, answers := range []bool{true, true, false} { // in place: it has ended the goroutine that reads
		inPlace := &out[len(out)-3+i]
		inPlace.attack = func(t *testing.T, f *faulty, s *site) {
			if f.kind() != "exit" {
				survives(t, f, s)
				return
			}
			p := s.dial(t, "/ws")
			f.armed.Store(true)
			p.send(`{"event":"door","id":1}`)
			if answers {
				p.isRefused("door", "not_found")
			}
			p.closed(ws.CloseInternal)
		}
	}
	out = append(out, place{name: "Observer.Sent", whats: fatal, make: func(f *faulty) (ws.Options, gateway) {
		return ws.Options{Observer: ws.Observer{Sent: func(ws.Sent) { _ = f.fail() }}}, gateway{}
	}, attack: func(t *testing.T, f *faulty, s *site) {
		p := s.dial(t, "/ws")
		f.armed.Store(true)
		pushed := make(chan struct{})
		go func() {
			defer close(pushed) // even if the Observer ends this goroutine
			_, _ = s.Broadcast("pushed", 0)
		}()
		<-pushed
		p.want(`{"event":"pushed","data":0}`)
		p.leave()
	}})
	held := make(chan *ws.Client)
	out = append(out, place{name: "Observer.Shed", whats: fatal, make: func(f *faulty) (ws.Options, gateway) {
		return ws.Options{OutboxFrames: 8, Observer: ws.Observer{Shed: func(ws.Shed) { _ = f.fail() }}}, gateway{
			connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
				if f.armed.Load() {
					held <- c // nothing is written before the handshake is answered
					<-held
				}
				return nil, nil
			},
		}
	}, attack: func(t *testing.T, f *faulty, s *site) {
		f.armed.Store(true)
		go func() {
			c := <-held
			for range 10 {
				_ = c.Emit("pushed", 0)
			}
			held <- c // the caller of the push lives on
		}()
		p := s.dial(t, "/ws")
		for range 8 {
			p.want(`{"event":"pushed","data":0}`)
		}
		p.leave()
	}})
	out = append(out, place{name: "ClientAddr", whats: fatal, attack: refusedUpgrade, make: func(f *faulty) (ws.Options, gateway) {
		return ws.Options{ClientAddr: f.addr}, gateway{}
	}})
	for _, method := range []string{"Enabled", "Handle"} {
		out = append(out, place{name: "Logger." + method, whats: fatal, attack: survives, make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{Logger: slog.New(&oddLog{f, method})}, on(refuses)
		}})
	}
	return append(out, sockets()...)
}

// oddLog is a slog.Handler one of whose methods fails.
type oddLog struct {
	f      *faulty
	method string
}

func (l *oddLog) do(method string) error {
	if l.method != method {
		return nil
	}
	return l.f.fail()
}
func (l *oddLog) Enabled(context.Context, slog.Level) bool { return l.do("Enabled") == nil }
func (l *oddLog) Handle(context.Context, slog.Record) error {
	return l.do("Handle")
}
func (l *oddLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *oddLog) WithGroup(string) slog.Handler      { return l }

// sockets returns the methods of a net.Conn, whose listener is the user's.
func sockets() (out []place) {
	for _, method := range []string{"Read", "Write", "SetReadDeadline", "SetWriteDeadline", "Close", "RemoteAddr"} {
		whats := fatal[:3]
		if method == "Read" || method == "Write" {
			whats = fewer
		}
		out = append(out, place{name: "net.Conn." + method, whats: whats, make: func(f *faulty) (ws.Options, gateway) {
			return ws.Options{}, on(serial(func(c *ws.Call) error {
				f.armed.Store(true)
				if method == "RemoteAddr" && c.Client().RemoteAddr().IsValid() {
					return c.Reply("an address")
				}
				return nil
			}))
		}, serve: func(t *testing.T, f *faulty, s *site) *site {
			return s.listenOdd(t, f, method)
		}, attack: func(t *testing.T, f *faulty, s *site) {
			p := s.dial(t, "/odd")
			p.send(`{"event":"door","id":1}`)
			switch method {
			case "RemoteAddr":
				p.want(`{"event":"door","id":1,"data":null}`)
				p.leave()
			case "Close":
				p.want(`{"event":"door","id":1,"data":null}`)
				p.sendClose(1000, "")
				p.closed(ws.CloseNormal)
			case "SetReadDeadline", "SetWriteDeadline": // nothing but how long a peer is waited for
				p.want(`{"event":"door","id":1,"data":null}`)
				p.sendClose(1000, "")
				p.closed(ws.CloseNormal)
			case "Read":
				p.want(`{"event":"door","id":1,"data":null}`)
				p.send(`{"event":"echo"}`) // is what the goroutine that reads waits for, and may be answered
				p.wantEOF()
			default: // a connection that cannot be written to is gone
				p.wantEOF()
			}
			eventually(t, "the client is gone", func() bool { return s.Stats().Connections == 1 })
		}})
	}
	return out
}

// listenOdd serves the site's gateways on sockets of which those to /odd fail
// in one method, once armed.
func (s *site) listenOdd(t *testing.T, f *faulty, method string) *site {
	s.http.Close()
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/odd" {
			r.URL.Path = "/ws"
			r = r.WithContext(context.WithValue(r.Context(), recordKey{}, 1))
			w = oddWriter{w, f, method}
		}
		s.router.ServeHTTP(w, r)
	}))
	s.http.Start()
	t.Cleanup(s.http.Close)
	return s
}
