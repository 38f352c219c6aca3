package ws_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestAcceptThenClose: a guard's refusal is a Close with code and reason, which
// a page can read. A connection that is refused so was never registered.
func TestAcceptThenClose(t *testing.T) {
	var mu sync.Mutex
	var refused []ws.Refusal
	o := ws.Options{
		AcceptThenClose: true, CompressAbove: 1,
		Observer: ws.Observer{
			Refused: func(r ws.Refusal) { mu.Lock(); defer mu.Unlock(); refused = append(refused, r) },
			Opened:  func(*ws.Client) { t.Error("opened") },
			Closed:  func(*ws.Client, ws.Closed) { t.Error("closed") },
		},
	}
	for _, c := range []struct {
		name   string
		guard  func(*ws.Upgrade) error
		code   ws.CloseCode
		reason string
	}{
		{"who?", func(*ws.Upgrade) error { return ws.NewError(ws.CodeUnauthenticated, "no such token") }, 4401, "unauthenticated: no such token"},
		{"no", func(*ws.Upgrade) error { return ws.NewError(ws.CodeForbidden, "not you") }, 4403, "forbidden: not you"},
		{"slowly", func(*ws.Upgrade) error { return ws.NewError(ws.CodeRateLimited, "later") }, 4429, "rate_limited: later"},
		{"later", func(*ws.Upgrade) error { return ws.NewError(ws.CodeUnavailable, "in a while") }, 1013, "unavailable: in a while"},
		{"mine", func(*ws.Upgrade) error { return ws.NewError("mine", "no") }, 1008, "mine: no"},
		{"fails", func(*ws.Upgrade) error { return errors.New("a secret of ours") }, 1011, "internal: internal error"},
		{"panics", func(*ws.Upgrade) error { panic("a secret of ours") }, 1011, "internal: internal error"},
		{"expired", func(u *ws.Upgrade) error { u.Principal.Expires = time.Now().Add(-time.Second); return nil }, 4401, "unauthenticated: the credential has expired"},
		{"too late", func(u *ws.Upgrade) error {
			ctx, cancel := context.WithCancelCause(u.Request.Context())
			defer cancel(nil)
			<-ctx.Done()
			return ctx.Err()
		}, 1013, "timeout: deciding about the connection took too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := o
			o.HandshakeTimeout = 300 * time.Millisecond
			s := serve(t, o, gateway{
				connGuards: []ws.ConnGuard{connGuard(c.guard)},
				connect:    func(context.Context, *ws.Client, *http.Request) (any, error) { t.Error("connected"); return nil, nil },
				disconnect: func(context.Context, *ws.Client, any, ws.Closed) { t.Error("disconnected") },
				on:         map[string]handler{"echo": inline(func(*ws.Call) error { t.Error("handled"); return nil })},
			})
			p := s.dial(t, "/ws", "Sec-WebSocket-Protocol: bearer, abc", offer)
			if got := p.header.Get("Sec-WebSocket-Protocol"); got != "bearer" {
				t.Errorf("agreed on %q", got)
			}
			p.send(`{"event":"echo"}`)
			if got := p.wantClose(c.code); got != c.reason {
				t.Errorf("reason %q", got)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(refused) != 1 || refused[0].Status != 101 || refused[0].Client != nil || !strings.HasPrefix(c.reason, string(refused[0].Err.Code)) {
				t.Errorf("the Observer was told %+v", refused)
			}
			refused = nil
			if n := s.Stats(); n.Opened != 0 || n.Refused != 1 || n.Received != 0 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestAcceptOnlyGuards: a request that no upgrade could answer, or that a page
// of another site makes, is refused by HTTP as ever. A request that passes
// becomes a connection.
func TestAcceptOnlyGuards(t *testing.T) {
	asked := 0
	s := serve(t, ws.Options{AcceptThenClose: true, MaxConnections: 1}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		asked++
		if u.Token != "ann" {
			return ws.NewError(ws.CodeUnauthenticated, "who?")
		}
		return nil
	})}})
	for _, c := range []struct {
		header string
		status int
	}{
		{"Origin: https://evil.example", 403},
		{"Sec-WebSocket-Protocol: chat", 401}, // no echo, no connection: a Close would never be read
		{"Content-Length: 1", 400},
	} {
		if _, res := s.try(t, "/ws", c.header); res == nil || res.StatusCode != c.status {
			t.Errorf("%q: %v", c.header, res)
		}
	}
	if asked != 1 {
		t.Errorf("the guard was asked %d times: the origin comes first", asked)
	}
	p := s.dial(t, "/ws?access_token=ann")
	if _, res := s.try(t, "/ws"); res == nil || res.StatusCode != 503 {
		t.Errorf("beyond the limit: %v", res)
	}
	if n := s.All().Disconnect(4000, "enough"); n != 1 {
		t.Error(n)
	}
	p.wantClose(4000)
}

