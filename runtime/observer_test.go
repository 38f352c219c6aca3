package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// diary writes down what an Observer is told.
type diary struct {
	name string
	mu   sync.Mutex
	said []string // guarded by mu
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, fmt.Sprintf(format, args...))
}

// read returns what was written since the last time.
func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	said := d.said
	d.said = nil
	return said
}

func (d *diary) has(t *testing.T, want ...string) {
	t.Helper()
	if got := d.read(); !slices.Equal(got, want) {
		t.Errorf("told\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func codeOf(e *ws.Error) string {
	if e == nil {
		return "ok"
	}
	return string(e.Code)
}

// observer returns one that writes down everything, and its name into contexts.
func (d *diary) observer(key any) ws.Observer {
	name := func(ctx context.Context) string { s, _ := ctx.Value(key).(string); return s }
	return ws.Observer{
		Connecting: func(ctx context.Context, h ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
			d.write("connecting %s %s %v", h.Gateway, h.Pattern, h.Header)
			return context.WithValue(ctx, key, name(ctx)+d.name), func(c *ws.Client, refusal *ws.Error) {
				d.write("answered %t %s", c != nil, codeOf(refusal))
			}
		},
		Opened: func(*ws.Client) { d.write("opened") },
		Closed: func(_ *ws.Client, cause ws.Closed) { d.write("closed %d", cause.Code) },
		Starting: func(ctx context.Context, c *ws.Client, event string) (context.Context, func(time.Duration, *ws.Error)) {
			of, _ := ws.ClientFrom(ctx)
			d.write("starting %s %t %v", event, of == c, ws.Meta(ctx))
			return context.WithValue(ctx, key, name(ctx)+d.name), func(_ time.Duration, refusal *ws.Error) { d.write("ended %s", codeOf(refusal)) }
		},
		Handled: func(_ *ws.Client, event string, took time.Duration, refusal *ws.Error) {
			d.write("handled %s %v %s", event, took, codeOf(refusal))
		},
		Sent:    func(s ws.Sent) { d.write("sent %+v", s) },
		Refused: func(r ws.Refusal) { d.write("refused %q %t %d %s", r.Event, r.Declared, r.Status, r.Err.Code) },
		Shed:    func(s ws.Shed) { d.write("shed %+v", s) },
	}
}

type diaryKey struct{}

// TestObserver follows connections and messages through all that an Observer is
// told, in its order.
func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{name: "a"}
		within := func(ctx context.Context) { d.write("within %v", ctx.Value(diaryKey{})) }
		g := gateway{
			connect: func(ctx context.Context, _ *ws.Client, r *http.Request) (any, error) {
				within(ctx)
				if r.URL.Query().Has("refuse") {
					return nil, ws.NewError(ws.CodeForbidden, "no")
				}
				return nil, nil
			},
			on: map[string]handler{
				"door": inline(func(c *ws.Call) error { within(c.Context()); return c.Reply(1) }),
				"late": {mode: ws.Serial, within: time.Second, call: func(c *ws.Call) error {
					<-c.Context().Done()
					return c.Context().Err()
				}},
				"list": stream(func(c *ws.Call) error {
					within(c.Context())
					return ws.Stream(c, func(yield func(int) bool) { time.Sleep(time.Second); yield(1) })
				}),
				"fail": serial(func(*ws.Call) error { return errors.New("broken") }),
			},
		}
		s := servePipe(t, ws.Options{Observer: d.observer(diaryKey{}), OutboxFrames: 2}, g)
		p := s.dial(t, "/ws", "Traceparent: x", "Authorization: Bearer secret", "Cookie: secret=1")
		synctest.Wait()
		d.has(t, "connecting test.Gateway /ws map[Traceparent:[x]]", "opened", "within a", "answered true ok")

		p.send(`{"event":"door","id":1}`)
		p.want(`{"event":"door","id":1,"data":1}`)
		synctest.Wait()
		d.has(t, "starting door true map[]", "within a", "ended ok", "handled door 0s ok")

		p.send(`{"event":"late","id":1,"meta":{"traceparent":"y"}}`)
		p.isRefused("late", "timeout")
		synctest.Wait()
		said := d.read()
		slices.Sort(said) // the time that is up refuses, and the handler ends, at once
		if want := []string{"ended timeout", "handled late 1s timeout", `refused "late" true 0 timeout`, "starting late true map[traceparent:y]"}; !slices.Equal(said, want) {
			t.Errorf("told %q, want %q", said, want)
		}

		p.send(`{"event":"list","id":1}`)
		p.want(`{"event":"list","id":1,"data":1,"more":true}`, `{"event":"list","id":1,"data":null}`)
		synctest.Wait()
		d.has(t, "starting list true map[]", "within a", "ended ok", "handled list 1s ok")

		p.send(`{"event":"fail","id":1}`)
		p.next()
		synctest.Wait()
		d.has(t, "starting fail true map[]", `refused "fail" true 0 internal`, "ended internal", "handled fail 0s internal")

		p.send(`{"event":"nobody's","id":1}`)
		p.next()
		synctest.Wait()
		d.has(t, `refused "nobody's" false 0 unknown_event`)

		for range 4 {
			_, _ = ws.NewPush(s.Server, func(t ws.Target) ws.Target { return t }).All().Emit("typed", 1)
		}
		_, _ = s.Broadcast("free", 1)
		for c := range s.All().Clients() {
			_ = c.Sender().Send("raw")
		}
		synctest.Wait()
		if said = d.read(); said[0] != "sent {Event:typed Declared:true Outboxes:1 Bytes:28 Remote:false}" ||
			!slices.Contains(said, "shed {Event:typed Declared:true Sent:0 Shed:1 Replaced:0 Closed:0}") ||
			!slices.Contains(said, "sent {Event:free Declared:false Outboxes:0 Bytes:27 Remote:false}") ||
			!strings.HasPrefix(said[len(said)-1], "sent {Event: Declared:false") {
			t.Errorf("told %q", said)
		}

		refused := s.dial(t, "/ws?refuse=1")
		refused.closed(ws.CloseForbidden)
		synctest.Wait()
		d.has(t, "connecting test.Gateway /ws map[]", "opened", "within a", `refused "" false 0 forbidden`, "answered true forbidden", "closed 4403")
		p.leave()
		synctest.Wait()
		d.has(t, "closed 1000")
		s.shutdown(t)
	})
}

