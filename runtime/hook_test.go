package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// request returns a handshake, with rest behind it.
func request(rest string) string {
	return "GET /ws HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + rest
}

// TestHookDeadline: a connect hook's context ends with HandshakeTimeout. A hook
// that returns its error closes with 1013: try again.
func TestHookDeadline(t *testing.T) {
	for name, wait := range map[string]func(context.Context) error{
		"done": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"err": func(ctx context.Context) error {
			time.Sleep(5 * time.Second)
			return fmt.Errorf("wrapped: %w", ctx.Err())
		},
		"derived": func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := make(chan context.Context, 1)
				s := servePipe(t, ws.Options{}, gateway{connect: func(ctx context.Context, c *ws.Client, _ *http.Request) (any, error) {
					kept <- ctx
					if until, ok := ctx.Deadline(); !ok || time.Until(until) != 5*time.Second {
						t.Errorf("deadline %v, %v", until, ok)
					}
					if _, ok := c.Context().Deadline(); ok || c.Context().Err() != nil {
						t.Error("the connection's context has a deadline")
					}
					return nil, wait(ctx)
				}})
				begun := time.Now()
				p := s.dial(t, "/ws")
				if took := time.Since(begun); took != 5*time.Second {
					t.Errorf("took %v", took)
				}
				if reason := p.wantClose(ws.CloseOverloaded); reason != "timeout: opening the connection took too long" {
					t.Error(reason)
				}
				if ctx := <-kept; !errors.Is(ctx.Err(), context.DeadlineExceeded) {
					t.Errorf("its error is %v", ctx.Err())
				}
				s.shutdown(t)
			})
		})
	}
	t.Run("unlimited", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := servePipe(t, ws.Options{HandshakeTimeout: ws.Unlimited}, gateway{connect: func(ctx context.Context, _ *ws.Client, _ *http.Request) (any, error) {
				if _, ok := ctx.Deadline(); ok {
					t.Error("there is a deadline")
				}
				select {
				case <-ctx.Done():
				case <-time.After(2 * time.Second):
				}
				return nil, ctx.Err()
			}})
			p := s.dial(t, "/ws")
			_ = p.conn.Close()
			s.shutdown(t)
		})
	})
}

// TestHookEnds: the context of a hook is over when the hook has returned, also
// for code that asks only then. The connection's goes on.
func TestHookEnds(t *testing.T) {
	type key struct{}
	kept := make(chan context.Context, 2)
	s := serve(t, ws.Options{}, gateway{
		on: map[string]handler{"echo": inline(echo)},
		connect: func(ctx context.Context, c *ws.Client, r *http.Request) (any, error) {
			if from, ok := ws.ClientFrom(context.WithValue(ctx, key{}, 1)); !ok || from != c || ctx.Value(key{}) != nil {
				t.Error("its values are not the connection's")
			}
			if r.URL.Query().Has("wait") {
				if ctx.Err() != nil {
					t.Error("it is over")
				}
				if from, ok := ws.ClientFrom(ctx); !ok || from != c {
					t.Error("its values are not the connection's")
				}
			}
			kept <- ctx
			kept <- c.Context()
			return nil, nil
		},
	})
	for _, path := range []string{"/ws", "/ws?wait"} {
		p := s.dial(t, path)
		hook, conn := <-kept, <-kept
		await(t, "the end of the hook's context", hook.Done())
		if !errors.Is(hook.Err(), context.Canceled) || conn.Err() != nil {
			t.Errorf("%s: %v, %v", path, hook.Err(), conn.Err())
		}
		p.send(`{"event":"echo","data":1}`)
		p.want(`{"event":"echo","data":1}`)
	}
}