// TestTurnedAwayIsCounted: a connection that was turned away has its place
// until its socket is closed. No peer can make that longer than a second.
func TestTurnedAwayIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{AcceptThenClose: true, MaxConnections: 1}, gateway{
			connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
				if u.Token == "" {
					return ws.NewError(ws.CodeUnauthenticated, "who?")
				}
				return nil
			})},
		})
		p := s.dial(t, "/ws")
		if first, payload, err := p.read(); first != closes || string(payload) != "\x11\x31unauthenticated: who?" || err != nil {
			t.Fatalf("%#x %q %v", first, payload, err)
		}
		begun := time.Now()
		answer := make(chan string, 1)
		go func() { // it goes on and on, and no Close comes back
			for {
				if _, err := p.conn.Write(frame(text, []byte("{}"))); err != nil {
					answer <- err.Error()
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		if s.full() != true {
			t.Error("the place is free before the socket is closed")
		}
		<-answer
		if held := time.Since(begun); held < 900*time.Millisecond || held > 2*time.Second {
			t.Errorf("the socket was held for %v", held)
		}
		synctest.Wait()
		if s.full() {
			t.Error("the place is taken for good")
		}
		s.shutdown(t)
	})
}

// full reports whether one more connection is refused as one too many. If it is
// not, it leaves again.
func (s *pipeSite) full() bool {
	w := &recorder{header: http.Header{}}
	r, _ := http.NewRequest(http.MethodGet, "/ws?access_token=x", nil)
	for line := range strings.SplitSeq(strings.TrimSpace(upgradeLines), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	s.handler.ServeHTTP(w, r)
	return w.status == http.StatusServiceUnavailable
}

// recorder is a ResponseWriter that keeps the status, and no socket.
type recorder struct {
	header http.Header
	status int
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return len(p), nil }

// TestTurnedAwayHears: the Close also reaches a peer that has sent much
// meanwhile. A socket that is closed with bytes unread would be reset, and the
// Close be lost with it.
func TestTurnedAwayHears(t *testing.T) {
	refusing := func(*ws.Upgrade) error { return ws.NewError(ws.CodeForbidden, "no") }
	s := serve(t, ws.Options{AcceptThenClose: true},
		gateway{connGuards: []ws.ConnGuard{connGuard(refusing)}},
		gateway{path: "/hook", connect: func(context.Context, *ws.Client, *http.Request) (any, error) {
			return nil, ws.NewError(ws.CodeForbidden, "no")
		}},
	)
	much := string(bytes.Repeat(frame(text, []byte(`{"event":"nobody"}`)), 500))
	for i := range 200 {
		path := []string{"/ws", "/hook"}[i%2]
		conn, r, res := s.request(t, "GET "+path+" HTTP/1.1", upgradeLines, much)
		if res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(res.Status)
		}
		p := &peer{t: t, conn: conn, r: r, header: res.Header}
		if first, payload, err := p.read(); err != nil || first != closes || string(payload) != "\x11\x33forbidden: no" {
			t.Fatalf("%s: %#x %q %v", path, first, payload, err)
		}
		if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
			t.Fatalf("%s: behind the Close came %q, %v", path, rest, err)
		}
		_ = conn.Close()
	}
}
