package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

type connGuard func(*ws.Upgrade) error

func (g connGuard) GuardConn(u *ws.Upgrade) error { return g(u) }

type messageGuard func(context.Context, ws.Message) error

func (g messageGuard) GuardMessage(ctx context.Context, m ws.Message) error { return g(ctx, m) }

// TestConnGuards: a refusal is an HTTP answer with a body, before any upgrade.
func TestConnGuards(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		body   string
		header string
	}{
		{ws.NewError(ws.CodeUnauthenticated, "who?"), 401, `{"code":"unauthenticated","message":"who?"}`, "Www-Authenticate: Bearer"},
		{ws.NewError(ws.CodeForbidden, "no").WithCause(errors.New("secret")), 403, `{"code":"forbidden","message":"no"}`, ""},
		{&ws.Error{Code: ws.CodeRateLimited, Message: "slow", RetryAfter: 1500 * time.Millisecond}, 429, `{"code":"rate_limited","message":"slow","retryAfterMs":1500}`, "Retry-After: 2"},
		{ws.NewError("mine", "no"), 403, `{"code":"mine","message":"no"}`, ""},
		{ws.NewError(ws.CodeNotFound, "no such room"), 404, `{"code":"not_found","message":"no such room"}`, ""},
		{ws.NewError(ws.CodeConflict, "elsewhere"), 409, `{"code":"conflict","message":"elsewhere"}`, ""},
		{ws.NewError(ws.CodeInvalidPayload, "v is no number"), 400, `{"code":"invalid_payload","message":"v is no number"}`, ""},
		{ws.NewError(ws.CodeValidationFailed, "v is 9"), 400, `{"code":"validation_failed","message":"v is 9"}`, ""},
		{ws.NewError(ws.CodeTooLarge, "long"), 431, `{"code":"too_large","message":"long"}`, ""},
		{&ws.Error{Code: ws.CodeUnavailable, Message: "soon", RetryAfter: time.Second}, 503, `{"code":"unavailable","message":"soon","retryAfterMs":1000}`, "Retry-After: 1"},
		{ws.NewError(ws.CodeTimeout, "slow"), 503, `{"code":"timeout","message":"slow"}`, ""},
		{ws.NewError(ws.CodeInternal, "broken"), 500, `{"code":"internal","message":"broken"}`, ""},
		{errors.New("secret"), 500, `{"code":"internal","message":"internal error","ref":`, ""},
	} {
		s := serve(t, ws.Options{}, gateway{
			connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { return fmt.Errorf("wrapped: %w", c.err) })},
			connect:    func(context.Context, *ws.Client, *http.Request) (any, error) { t.Error("connected"); return nil, nil },
		})
		p, res := s.try(t, "/ws")
		if p != nil || res.StatusCode != c.status || !strings.HasPrefix(strings.TrimSpace(res.body), c.body) {
			t.Errorf("%v: %v", c.err, res)
			continue
		}
		if name, value, ok := strings.Cut(c.header, ": "); ok && res.Header.Get(name) != value {
			t.Errorf("%v: header %v", c.err, res.Header)
		}
	}
}

// TestPrincipal: the principal that a guard leaves belongs to the connection,
// and addresses it.
func TestPrincipal(t *testing.T) {
	guard := connGuard(func(u *ws.Upgrade) error {
		u.Principal = ws.Principal{ID: u.Token, Scopes: []string{"chat"}, Value: u.Request.PathValue("room")}
		return nil
	})
	clients := make(chan *ws.Client, 3)
	g := lobby(clients)
	g.path, g.connGuards = "/ws/{room}", []ws.ConnGuard{guard}
	s := serve(t, ws.Options{}, g)
	a, b := s.dial(t, "/ws/7", "Authorization: Bearer ann"), s.dial(t, "/ws/8?access_token=ann")
	c := <-clients
	if p := c.Principal(); p.ID != "ann" || p.Value != "7" || !slices.Equal(p.Scopes, []string{"chat"}) {
		t.Errorf("principal %+v", p)
	}
	if c.PathValue("room") != "7" || c.PathValue("other") != "" {
		t.Errorf("path value %q", c.PathValue("room"))
	}
	if !c.RemoteAddr().Addr().IsLoopback() || c.RemoteAddr().Port() == 0 {
		t.Errorf("remote %v", c.RemoteAddr())
	}
	s.dial(t, "/ws/9")
	if n, err := s.Users("ann", "ann").Emit("e", 1); n != 2 || err != nil {
		t.Error(n, err)
	}
	a.want(`{"event":"e","data":1}`)
	b.want(`{"event":"e","data":1}`)
	if n := s.Users("ann").Disconnect(ws.CloseForbidden, "out"); n != 2 {
		t.Error(n)
	}
	a.wantClose(ws.CloseForbidden)
	b.wantClose(ws.CloseForbidden)
	eventually(t, "user gone", func() bool { return s.Users("ann").Count() == 0 })
}

