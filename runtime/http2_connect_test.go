package ws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestExtendedConnect: an extended CONNECT has the answers of any other
// handshake (RFC 8441, section 5), the same statuses and bodies, but for those
// that HTTP/2 does not have.
func TestExtendedConnect(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	s := serve(t, ws.Options{CompressAbove: 100}, gateway{path: "/room/{id}"}, gateway{path: "/door", connGuards: []ws.ConnGuard{
		connGuard(func(u *ws.Upgrade) error {
			if r := u.Request; r.Method != http.MethodConnect || r.Proto != "HTTP/2.0" || r.ProtoMajor != 2 {
				return fmt.Errorf("a guard sees %s of %s", r.Method, r.Proto)
			}
			if u.Token == "" {
				return ws.NewError(ws.CodeUnauthenticated, "who are you?")
			}
			u.Header.Add("X-Guard", "seen")
			return nil
		}),
	}})
	h := s.h2(t, window)
	for _, c := range []struct {
		name, path string
		header     []string
		status     int
		code, text string
		answer     string // a header line of the answer
	}{
		{"accepted", "/room/1", nil, 200, "", "", ""},
		{"own page", "/room/1", []string{"Origin: https://" + h.host}, 200, "", "", ""},
		{"protocol in capitals", "/room/1", []string{":protocol: WebSocket"}, 200, "", "", ""},
		{"compression", "/room/1", []string{offer + "; server_max_window_bits=15"}, 200, "", "", "Sec-Websocket-Extensions: permessage-deflate; server_max_window_bits=15; server_no_context_takeover; client_no_context_takeover"},
		{"a token", "/door?access_token=x", nil, 200, "", "", "X-Guard: seen"},
		{"a token beside a subprotocol's name", "/door", []string{"Sec-WebSocket-Protocol: bearer, x"}, 200, "", "", "Sec-Websocket-Protocol: bearer"},
		{"another subprotocol", "/room/1", []string{"Sec-WebSocket-Protocol: mqtt"}, 400, "bad_frame", "subprotocol", ""},
		{"no token", "/door", nil, 401, "unauthenticated", "who are you?", "Www-Authenticate: Bearer"},
		{"own page, but not over TLS", "/room/1", []string{"Origin: http://" + h.host}, 403, "forbidden", "over TLS", ""},
		{"another page", "/room/1", []string{"Origin: https://evil.example"}, 403, "forbidden", "evil.example", ""},
		{"another protocol", "/room/1", []string{":protocol: connect-udp"}, 501, "bad_frame", "must be websocket", ""},
		{"another version", "/room/1", []string{"Sec-WebSocket-Version: 8"}, 400, "bad_frame", "must be 13", "Sec-Websocket-Version: 13"},
		{"no version", "/room/1", []string{"X-Nothing: 1"}, 400, "bad_frame", "must be 13", "Sec-Websocket-Version: 13"},
		{"a length", "/room/1", []string{"Content-Length: 3"}, 400, "bad_frame", "no Content-Length", ""},
		{"another path", "/rooms", nil, 404, "", "", ""},
		{"a path that is not clean", "/./room/1", nil, 404, "", "", ""}, // ServeMux redirects no CONNECT
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &h2{t, h.conn, h.host, h.rt}
			header := append([]string{"Sec-WebSocket-Version: 13"}, c.header...)
			if strings.HasSuffix(c.name, " version") {
				header = c.header
			}
			p, res := h.ask(c.path, header...)
			var got http.Header
			if p != nil {
				if c.status != 200 {
					t.Fatal("accepted")
				}
				got = p.header
				for _, name := range []string{"Upgrade", "Connection", "Sec-Websocket-Accept", "Content-Length", "Content-Type"} {
					if v, ok := got[name]; ok {
						t.Errorf("%s: %q", name, v)
					}
				}
				p.sendClose(1000, "")
				p.wantClose(ws.CloseNormal)
			} else {
				got = res.Header
				var body struct{ Code, Message string }
				_ = json.Unmarshal([]byte(res.body), &body)
				if res.StatusCode != c.status || body.Code != c.code || !strings.Contains(body.Message, c.text) {
					t.Errorf("got %s", res)
				}
			}
			if name, value, _ := strings.Cut(c.answer, ": "); got.Get(name) != value {
				t.Errorf("%s: %q", name, got.Get(name))
			}
		})
	}
}

