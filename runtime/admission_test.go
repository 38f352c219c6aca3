package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestMaxConnections: one connection more than the Server may hold is answered
// 503 with a body and a time. It has a place when another has gone. A handshake
// that is refused takes none.
func TestMaxConnections(t *testing.T) {
	s := serve(t, ws.Options{MaxConnections: 2}, gateway{}, gateway{path: "/other"}, gateway{
		path:       "/closed",
		connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { return ws.NewError(ws.CodeForbidden, "no") })},
	})
	for range 5 {
		if _, res := s.try(t, "/closed"); res == nil || res.StatusCode != 403 {
			t.Fatal(res)
		}
	}
	a := s.dial(t, "/ws")
	s.dial(t, "/other") // of the Server, not of a gateway
	_, res := s.try(t, "/ws")
	if res == nil || res.StatusCode != 503 || res.Header.Get("Retry-After") != "5" ||
		strings.TrimSpace(res.body) != `{"code":"unavailable","message":"the server is full","retryAfterMs":5000}` {
		t.Fatalf("a third: %v", res)
	}
	_ = a.conn.Close()
	eventually(t, "a place", func() bool { p, _ := s.try(t, "/ws"); return p != nil })
}

// TestMaxConnectionsPerAddr: connections count by IPv4 address or IPv6 network,
// and the request says which only if an option trusts it.
func TestMaxConnectionsPerAddr(t *testing.T) {
	last := func(r *http.Request) netip.Addr {
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		addr, _ := netip.ParseAddr(strings.TrimSpace(all[len(all)-1]))
		return addr
	}
	clients := make(chan *ws.Client, 10)
	trusting := serve(t, ws.Options{MaxConnectionsPerAddr: 1, ClientAddr: last}, lobby(clients))
	direct := serve(t, ws.Options{MaxConnectionsPerAddr: 1}, gateway{})
	for _, c := range []struct {
		from string
		ok   bool
	}{
		{"203.0.113.1", true},
		{"203.0.113.1", false},
		{"::ffff:203.0.113.1", false},
		{"198.51.100.9, 203.0.113.1", false},                    // the client wrote the first one
		{"198.51.100.9\r\nX-Forwarded-For: 203.0.113.1", false}, // as HAProxy adds it
		{"203.0.113.1, 203.0.113.2", true},
		{"2001:db8:0:1::1", true},
		{"2001:db8:0:1:ffff::2", false},
		{"2001:db8:0:2::1", true},
		{"nonsense", true}, // the socket's address
		{"", false},
	} {
		p, res := trusting.try(t, "/ws", "X-Forwarded-For: "+c.from)
		if (p != nil) != c.ok {
			t.Errorf("from %q: connected %v", c.from, p != nil)
		}
		if res != nil && (res.StatusCode != 429 || res.Header.Get("Retry-After") == "" || !strings.HasPrefix(res.body, `{"code":"rate_limited",`)) {
			t.Errorf("from %q: %v", c.from, res)
		}
	}
	if got := (<-clients).RemoteAddr(); got != netip.MustParseAddrPort("203.0.113.1:0") {
		t.Errorf("RemoteAddr %v", got)
	}
	p := direct.dial(t, "/ws", "X-Forwarded-For: 203.0.113.1")
	if other, _ := direct.try(t, "/ws", "X-Forwarded-For: 203.0.113.2"); other != nil {
		t.Error("a header that nobody trusts was believed")
	}
	_ = p.conn.Close()
	eventually(t, "a place", func() bool { p, _ := direct.try(t, "/ws"); return p != nil })
}

