package ws_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// leases is a guard whose tokens say who, and for how long: "ann 60s scope".
type leases struct {
	mu   sync.Mutex
	seen []string // what the guard was told, but for the token
}

func (l *leases) GuardConn(u *ws.Upgrade) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, u.Request.PathValue("room")+" "+u.Request.URL.RawQuery+" "+u.Request.Header.Get("Cookie")+" "+u.Request.RemoteAddr)
	if u.Request.Context().Err() != nil {
		return u.Request.Context().Err()
	}
	if u.Token == "" && u.Request.Header.Get("Authorization") != "" {
		return ws.NewError(ws.CodeForbidden, "a token is left in the header")
	}
	part := strings.Fields(u.Token)
	if len(part) < 3 {
		return ws.NewError(ws.CodeUnauthenticated, "no such token")
	}
	if got := u.Request.Header.Get("Authorization"); got != "" && got != "Bearer "+u.Token {
		return ws.NewError(ws.CodeForbidden, "the header has another token: "+got)
	}
	u.Principal = ws.Principal{ID: part[0], Scopes: part[2:]}
	if part[1] != "never" {
		d, err := time.ParseDuration(part[1])
		if err != nil {
			panic(err)
		}
		u.Principal.Expires = time.Now().Add(d)
	}
	return nil
}

// TestExpiry: a principal that expires has its connection closed with 4401,
// within a second, other limits or not. Refreshed in time it stays.
func TestExpiry(t *testing.T) {
	for name, o := range map[string]ws.Options{
		"with the defaults": {},
		"with no limits":    {PingInterval: ws.Unlimited, IdleTimeout: ws.Unlimited, Lifetime: ws.Unlimited},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				guard, clients := new(leases), make(chan *ws.Client, 2)
				g := lobby(clients)
				g.path, g.connGuards = "/ws/{room}", []ws.ConnGuard{guard}
				s := servePipe(t, o, g)
				begun := time.Now()
				p := s.dial(t, "/ws/7?access_token=ann+600s+read&v=1", "Cookie: c=1")
				forever := s.dial(t, "/ws/8", "Authorization: Bearer bob never all")
				_ = p.conn.SetDeadline(time.Time{})
				_ = forever.conn.SetDeadline(time.Time{})
				defer forever.conn.Close()
				defer p.conn.Close()
				go forever.pongs()
				c := <-clients

				p.idle(50 * time.Second)
				p.refresh(1, "ann 60s read write") // sooner than it was
				p.idle(time.Second)
				p.refresh(2, "ann 120s write") // later
				if got := c.Principal(); !slices.Equal(got.Scopes, []string{"write"}) || got.ID != "ann" {
					t.Errorf("principal %+v", got)
				}
				if n := s.Users("ann").Count(); n != 1 {
					t.Errorf("%d connections of the user", n)
				}
				if reason := p.closedWith(t, ws.CloseUnauthenticated); !strings.HasPrefix(reason, "expired: ") {
					t.Errorf("reason %q", reason)
				}
				if age := time.Since(begun); age < 171*time.Second || age > 172*time.Second {
					t.Errorf("closed after %v", age)
				}
				if want := []string{
					"7 access_token=ann+600s+read&v=1 c=1 192.0.2.1:1234", "8   192.0.2.1:1234",
					"7 v=1 c=1 192.0.2.1:1234", "7 v=1 c=1 192.0.2.1:1234",
				}; !slices.Equal(guard.seen, want) {
					t.Errorf("the guard saw %q", guard.seen)
				}
				time.Sleep(time.Hour)
				if s.ConnectionCount() != 1 {
					t.Error("who never expires is gone")
				}
				s.shutdown(t)
			})
		})
	}
}

// TestRefreshKeepsLifetime: a refresh changes when the credential expires, and
// never when the connection has lasted for long enough.
func TestRefreshKeepsLifetime(t *testing.T) {
	for name, tokens := range map[string][]string{
		"again and again": {"ann 15m read", "ann 15m read", "ann 15m read", "ann 15m read", "ann 15m read"},
		"for much longer": {"ann 1000h read"},
		"for ever":        {"ann never read"},
		"now so, now so":  {"ann 1000h read", "ann 15m read", "ann never read", "ann 1000h read"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{Lifetime: time.Hour}, gateway{connGuards: []ws.ConnGuard{new(leases)}})
				begun := time.Now()
				p := s.dial(t, "/ws", "Authorization: Bearer ann 15m read")
				_ = p.conn.SetDeadline(time.Time{})
				defer p.conn.Close()
				for i, token := range tokens {
					p.idle(10 * time.Minute)
					p.refresh(i+1, token)
				}
				if reason := p.closedWith(t, ws.CloseAway); !strings.HasPrefix(reason, "lifetime: ") {
					t.Errorf("reason %q", reason)
				}
				// Up to a tenth earlier, and as late as the wheel may be.
				if age := time.Since(begun); age < 54*time.Minute || age > time.Hour+time.Second {
					t.Errorf("closed after %v", age)
				}
				_ = p.conn.Close()
				s.shutdown(t)
			})
		})
	}
}

func (p *peer) refresh(id int, token string) {
	p.t.Helper()
	p.send(`{"event":"$refresh","id":%d,"data":{"token":%q}}`, id, token)
	for want := `{"event":"$refresh","id":` + string(rune('0'+id)) + `,"data":null}`; ; {
		if got := p.next(); got == want {
			return
		} else if strings.Contains(got, "error") {
			p.t.Fatal(got)
		}
	}
}

