// Package through checks what becomes of a gateway behind routers and middleware.
package through

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/behind/feed"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// Program checks a program's handler: a page's connection by TCP, a push, an
// event, the refusals, and what is served beside the gateway.
func Program(t *testing.T, newHandler func(*ws.Router) http.Handler) {
	t.Helper()
	gateways, push := feed.New(ws.NewServer(ws.Options{}))
	handler := newHandler(gateways)
	path := wstest.Path("/feed")
	c := wstest.Dial(t, handler, path, wstest.OnPort(),
		wstest.Header("Sec-WebSocket-Protocol", "bearer, ann"), wstest.Header("Host", "app.example.com"), wstest.Header("Origin", "https://app.example.com"))
	if n, err := push.All().Told("from a service"); n != 1 || err != nil {
		t.Errorf("pushed to %d: %v", n, err)
	}
	if text := wstest.Expect[string](c, "told"); text != "from a service" {
		t.Errorf("pushed: %q", text)
	}
	if n := wstest.Decode[int](c.Call("tell", "hello")); n != 1 {
		t.Errorf("told %d", n)
	}
	if text := wstest.Expect[string](c, "told"); text != "hello" {
		t.Errorf("told: %q", text)
	}
	wstest.ExpectRefused(t, handler, http.StatusUnauthorized, path)
	wstest.ExpectRefused(t, handler, http.StatusForbidden, path, wstest.Token("ann"), wstest.Header("Origin", "https://elsewhere.example"))

	for path, want := range map[string]string{"/": "hello\n", "/readyz": "ready\n"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if body, _ := io.ReadAll(w.Body); w.Code != http.StatusOK || string(body) != want {
			t.Errorf("%s: %d %q", path, w.Code, body)
		}
	}
}

// Wrap puts a router, with its middleware, in front of gateways, which it serves at
// /feed.
type Wrap func(gateways http.Handler) http.Handler

// Works checks that a connection is opened, and that an hour later it still hears
// pushes, is answered, and has not lost its context.
func (w Wrap) Works(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var lost error
		watch := func(next ws.Next) ws.Next {
			return func(ctx context.Context, m ws.Message) error {
				lost = ctx.Err()
				return next(ctx, m)
			}
		}
		gateways, push := feed.New(ws.NewServer(ws.Options{Interceptors: []ws.Interceptor{watch}}))
		c := wstest.Dial(t, w(gateways), wstest.Path("/feed"), wstest.Token("ann"))
		time.Sleep(time.Hour)
		_, _ = push.All().Told("later")
		if text := wstest.Expect[string](c, "told"); text != "later" {
			t.Errorf("told: %q", text)
		}
		c.Call("tell", "hello").OK()
		if lost != nil {
			t.Errorf("a handler's context: %v", lost)
		}
	})
}

// BoundsGuards checks that a connection guard which waits for ever is told to end
// after this time.
func (w Wrap) BoundsGuards(t *testing.T, after time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gateways, _ := feed.New(ws.NewServer(ws.Options{}))
		begun, took := time.Now(), time.Duration(0)
		gateways.Guard([]ws.ConnGuard{guard(func(u *ws.Upgrade) error {
			<-u.Request.Context().Done()
			took = time.Since(begun)
			return ws.NewError(ws.CodeUnavailable, "too slow")
		})}, nil)
		wstest.ExpectRefused(t, w(gateways), http.StatusServiceUnavailable, wstest.Path("/feed"), wstest.Token("ann"))
		if took != after {
			t.Errorf("a guard was told after %v, want %v", took, after)
		}
	})
}

// guard is a connection guard that is a function.
type guard func(u *ws.Upgrade) error

// GuardConn asks it.
func (g guard) GuardConn(u *ws.Upgrade) error { return g(u) }

// Refuses checks that no connection is opened, with this status, and that the
// answer has these words.
func (w Wrap) Refuses(t *testing.T, status int, words string) {
	t.Helper()
	gateways, _ := feed.New(ws.NewServer(ws.Options{}))
	refused := wstest.ExpectRefused(t, w(gateways), status, wstest.Path("/feed"), wstest.Token("ann"))
	if !strings.Contains(refused.Body, words) {
		t.Errorf("the answer %q does not say %q", refused.Body, words)
	}
}

// Log checks what a logger writes to log about a handshake: the query with its
// token, and words, but no token that comes in a header.
func (w Wrap) Log(t *testing.T, log interface{ String() string }, words ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gateways, _ := feed.New(ws.NewServer(ws.Options{}))
		for _, o := range [][]wstest.DialOption{
			{wstest.Path("/feed?access_token=in-the-query")},
			{wstest.Path("/feed"), wstest.Header("Sec-WebSocket-Protocol", "bearer, in-a-header")},
			{wstest.Path("/feed"), wstest.Token("in-authorization")},
		} {
			wstest.Dial(t, w(gateways), o...).Call("tell", "hello").OK()
			synctest.Wait() // the line is written when the handshake's handler has returned, which may be after an answer
		}
		for _, word := range append(words, "in-the-query") {
			if !strings.Contains(log.String(), word) {
				t.Errorf("the log has no %q:\n%s", word, log)
			}
		}
		if strings.Contains(log.String(), "in-a") {
			t.Errorf("the log has a header:\n%s", log)
		}
	})
}

// Unwrapping wraps the ResponseWriter as net/http asks for.
func Unwrapping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(unwrapping{w}, r) })
}

type unwrapping struct{ http.ResponseWriter }

func (w unwrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijacking wraps it, and hands over the connection itself.
func Hijacking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(hijacking{unwrapping{w}}, r) })
}

type hijacking struct{ unwrapping }

func (w hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