// TestRequestValues: values that a middleware leaves in the context of the
// request are there for the guard and in the hook's request. The connection's
// own contexts outlive the request and have none of them.
func TestRequestValues(t *testing.T) {
	type key struct{}
	seen := make(chan string, 3)
	look := func(where string, ctx context.Context) {
		seen <- fmt.Sprint(where, " ", ctx.Value(key{}), " ", ctx.Err())
	}
	s := serve(t, ws.Options{}, gateway{
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			look("guard", u.Request.Context())
			u.Principal.Value = u.Request.Context().Value(key{})
			return nil
		})},
		connect: func(ctx context.Context, c *ws.Client, r *http.Request) (any, error) {
			look("request", r.Context())
			look("hook", ctx)
			return nil, nil
		},
		on: map[string]handler{
			"inline":   inline(func(c *ws.Call) error { look("inline", c.Context()); return c.Reply(c.Client().Principal().Value) }),
			"serial":   serial(func(c *ws.Call) error { look("serial", c.Context()); return c.Reply(c.Client().Principal().Value) }),
			"parallel": {mode: ws.Parallel, call: func(c *ws.Call) error { look("parallel", c.Context()); return c.Reply(c.Client().Principal().Value) }},
		},
	})
	s.http.Config.Handler = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "value")))
		})
	}(s.http.Config.Handler)
	p := s.dial(t, "/ws")
	for _, want := range []string{"guard value <nil>", "request value <nil>", "hook <nil> <nil>"} {
		if got := await(t, want, seen); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, event := range []string{"inline", "serial", "parallel"} {
		p.send(`{"event":%q,"id":1}`, event)
		if got, want := await(t, event, seen), event+" <nil> <nil>"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		p.want(`{"event":"` + event + `","id":1,"data":"value"}`)
	}
}

// TestMessageGuards: a refusal is an error frame, the connection stays, and the
// handler is not called. Each guard runs once, in order.
func TestMessageGuards(t *testing.T) {
	var order []string
	note := func(name string) *noting { return &noting{name, &order} }
	global, gate, own := note("global"), note("gateway"), note("own")
	s := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	e := gateway{
		guards: []ws.MessageGuard{gate, global},
		on: map[string]handler{"say": {
			call: func(c *ws.Call) error { order = append(order, "handler"); return echo(c) },
			guards: []ws.MessageGuard{own, gate, messageGuard(func(ctx context.Context, m ws.Message) error {
				var v struct{ Author string }
				if c, ok := ws.ClientFrom(ctx); !ok || c != m.Client || m.Event != "say" {
					t.Error("message is not complete")
				}
				if err := m.Decode(&v); err == nil && v.Author == "banned" {
					return ws.NewError(ws.CodeForbidden, "banned")
				}
				return nil
			})},
		}},
	}.endpoint(s)
	router := ws.NewRouter(e).Guard([]ws.ConnGuard{note("connection")}, []ws.MessageGuard{global})
	st := &site{Server: s, http: httptest.NewServer(router)}
	defer st.http.Close()
	defer func() { _ = s.Shutdown(context.Background()) }()
	p := st.dial(t, "/ws")
	p.send(`{"event":"say","id":1,"data":{"author":"banned"}}`)
	p.want(`{"event":"error","id":1,"data":{"code":"forbidden","message":"banned","event":"say"}}`)
	p.send(`{"event":"say","data":{"author":"ann"}}`)
	p.want(`{"event":"say","data":{"author":"ann"}}`)
	p.send(`{"event":"say","data":5}`)
	p.want(`{"event":"say","data":5}`)
	if got := strings.Join(order, " "); got != "connection global gateway own global gateway own handler global gateway own handler" {
		t.Error(got)
	}
}

type noting struct {
	name string
	to   *[]string
}

func (n *noting) GuardConn(*ws.Upgrade) error { *n.to = append(*n.to, n.name); return nil }

func (n *noting) GuardMessage(context.Context, ws.Message) error {
	*n.to = append(*n.to, n.name)
	return nil
}