// TestObserverAnd checks that both are told, that contexts nest, and that a panic
// of one is no matter of the other's.
func TestObserverAnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &diary{name: "a"}, &diary{name: "b"}
		guard := connGuard(func(u *ws.Upgrade) error {
			if u.Request.URL.Query().Has("refuse") {
				return ws.NewError(ws.CodeUnauthenticated, "who?")
			}
			if got := u.Request.Context().Value(diaryKey{}); got != "ab" {
				t.Errorf("the guard's context has %v", got)
			}
			return nil
		})
		var within any
		s := servePipe(t, ws.Options{Observer: a.observer(diaryKey{}).And(b.observer(diaryKey{})).And(ws.Observer{}), OutboxFrames: 1}, gateway{
			connGuards: []ws.ConnGuard{guard},
			on:         map[string]handler{"door": inline(func(c *ws.Call) error { within = c.Context().Value(diaryKey{}); return nil })},
		})
		p := s.dial(t, "/ws")
		p.send(`{"event":"door"}`)
		synctest.Wait()
		if within != "ab" {
			t.Errorf("the handler's context has %v", within)
		}
		for range 3 {
			_, _ = s.Broadcast("free", 1)
		}
		p.leave()
		synctest.Wait()
		first, second := a.read(), b.read()
		if !slices.Equal(first, second) || len(first) < 10 {
			t.Errorf("told\n%q\nand\n%q", first, second)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ws?refuse=1", nil)
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
			r.Header.Set(name, value)
		}
		res := httptest.NewRecorder()
		if s.handler.ServeHTTP(res, r); res.Code != http.StatusUnauthorized {
			t.Errorf("answered %d %s", res.Code, res.Body)
		}
		synctest.Wait()
		a.has(t, "connecting test.Gateway /ws map[]", `refused "" false 401 unauthenticated`, "answered false unauthenticated")
		s.shutdown(t)
	})
	t.Run("panic", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := &diary{}
			s := servePipe(t, ws.Options{OutboxFrames: 1, Observer: ws.Observer{
				Connecting: func(context.Context, ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
					panic("connecting")
				},
				Opened: func(*ws.Client) { panic("opened") },
				Closed: func(*ws.Client, ws.Closed) { panic("closed") },
				Starting: func(context.Context, *ws.Client, string) (context.Context, func(time.Duration, *ws.Error)) {
					panic("starting")
				},
				Handled: func(*ws.Client, string, time.Duration, *ws.Error) { panic("handled") },
				Sent:    func(ws.Sent) { panic("sent") },
				Refused: func(ws.Refusal) { panic("refused") },
				Shed:    func(ws.Shed) { panic("shed") },
				Trace:   func(context.Context) string { panic("trace") },
			}.And(d.observer(diaryKey{}))}, gateway{on: map[string]handler{
				"door": inline(func(*ws.Call) error { return ws.NewError(ws.CodeNotFound, "not here") }),
			}})
			p := s.dial(t, "/ws")
			p.send(`{"event":"door","id":1}`)
			p.isRefused("door", "not_found")
			synctest.Wait()
			for range 3 {
				_, _ = s.Broadcast("free", 1)
			}
			p.leave()
			synctest.Wait()
			told := strings.Join(d.read(), "\n")
			for _, word := range []string{"connecting", "opened", "closed", "starting", "handled", "sent", "refused", "shed"} {
				if !strings.Contains(told, word+" ") && !strings.Contains(told, word+"\n") {
					t.Errorf("the other was not told of %s:\n%s", word, told)
				}
				if !strings.Contains(s.logs.String(), "panic in Observer: "+word) {
					t.Errorf("the panic in %s is not logged:\n%s", word, s.logs)
				}
			}
			s.shutdown(t)
		})
	})
}