// TestHookPeerGone: a hook that waits hears when the peer has gone. The
// connection closes, and leaves nothing.
func TestHookPeerGone(t *testing.T) {
	waits := make(chan struct{}, 10)
	ended, closed := make(chan error, 10), make(chan ws.Closed, 10)
	g := gateway{
		connect: func(ctx context.Context, _ *ws.Client, r *http.Request) (any, error) {
			waits <- struct{}{}
			select {
			case <-ctx.Done():
			case <-time.After(patience):
			}
			ended <- ctx.Err()
			if r.URL.Query().Has("mind") {
				return nil, ctx.Err()
			}
			return nil, nil
		},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
	}
	for _, c := range []string{"tcp", "portable", "tls", "pipe"} {
		for _, rest := range []string{"", "\x81\x85\x01"} {
			t.Run(c+fmt.Sprintf(" %q", rest), func(t *testing.T) {
				s := ws.NewServer(ws.Options{HandshakeTimeout: ws.Unlimited})
				if c == "portable" {
					s.Portable()
				}
				server := httptest.NewUnstartedServer(ws.NewRouter(g.endpoint(s)))
				if c == "tls" {
					server.StartTLS()
				} else {
					server.Start()
				}
				defer server.Close()
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				switch {
				case err != nil:
					t.Fatal(err)
				case c == "tls":
					conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
				case c == "pipe":
					_ = conn.Close()
					var other net.Conn
					conn, other = net.Pipe()
					go func() {
						r := bufio.NewReader(other)
						if req, err := http.ReadRequest(r); err == nil {
							ws.NewRouter(g.endpoint(s)).ServeHTTP(&hijack{conn: other, rw: bufio.NewReadWriter(r, bufio.NewWriter(other))}, req)
						}
					}()
				}
				if _, err := io.WriteString(conn, request(rest)); err != nil {
					t.Fatal(err)
				}
				await(t, "the hook waits", waits)
				if rest != "" { // it has been read ahead by now, or with the request
					if _, err := io.WriteString(conn, "\x02\x03\x04"); err != nil {
						t.Fatal(err)
					}
				}
				_ = conn.Close()
				if err := await(t, "its context ends", ended); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if cause := await(t, "the disconnect hook", closed); cause.Code != ws.CloseAbnormal || !cause.Remote {
					t.Errorf("%+v", cause)
				}
				if err := s.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestAnswerPeerGone: a peer that has gone before it has the answer is no
// error. It could fill the log with such errors, and push out real ones.
func TestAnswerPeerGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, gateway{connect: func(ctx context.Context, _ *ws.Client, _ *http.Request) (any, error) {
			<-ctx.Done()
			return nil, nil
		}})
		conn := s.connect()
		if _, err := io.WriteString(conn, request("")); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		synctest.Wait()
		if n := s.Stats().Refused; n != 1 {
			t.Errorf("%d refused", n)
		}
		s.shutdown(t)
		if got := s.logs.tale(); got.lines != 0 || got.closed != 1 {
			t.Error(s.logs)
		}
	})
}

// TestHookReadsAhead: frames that come while a hook waits are handled after it,
// in order, however many they are.
func TestHookReadsAhead(t *testing.T) {
	for _, kind := range []string{"tcp", "portable"} {
		for _, total := range []int{1, 3, 200, 2000} { // 2000 are more than are read ahead
			for _, first := range []int{0, 1, total} { // that come with the request
				t.Run(fmt.Sprintf("%s %d %d", kind, first, total), func(t *testing.T) {
					portable = kind == "portable"
					defer func() { portable = false }()
					waits, goOn := make(chan struct{}), make(chan struct{})
					s := serve(t, ws.Options{}, gateway{
						on: map[string]handler{"echo": inline(echo)},
						connect: func(ctx context.Context, _ *ws.Client, _ *http.Request) (any, error) {
							_ = ctx.Done()
							close(waits)
							<-goOn
							return nil, ctx.Err()
						},
					})
					conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = conn.Close() }()
					_ = conn.SetDeadline(time.Now().Add(patience))
					var with, later []byte
					for i := range total {
						to := &later
						if i < first {
							to = &with
						}
						*to = append(*to, frame(text, fmt.Appendf(nil, `{"event":"echo","data":%d}`, i))...)
					}
					if _, err := io.WriteString(conn, request(string(with))); err != nil {
						t.Fatal(err)
					}
					<-waits
					go func() { _, _ = conn.Write(later) }()
					time.AfterFunc(5*time.Millisecond, func() { close(goOn) })
					r := bufio.NewReader(conn)
					if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 101 {
						t.Fatal(res, err)
					}
					p := &peer{t: t, conn: conn, r: r}
					for i := range total {
						p.want(fmt.Sprintf(`{"event":"echo","data":%d}`, i))
					}
				})
			}
		}
	}
}

// TestHookWaitEnds: however a hook ends that waits, nothing goes on reading.
func TestHookWaitEnds(t *testing.T) {
	for name, end := range map[string]func() error{
		"error":  func() error { return ws.NewError(ws.CodeForbidden, "no") },
		"panic":  func() error { panic("boom") },
		"goexit": func() error { runtime.Goexit(); return nil },
	} {
		s := serve(t, ws.Options{}, gateway{connect: func(ctx context.Context, _ *ws.Client, _ *http.Request) (any, error) {
			_ = ctx.Done()
			return nil, end()
		}})
		conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(conn, request("")); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(conn); err != nil || name != "goexit" && !strings.Contains(string(answer), "101") {
			t.Errorf("%s: %q, %v", name, answer, err)
		}
		_ = conn.Close()
		eventually(t, "gone", func() bool { return s.Stats().Connections == 0 })
	}
}

// TestGuardPeerGone: the context of a connection guard ends when the peer has
// gone, before there is a connection.
func TestGuardPeerGone(t *testing.T) {
	waits, ended := make(chan struct{}), make(chan error, 1)
	s := serve(t, ws.Options{HandshakeTimeout: ws.Unlimited}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		close(waits)
		<-u.Request.Context().Done()
		ended <- u.Request.Context().Err()
		return u.Request.Context().Err()
	})}})
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request("")); err != nil {
		t.Fatal(err)
	}
	await(t, "the guard waits", waits)
	_ = conn.Close()
	if err := await(t, "its context ends", ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
