package ws_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// behind puts a handler before the site's gateways.
func (s *site) behind(h func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	next := s.http.Config.Handler
	s.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(w, r, next) })
}

// TestAnswerHeader: fields that middleware and guards put into the header are
// in the 101, and in a refusal. Fields that would break the answer are not.
func TestAnswerHeader(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		u.Header.Add("Set-Cookie", (&http.Cookie{Name: "guard", Value: "1"}).String())
		u.Header.Set("X-Guard", "a\r\nX-Injected: 1\r\n\r\nx")
		u.Header.Set("X-Seen", u.Header.Get("X-Middleware"))
		u.Header.Set("Www-Authenticate", `DPoP error="invalid_token"`)
		u.Header["X Injected: 1\r\nX-Injected"] = []string{"2"}
		u.Header["X-Injected\n"] = []string{"3"}
		u.Header["sec-websocket-accept"] = []string{"forged"}
		if u.Token == "" {
			return ws.NewError(ws.CodeUnauthenticated, "who?")
		}
		return nil
	})}})
	s.behind(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "renewed"})
		for name, value := range map[string]string{
			"X-Middleware": "yes", "Strict-Transport-Security": "max-age=1", "Connection": "close", "Upgrade": "h2c",
			"Sec-WebSocket-Accept": "forged", "Sec-WebSocket-Protocol": "forged", "Sec-WebSocket-Extensions": "permessage-deflate",
			"Sec-WebSocket-Version": "7", "Sec-WebSocket-Anything": "forged", "Content-Length": "3", "Transfer-Encoding": "chunked",
			"Content-Type": "text/html", "Content-Encoding": "gzip", "Content-Range": "bytes 0-1/2", "Trailer": "X", "Te": "x", "Keep-Alive": "x", "Proxy-Connection": "x",
		} {
			w.Header().Set(name, value)
		}
		if r.URL.Query().Has("refused") {
			w.Header().Del("Content-Encoding") // a middleware that sets it writes so, too
		}
		next.ServeHTTP(w, r)
	})
	for path, status := range map[string]int{"/ws?access_token=x": 101, "/ws?refused": 401} {
		_, r, res := s.request(t, "GET "+path+" HTTP/1.1", upgradeLines, string(frame(ping, nil)))
		var cookies []string
		for _, c := range res.Cookies() {
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		h := res.Header
		if res.StatusCode != status || !slices.Equal(cookies, []string{"session=renewed", "guard=1"}) ||
			h.Get("X-Middleware") != "yes" || h.Get("X-Seen") != "yes" || h.Get("Strict-Transport-Security") != "max-age=1" {
			t.Errorf("%s: %s %v", path, res.Status, h)
		}
		if got := h.Get("X-Guard"); strings.TrimRight(got, " ") != "a  X-Injected: 1    x" {
			t.Errorf("%s: X-Guard is %q", path, got)
		}
		for name, values := range h {
			if strings.Contains(name, "Inject") || slices.Contains(values, "forged") {
				t.Errorf("%s: the answer has %s: %q", path, name, values)
			}
		}
		for _, name := range []string{"Trailer", "Te", "Keep-Alive", "Proxy-Connection", "Sec-Websocket-Version", "Sec-Websocket-Anything", "Sec-Websocket-Extensions", "Sec-Websocket-Protocol"} {
			if h[name] != nil {
				t.Errorf("%s: the answer has %s: %q", path, name, h[name])
			}
		}
		if status == 401 {
			body, err := io.ReadAll(res.Body)
			if strings.TrimSpace(string(body)) != `{"code":"unauthenticated","message":"who?"}` || err != nil || h["Upgrade"] != nil ||
				!res.Close || h.Get("Content-Type") != "application/json; charset=utf-8" || h.Get("Www-Authenticate") != `DPoP error="invalid_token"` {
				t.Errorf("%q %v %v", body, err, h)
			}
			continue
		}
		for _, name := range []string{"Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding", "Content-Range"} {
			if h[name] != nil || len(res.TransferEncoding) > 0 || res.ContentLength > 0 {
				t.Errorf("the 101 has %s: %q", name, h[name])
			}
		}
		if !slices.Equal(h["Connection"], []string{"Upgrade"}) || !slices.Equal(h["Upgrade"], []string{"websocket"}) ||
			!slices.Equal(h["Sec-Websocket-Accept"], []string{"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}) {
			t.Errorf("the 101 has %v", h)
		}
		if head, err := r.Peek(2); err != nil || head[0] != pong || head[1] != 0 {
			t.Errorf("behind the 101 came %x %v, and not the Pong", head, err)
		}
	}
}

// bare is a wrapper of a middleware that knows nothing of hijacking. wrapped
// has Unwrap, and refusing cannot hijack.
type (
	bare     struct{ http.ResponseWriter }
	wrapped  struct{ http.ResponseWriter }
	refusing struct{ http.ResponseWriter }
)

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (refusing) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("not in this state")
}

// TestNotHijackable: a ResponseWriter that keeps its socket is a mistake of the
// server's. The answer names its type, and the cure.
func TestNotHijackable(t *testing.T) {
	for _, c := range []struct {
		wrap func(http.ResponseWriter) http.ResponseWriter
		says string // "" it works
	}{
		{func(w http.ResponseWriter) http.ResponseWriter { return wrapped{wrapped{w}} }, ""},
		{func(w http.ResponseWriter) http.ResponseWriter { return bare{w} }, "the ResponseWriter ws_test.bare has neither Hijack nor Unwrap"},
		{func(w http.ResponseWriter) http.ResponseWriter { return wrapped{wrapped{bare{wrapped{w}}}} }, "the ResponseWriter ws_test.bare has neither Hijack nor Unwrap"},
		{func(w http.ResponseWriter) http.ResponseWriter { return wrapped{refusing{w}} }, "the ResponseWriter ws_test.refusing does not give the connection away"},
	} {
		s := serve(t, ws.Options{MaxConnections: 1}, gateway{})
		s.behind(func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(c.wrap(w), r) })
		for range 2 { // and the place is free again
			p, res := s.try(t, "/ws")
			if c.says == "" {
				if p == nil {
					t.Error(res)
				}
				break
			}
			if p != nil || res.StatusCode != 500 || !strings.Contains(res.body, c.says) || !strings.Contains(res.body, `"code":"internal"`) {
				t.Errorf("%s: %v", c.says, res)
			}
		}
		if log := s.logs.String(); c.says != "" && (!strings.Contains(log, "level=ERROR") || !strings.Contains(log, c.says)) {
			t.Errorf("%s: the log says %s", c.says, log)
		}
	}
}