// TestObserverEnds checks that all that has begun ends, once, whatever user code
// does: one of two observers that panics, handlers and streams that end their
// goroutine, and a ResponseWriter that panics.
func TestObserverEnds(t *testing.T) {
	broken := ws.Observer{
		Connecting: func(context.Context, ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
			panic("connecting")
		},
		Starting: func(context.Context, *ws.Client, string) (context.Context, func(time.Duration, *ws.Error)) {
			panic("starting")
		},
	}
	g := gateway{on: map[string]handler{
		"door":   inline(func(*ws.Call) error { return nil }),
		"exit":   inline(func(*ws.Call) error { runtime.Goexit(); return nil }),
		"serial": serial(func(*ws.Call) error { runtime.Goexit(); return nil }),
		"list": stream(func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(int) bool) { yield(1); runtime.Goexit() })
		}),
		"late": stream(func(c *ws.Call) error {
			_ = ws.Stream(c, func(yield func(int) bool) { time.Sleep(time.Second); yield(1) })
			runtime.Goexit()
			return nil
		}),
	}}
	only := func(said []string, words ...string) (of []string) {
		for _, line := range said {
			if word, _, _ := strings.Cut(line, " "); slices.Contains(words, word) {
				of = append(of, line)
			}
		}
		return of
	}
	for name, join := range map[string]func(ws.Observer) ws.Observer{
		"after one that panics":  broken.And,
		"before one that panics": func(o ws.Observer) ws.Observer { return o.And(broken) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				s := servePipe(t, ws.Options{Observer: join(d.observer(diaryKey{}))}, g)
				p := s.dial(t, "/ws")
				p.send(`{"event":"door"}`)
				synctest.Wait()
				said := d.read()
				if got, want := only(said, "connecting", "answered"), []string{"connecting test.Gateway /ws map[]", "answered false internal"}; !slices.Equal(got, want) {
					t.Errorf("told %q, want %q", got, want)
				}
				if got, want := only(said, "starting", "ended", "handled"), []string{"starting door true map[]", "ended internal", "handled door 0s ok"}; !slices.Equal(got, want) {
					t.Errorf("told %q, want %q", got, want)
				}
				p.leave()
				s.shutdown(t)
			})
		})
	}
	for _, event := range []string{"exit", "serial", "list", "late"} {
		t.Run(event, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				s := servePipe(t, ws.Options{Observer: d.observer(diaryKey{})}, g)
				p := s.dial(t, "/ws")
				p.send(`{"event":%q,"id":1}`, event)
				time.Sleep(2 * time.Second)
				got := only(d.read(), "starting", "ended", "handled")
				if len(got) != 3 || !strings.HasPrefix(got[0], "starting ") || got[1] != "ended internal" && event != "late" || !strings.HasPrefix(got[2], "handled "+event) {
					t.Errorf("told %q", got)
				}
				_ = p.conn.Close()
				s.shutdown(t)
			})
		})
	}
	t.Run("ResponseWriter", func(t *testing.T) {
		d := &diary{}
		s := ws.NewServer(ws.Options{Observer: d.observer(diaryKey{}), Logger: slog.New(slog.DiscardHandler)})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic went no further")
				}
			}()
			g.endpoint(s).ServeHTTP(brokenWriter{httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ws", nil))
		}()
		if got := only(d.read(), "connecting", "answered"); len(got) != 2 || got[1] != "answered false bad_frame" {
			t.Errorf("told %q", got)
		}
	})
}

// brokenWriter is a middleware's ResponseWriter that panics.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) WriteHeader(int) { panic("broken") }