// TestOrigin: only the server's own pages may connect, unless allowed by name.
func TestOrigin(t *testing.T) {
	s := serve(t, ws.Options{Origins: []string{"https://app.example.com"}}, gateway{})
	open := serve(t, ws.Options{InsecureSkipOriginCheck: true}, gateway{})
	host := s.http.Listener.Addr().String()
	over, plain := "", true // a page that came without TLS is of another origin where there is TLS
	if overHTTP2 {
		over, plain = " over TLS", false
	}
	for _, c := range []struct {
		header []string
		ok     bool
	}{
		{nil, true},
		{[]string{"Origin: http://" + host}, plain},
		{[]string{"Origin: https://" + host}, true},
		{[]string{"Origin: HTTP://" + host}, plain},
		{[]string{"Origin: https://app.example.com"}, true},
		{[]string{"Origin: https://APP.example.com"}, true},
		{[]string{"Origin: http://app.example.com"}, false},
		{[]string{"Origin: https://app.example.com:8443"}, false},
		{[]string{"Origin: https://app.example.com.evil.com"}, false},
		{[]string{"Origin: https://evil.com"}, false},
		{[]string{"Origin: null"}, false},
		{[]string{"Origin: "}, false},
		{[]string{"Origin: http://127.0.0.1"}, false},
		{[]string{"Origin: http://" + host + ".evil.com"}, false},
		{[]string{"Origin: http://" + host + "@evil.com"}, false},
		{[]string{"Origin: http://evil@" + host}, false},
		{[]string{"Origin: http://" + host + "/path"}, false},
		{[]string{"Origin: file://" + host}, false},
		{[]string{"Origin: http://" + host, "Origin: http://evil.com"}, false},
	} {
		p, res := s.try(t, "/ws", c.header...)
		if (p != nil) != c.ok {
			t.Errorf("%q: connected %v", c.header, p != nil)
		}
		if res != nil && (res.StatusCode != 403 || !strings.Contains(res.body, `may not connect to host \"`+host+`\"`+over+`; allow it by Options.Origins`)) {
			t.Errorf("%q: %v", c.header, res)
		}
		if p, _ := open.try(t, "/ws", c.header...); p == nil {
			t.Errorf("%q: refused although the check is off", c.header)
		}
	}
	if !strings.Contains(s.logs.String(), "evil.com") {
		t.Error("a refused origin is not in the log")
	}
}

// TestHandshakes: a request that is no handshake gets an answer that says what
// to do.
func TestHandshakes(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{})
	do := func(method, path string, header ...string) *http.Response {
		t.Helper()
		req, _ := http.NewRequest(method, s.http.URL+path, nil)
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			req.Header.Add(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode < 400 || res.StatusCode != 404 && !json.Valid(body) {
			t.Errorf("%s %s %q: %s %s", method, path, header, res.Status, body)
		}
		return res
	}
	defer http.DefaultClient.CloseIdleConnections()
	up := []string{"Connection: Upgrade", "Upgrade: websocket"}
	key := "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	for _, c := range []struct {
		status int
		res    *http.Response
	}{
		{404, do("GET", "/nope")},
		{426, do("GET", "/ws")},
		{405, do("POST", "/ws", up...)},
		{426, do("GET", "/ws", append(up, key, "Sec-WebSocket-Version: 8")...)},
		{400, do("GET", "/ws", append(up, "Sec-WebSocket-Version: 13")...)},
		{400, do("GET", "/ws", append(up, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short")...)},
		{400, do("GET", "/ws", append(up, "Sec-WebSocket-Version: 13", key, "Sec-WebSocket-Protocol: graphql-ws")...)},
		{400, do("GET", "/ws", append(up, "Sec-WebSocket-Version: 13", key, "Sec-WebSocket-Protocol: wsgen.v2.json, jsonrpc")...)},
	} {
		if c.res.StatusCode != c.status {
			t.Errorf("%s %v: %s, want %d", c.res.Request.Method, c.res.Request.Header, c.res.Status, c.status)
		}
	}
	t.Run("no hijacker", func(t *testing.T) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/ws", nil)
		for _, h := range append(up, "Sec-WebSocket-Version: 13", key) {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		s.http.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "httptest.ResponseRecorder has neither Hijack nor Unwrap") {
			t.Error(w.Code, w.Body)
		}
	})
	if n := s.Stats().Refused; n != 8 {
		t.Errorf("%d refusals counted", n)
	}
}