// idle answers pings for a while.
func (p *peer) idle(d time.Duration) {
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	p.pongs()
	_ = p.conn.SetReadDeadline(time.Time{})
}

// pongs answers pings, and closes back, until the connection ends.
func (p *peer) pongs() {
	for {
		first, payload, err := p.read()
		if err != nil {
			return
		}
		switch first {
		case ping:
			_, _ = p.conn.Write(frame(pong, payload))
		case closes:
			_, _ = p.conn.Write(frame(closes, payload[:2]))
		}
	}
}

// closedWith answers pings up to the Close frame, and returns its reason.
func (p *peer) closedWith(t *testing.T, code ws.CloseCode) string {
	t.Helper()
	for {
		first, payload, err := p.read()
		switch {
		case err != nil:
			t.Fatal(err)
		case first == ping:
			p.raw(frame(pong, payload))
		case first == closes:
			if got := ws.CloseCode(payload[0])<<8 | ws.CloseCode(payload[1]); got != code {
				t.Fatalf("closed with %d %s", got, payload[2:])
			}
			return string(payload[2:])
		}
	}
}

// TestRefreshRefused: a refresh that is refused is answered by id and changes
// nothing.
func TestRefreshRefused(t *testing.T) {
	clients := make(chan *ws.Client, 3)
	g := lobby(clients)
	g.connGuards = []ws.ConnGuard{new(leases)}
	free := gateway{path: "/free"}
	s := serve(t, ws.Options{EventRates: map[string]ws.Rate{"$refresh": {}}}, g, free)
	p := s.dial(t, "/ws", "Authorization: Bearer ann 1h read")
	c := <-clients
	before := c.Principal()
	failed := func(id, code, message, rest string) string {
		return `{"event":"error","id":` + id + `,"data":{"code":"` + code + `","message":"` + message + `","event":"$refresh"` + rest + `}}`
	}
	for _, c := range []struct{ data, want string }{
		{`{"token":"nobody"}`, failed("1", "unauthenticated", "no such token", "")},
		{`{"token":"ann -1s read"}`, failed("1", "unauthenticated", "the credential has expired", "")},
		{`{"token":"bob 1h read"}`, failed("1", "forbidden", "a refresh cannot change who is connected: connect anew", "")},
		{`{"token":"ann 1h read\r\nX: y"}`, failed("1", "invalid_payload", "the token has characters that no header can hold", `,"details":[{"path":"/token","rule":"token"}]`)},
		{`{}`, failed("1", "unauthenticated", "no such token", "")},
		{`null`, failed("1", "invalid_payload", "data is missing or null", `,"details":[{"path":"","rule":"required"}]`)},
	} {
		p.send(`{"event":"$refresh","id":1,"data":%s}`, c.data)
		p.want(c.want)
	}
	if got := c.Principal(); got.Expires != before.Expires || !slices.Equal(got.Scopes, before.Scopes) {
		t.Errorf("changed to %+v", got)
	}
	p.send(`{"event":"$refresh","data":{"token":"ann 2h write"}}`) // no id, no answer
	p.send(`{"event":"echo","data":1}`)
	p.want(`{"event":"echo","data":1}`)
	if got := c.Principal(); !slices.Equal(got.Scopes, []string{"write"}) {
		t.Errorf("principal %+v", got)
	}
	p.send(`{"event":"$refresh","id":2,"data":{"token":"ann panics now"}}`)
	if got := p.next(); !strings.HasPrefix(got, `{"event":"error","id":2,"data":{"code":"internal","message":"internal error",`) {
		t.Error(got)
	}

	lasting := s.dial(t, "/ws", "Authorization: Bearer ann never read")
	lasting.send(`{"event":"$refresh","id":1,"data":{"token":"ann 2h write"}}`)
	lasting.want(failed("1", "conflict", "there is nothing to refresh: the credential does not expire", ""))
	long := s.dial(t, "/ws", "Authorization: Bearer ann 1h read", "X-Long: "+strings.Repeat("x", 16<<10))
	long.send(`{"event":"$refresh","id":1,"data":{"token":"ann 2h write"}}`)
	long.want(failed("1", "too_large", "the request of the upgrade was too long to be kept: connect anew", ""))
	unguarded := s.dial(t, "/free")
	unguarded.send(`{"event":"$refresh","id":1,"data":{"token":"ann 2h write"}}`)
	unguarded.want(failed("1", "unknown_event", "unknown event", ""))
	if _, res := s.try(t, "/ws", "Authorization: Bearer ann -1s read"); res == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("connected with what has expired: %v", res)
	}
}

// TestRefreshContext: a guard that is asked again finds the values that a
// middleware left. Its context ends with the connection.
func TestRefreshContext(t *testing.T) {
	type key struct{}
	asked := make(chan context.Context, 2)
	guard := connGuard(func(u *ws.Upgrade) error {
		u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(time.Hour)}
		ctx := u.Request.Context()
		if ctx.Value(key{}) != "left" {
			return ws.NewError(ws.CodeForbidden, "nothing was left")
		}
		asked <- ctx
		if _, again := ws.ClientFrom(ctx); again {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	s := serve(t, ws.Options{HandshakeTimeout: ws.Unlimited}, gateway{connGuards: []ws.ConnGuard{guard}})
	next := s.http.Config.Handler
	s.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "left")))
	})
	p := s.dial(t, "/ws")
	<-asked
	p.send(`{"event":"$refresh","id":1,"data":{"token":"x"}}`)
	ctx := <-asked
	_ = p.conn.Close()
	select {
	case <-ctx.Done():
	case <-time.After(patience):
		t.Error("the guard waits for a connection that is gone")
	}
}