// TestTraceInLog checks which trace lines of the log name: that of the
// message's meta, of the upgrade, or what the Observer says.
func TestTraceInLog(t *testing.T) {
	const upgrade, message = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
	parent := func(id string) string { return "00-" + id + "-00f067aa0ba902b7-01" }
	for _, tc := range []struct {
		name, header, meta  string
		observer            ws.Observer
		inClosed, inHandled string
	}{
		{name: "none"},
		{name: "upgrade", header: parent(upgrade), inClosed: upgrade, inHandled: upgrade},
		{name: "meta", header: parent(upgrade), meta: parent(message), inClosed: upgrade, inHandled: message},
		{name: "meta alone", meta: parent(message), inHandled: message},
		{name: "later version", header: "cc-" + upgrade + "-00f067aa0ba902b7-01-what-may-be", inClosed: upgrade, inHandled: upgrade},
		{name: "bad version", header: "ff-" + upgrade + "-00f067aa0ba902b7-01"},
		{name: "too long", header: parent(upgrade) + "-x"},
		{name: "no trace", header: parent(strings.Repeat("0", 32))},
		{name: "no parent", header: "00-" + upgrade + "-0000000000000000-01"},
		{name: "capitals", header: strings.ToUpper(parent(upgrade))},
		{name: "not hexadecimal", header: parent(strings.Repeat("g", 32))},
		{name: "observer", header: parent(upgrade), observer: ws.Observer{Trace: func(context.Context) string { return "mine" }}, inClosed: "mine", inHandled: "mine"},
		{name: "observer without one", header: parent(upgrade), observer: ws.Observer{Trace: func(context.Context) string { return "" }}, inClosed: upgrade, inHandled: upgrade},
		{name: "observer, too long", observer: ws.Observer{Trace: func(context.Context) string { return strings.Repeat("x", 65) }}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{Observer: tc.observer}, gateway{on: map[string]handler{"door": inline(func(*ws.Call) error { return nil })}})
				log := &logs{}
				debug := ws.NewServer(ws.Options{Observer: tc.observer, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
				s.Server, s.handler, s.logs = debug, ws.NewRouter(gateway{on: map[string]handler{"door": inline(func(*ws.Call) error { return nil })}}.endpoint(debug)), log
				header := []string{}
				if tc.header != "" {
					header = append(header, "Traceparent: "+tc.header)
				}
				p := s.dial(t, "/ws", header...)
				meta := ""
				if tc.meta != "" {
					meta = fmt.Sprintf(`,"meta":{"traceparent":%q}`, tc.meta)
				}
				p.send(`{"event":"door"%s}`, meta)
				synctest.Wait()
				p.leave()
				s.shutdown(t)
				for text, want := range map[string]string{"ws: closed": tc.inClosed, "ws: handled": tc.inHandled} {
					line := ""
					for l := range strings.Lines(log.String()) {
						if strings.Contains(l, text) {
							line += l
						}
					}
					got := ""
					if m := regexp.MustCompile(`\btrace=(\S+)`).FindStringSubmatch(line); m != nil {
						got = m[1]
					}
					if got != want || strings.Count(line, "\n") != 1 || !regexp.MustCompile(`\bconn=([0-9a-f]{6})[0-9a-f]{10} .*\bnode=[0-9a-f]{6}\n`).MatchString(line) {
						t.Errorf("trace %q, want %q: %s", got, want, line)
					}
				}
			})
		})
	}
}

// TestTraceOfRefusal checks that the line of a refused message has the message's
// trace, whoever refuses it.
func TestTraceOfRefusal(t *testing.T) {
	const upgrade, message = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
	parent := func(id string) string { return "00-" + id + "-00f067aa0ba902b7-01" }
	for want, observer := range map[string]ws.Observer{
		message: {},
		"mine": {
			Starting: func(ctx context.Context, _ *ws.Client, _ string) (context.Context, func(time.Duration, *ws.Error)) {
				return context.WithValue(ctx, diaryKey{}, "mine"), nil
			},
			Trace: func(ctx context.Context) string { id, _ := ctx.Value(diaryKey{}).(string); return id },
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := servePipe(t, ws.Options{Observer: observer}, gateway{on: map[string]handler{
				"door":   inline(func(*ws.Call) error { return ws.NewError(ws.CodeNotFound, "not here") }),
				"serial": serial(func(*ws.Call) error { return ws.NewError(ws.CodeNotFound, "not here") }),
				"late": {mode: ws.Serial, within: time.Second, call: func(c *ws.Call) error {
					<-c.Context().Done()
					return c.Context().Err()
				}},
				"list": stream(func(c *ws.Call) error {
					return ws.Stream2(c, func(yield func(int, error) bool) { yield(0, ws.NewError(ws.CodeNotFound, "not here")) })
				}),
			}})
			p := s.dial(t, "/ws", "Traceparent: "+parent(upgrade))
			for _, event := range []string{"door", "serial", "late", "list"} {
				p.send(`{"event":%q,"id":1,"meta":{"traceparent":%q}}`, event, parent(message))
				p.next()
				synctest.Wait()
				if !regexp.MustCompile(`msg="ws: refused" .*event=` + event + ` .*\btrace=` + want + ` `).MatchString(s.logs.String()) {
					t.Errorf("no line of %s with the trace %s:\n%s", event, want, s.logs)
				}
			}
			p.leave()
			s.shutdown(t)
		})
	}
}