// TestExtendedConnectMounted: on a mux of the application's, behind its
// middleware, a stream has the values of the path and the address of the peer.
// A ResponseWriter that wraps writing sees no frame. One that hides what a
// stream needs is named.
func TestExtendedConnectMounted(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	clients := make(chan *ws.Client, 1)
	logs := &logs{}
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.NewTextHandler(logs, nil)), MaxConnectionsPerAddr: 3})
	e := gateway{
		path: "/room/{id}",
		on:   map[string]handler{"echo": inline(echo)},
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
			clients <- c
			return nil, nil
		},
	}.endpoint(server)
	mux := http.NewServeMux()
	ws.NewRouter(e).Mount(mux)
	wrap := func(w http.ResponseWriter) http.ResponseWriter { return &unwrappable{opaque{w}} }
	st := &site{Server: server, http: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "seen=1")
		w.Header().Set("Content-Encoding", "gzip")
		r.RemoteAddr = "203.0.113.7:99"
		mux.ServeHTTP(wrap(w), r)
	}))}
	start(st.http)
	defer st.http.Close()
	defer func() { _ = server.Shutdown(t.Context()) }()

	p := st.dial(t, "/room/7?x=1")
	c := await(t, "the connection", clients)
	if got := c.RemoteAddr().String(); got != "203.0.113.7:99" {
		t.Errorf("remote %s", got)
	}
	if got := c.PathValue("id"); got != "7" {
		t.Errorf("path value %q", got)
	}
	if p.header.Get("Set-Cookie") != "seen=1" || p.header.Get("Content-Encoding") != "" {
		t.Errorf("answered %v", p.header)
	}
	p.echoes()
	p.leave()
	wrap = func(w http.ResponseWriter) http.ResponseWriter { return &opaque{w} }
	_, res := st.try(t, "/room/7")
	if res == nil || res.StatusCode != http.StatusInternalServerError {
		t.Errorf("with a wrapper that hides the rest: %v", res)
	}
	if said := logs.String(); !strings.Contains(said, "*ws_test.opaque") || !strings.Contains(said, "Unwrap() http.ResponseWriter") {
		t.Errorf("the log does not help: %s", said)
	}
}

// TestExtendedConnectThenClose: a page cannot see a 401, so a Close may tell
// it.
func TestExtendedConnectThenClose(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	s := serve(t, ws.Options{AcceptThenClose: true}, gateway{connGuards: []ws.ConnGuard{
		connGuard(func(*ws.Upgrade) error { return ws.NewError(ws.CodeUnauthenticated, "sign in") }),
	}})
	if reason := s.dial(t, "/ws").wantClose(ws.CloseUnauthenticated); reason != "unauthenticated: sign in" {
		t.Errorf("reason %q", reason)
	}
}

// opaque hides all of a ResponseWriter but the interface; nothing may be
// written by it.
type opaque struct{ http.ResponseWriter }

func (w *opaque) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte(`{"code"`)) {
		return w.ResponseWriter.Write(p)
	}
	panic("frames went through a middleware")
}

type unwrappable struct{ opaque }

func (u *unwrappable) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// TestExtendedConnectUnset: without the setting a server does not announce RFC
// 8441, and a client that asks all the same gets no connection.
func TestExtendedConnectUnset(t *testing.T) {
	if !inProcess(t, false) {
		return
	}
	viaHTTP2(t)
	s := serve(t, ws.Options{}, gateway{})
	c := s.rawH2(t, window)
	if v, ok := c.settings[settingConnect]; ok {
		t.Errorf("announced: %d", v)
	}
	c.connect(1, "/ws", 0)
	c.wantReset(1, h2ProtocolError)
	if st := s.Stats(); st.Opened != 0 {
		t.Errorf("%+v", st)
	}
}