// TestConfigure: a gateway's options are its own; the Server's stay.
func TestConfigure(t *testing.T) {
	strict := lobby(nil)
	strict.path = "/strict"
	strict.configure = func(o *ws.Options) {
		if o.MaxRooms != 7 || o.MaxMessageBytes != 0 {
			t.Errorf("configured a copy of %+v", o)
		}
		o.MaxMessageBytes = 100
		o.MaxRooms = 1
		o.Origins = []string{"https://app.example.com"}
		o.MaxConnections = 1 // not a gateway's
	}
	s := serve(t, ws.Options{MaxRooms: 7}, lobby(nil), strict)
	a, b := s.dial(t, "/ws"), s.dial(t, "/strict", "Origin: https://app.example.com")
	if p, _ := s.try(t, "/ws", "Origin: https://app.example.com"); p != nil {
		t.Error("one gateway's origins are the other's")
	}
	a.send(`{"event":"join","id":1,"data":["a","b"]}`)
	a.want(`{"event":"join","id":1,"data":null}`)
	b.send(`{"event":"join","id":1,"data":["a","b"]}`)
	b.want(`{"event":"error","id":1,"data":{"code":"conflict","message":"a connection is in at most 1 rooms","event":"join"}}`)
	long := `{"event":"echo","data":"` + strings.Repeat("x", 100) + `"}`
	a.send("%s", long)
	a.want(long)
	b.send("%s", long)
	b.wantClose(ws.CloseTooLarge)
	if log := s.logs.String(); strings.Count(log, "only NewServer can") != 1 || !strings.Contains(log, "option=MaxConnections") {
		t.Errorf("the log does not say what was not configured:\n%s", log)
	}
}

// TestGuardDeadline: a guard that waits has a context that ends.
func TestGuardDeadline(t *testing.T) {
	s := serve(t, ws.Options{HandshakeTimeout: 1}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		<-u.Request.Context().Done()
		return context.Cause(u.Request.Context())
	})}})
	if _, res := s.try(t, "/ws"); res == nil || res.StatusCode != 503 || !strings.Contains(res.body, `"code":"timeout"`) {
		t.Errorf("%v", res)
	}
}

// TestGuardClientGone: a client that does not wait for its guard is no error of
// the server's.
func TestGuardClientGone(t *testing.T) {
	asked, refused := make(chan bool), make(chan ws.Refusal, 1)
	s := serve(t, ws.Options{Observer: ws.Observer{Refused: func(r ws.Refusal) { refused <- r }}}, gateway{
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			asked <- true
			<-u.Request.Context().Done()
			return fmt.Errorf("asking the database: %w", u.Request.Context().Err())
		})},
	})
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\n"+upgradeLines+"\r\n")
	await(t, "the guard", asked)
	_ = conn.Close()
	if r := await(t, "the refusal", refused); r.Err.Code != ws.CodeCanceled || r.Status != 503 {
		t.Errorf("%+v", r)
	}
	if log := s.logs.String(); !strings.Contains(log, "level=DEBUG msg=\"ws: refused\"") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log says %s", log)
	}
}

// TestConfiguredTimes: a gateway's times hold although the Server has none, and
// so do its bounds of outbox and inbox.
func TestConfiguredTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateway{configure: func(o *ws.Options) {
			o.Lifetime, o.PingInterval, o.OutboxFrames = 10*time.Second, time.Second, 2
		}}
		s := servePipe(t, ws.Options{Lifetime: ws.Unlimited, PingInterval: ws.Unlimited, IdleTimeout: ws.Unlimited}, g)
		p := s.dial(t, "/ws")
		begun, pings := time.Now(), 0
		for {
			first, payload, err := p.read()
			if err != nil {
				t.Fatal(err)
			}
			if first == ping {
				pings++
				continue
			}
			if code := ws.CloseCode(payload[0])<<8 | ws.CloseCode(payload[1]); first != closes || code != ws.CloseAway {
				t.Errorf("%#x %q", first, payload)
			}
			break
		}
		if age := time.Since(begun); age < 9*time.Second || age > 11*time.Second || pings < 8 {
			t.Errorf("closed after %v and %d pings", age, pings)
		}
		stalled := s.dial(t, "/ws")
		for i := range 5 {
			if n, _ := s.Conn(s.last()).Emit("e", i); (n == 1) != (i < 2) {
				t.Errorf("push %d: %d", i, n)
			}
		}
		_, _ = p.conn.Close(), stalled.conn.Close()
		s.shutdown(t)
	})
}

// last returns the id of a connection that is open.
func (s *pipeSite) last() (id ws.ConnID) {
	for c := range s.All().Clients() {
		if c.Context().Err() == nil {
			id = c.ID()
		}
	}
	return id
}