// TestLogLevels checks what a log has at each level, also if that changes while
// connections are open.
func TestLogLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var level slog.LevelVar
		log := &logs{}
		server := ws.NewServer(ws.Options{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: &level}))})
		s := &pipeSite{Server: server, logs: log, handler: ws.NewRouter(gateway{on: map[string]handler{
			"door": inline(func(*ws.Call) error { return nil }),
			"shut": inline(func(*ws.Call) error { return ws.NewError(ws.CodeForbidden, "no") }),
		}}.endpoint(server))}
		count := func(text string) int { return strings.Count(log.String(), text) }
		p := s.dial(t, "/ws")
		p.send(`{"event":"door"}`)
		synctest.Wait()
		if log.String() != "" {
			t.Errorf("at the level info, nothing has happened: %s", log)
		}
		level.Set(slog.LevelDebug)
		for range 600 {
			p.send(`{"event":"door"}`)
		}
		synctest.Wait()
		if n := count(`level=DEBUG msg="ws: handled" gateway=test.Gateway event=door took=0s code=ok conn=`); n < 600-256 {
			t.Errorf("%d lines of 600 messages", n)
		}
		p.send(`{"event":"shut"}`)
		synctest.Wait()
		if count(`event=shut took=0s code=forbidden`) != 1 {
			t.Error("the refusal is missing")
		}
		level.Set(slog.LevelWarn)
		p.leave()
		synctest.Wait()
		if count("ws: closed") != 0 {
			t.Errorf("at the level warn: %s", log)
		}
		level.Set(slog.LevelInfo)
		p = s.dial(t, "/ws")
		time.Sleep(10 * time.Second)
		p.leave()
		s.shutdown(t)
		if !regexp.MustCompile(`level=INFO msg="ws: closed" code=1000 remote=true gateway=test.Gateway lasted=10s conn=\w{16} node=\w{6}\n`).MatchString(log.String()) {
			t.Errorf("no line of the connection: %s", log.String()[max(0, len(log.String())-500):])
		}
	})
}

// TestStatsForDashboard checks the numbers that need no Observer.
func TestStatsForDashboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := connGuard(func(u *ws.Upgrade) error {
			if u.Request.URL.Query().Has("refuse") {
				return ws.NewError(ws.CodeForbidden, "no")
			}
			return nil
		})
		s := servePipe(t, ws.Options{MaxConnections: 5, OutboxTotalBytes: 1 << 20, AcceptThenClose: true}, gateway{
			connGuards: []ws.ConnGuard{guard},
			on:         map[string]handler{"slow": serial(func(c *ws.Call) error { <-c.Context().Done(); return nil })},
		})
		silent := s.dial(t, "/ws")
		_ = silent.conn.SetDeadline(time.Time{}) // it does not read, and so answers no ping
		time.Sleep(10 * time.Minute)
		if got := s.Stats(); got.Silent+got.Slow != 1 || got.Closed != 1 {
			t.Errorf("after a peer that was silent: %+v", got)
		}
		busy := s.dial(t, "/ws")
		for range 3 {
			busy.send(`{"event":"slow"}`)
		}
		s.dial(t, "/ws?refuse=1").closed(ws.CloseForbidden)
		synctest.Wait()
		got := s.Stats()
		if got.MaxConnections != 5 || got.MaxOutboxes != 1<<20 || got.Admitted != 1 || got.Refused != 1 || got.Unopened != 1 || got.Draining {
			t.Errorf("%+v", got)
		}
		busy.send(`{"event":"nobody's"}`)
		_ = busy.conn.Close()
		s.shutdown(t)
		if got := s.Stats(); got.Dropped != 3 || got.Unopened != 1 || got.Admitted != 0 || !got.Draining {
			t.Errorf("in the end: %+v", got)
		}
	})
	if got := ws.NewServer(ws.Options{OutboxTotalBytes: ws.Unlimited}).Stats(); got.MaxConnections != 0 || got.MaxOutboxes != 0 {
		t.Errorf("without limits: %+v", got)
	}
}
