package ws_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestRefreshRate: a refresh asks the connection guards, so it has a rate
// though none was set. The rates of every message and of its name hold, too.
func TestRefreshRate(t *testing.T) {
	limited := func(ms int) string {
		return fmt.Sprintf(`{"event":"error","id":1,"data":{"code":"rate_limited","message":"too many messages","event":"$refresh","retryAfterMs":%d}}`, ms)
	}
	for name, c := range map[string]struct {
		o     ws.Options
		burst int
		after int // ms
	}{
		"by default":  {ws.Options{}, 5, 5000},
		"by its name": {ws.Options{EventRates: map[string]ws.Rate{"$refresh": {PerSecond: 0.5, Burst: 2}}}, 2, 2000},
		"as a message": {ws.Options{
			EventRates: map[string]ws.Rate{"$refresh": {}}, ConnRate: ws.Rate{PerSecond: 1, Burst: 3},
		}, 3, 1000},
		"of a principal": {ws.Options{
			EventRates: map[string]ws.Rate{"$refresh": {}}, PrincipalRate: ws.Rate{PerSecond: 0.1, Burst: 4},
		}, 4, 10_000},
		"lifted": {ws.Options{EventRates: map[string]ws.Rate{"$refresh": {}}}, 50, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				guard := new(leases)
				s := servePipe(t, c.o, gateway{connGuards: []ws.ConnGuard{guard}, on: map[string]handler{"echo": inline(echo)}})
				p := s.dial(t, "/ws", "Authorization: Bearer ann 1h read")
				_ = p.conn.SetDeadline(time.Time{})
				ask := func(want string) {
					t.Helper()
					p.send(`{"event":"$refresh","id":1,"data":{"token":"ann 1h read"}}`)
					p.want(want)
				}
				const done = `{"event":"$refresh","id":1,"data":null}`
				for range c.burst {
					ask(done)
				}
				if c.after > 0 {
					ask(limited(c.after))
					ask(limited(c.after))
					if n := len(guard.seen); n != c.burst+1 {
						t.Errorf("the guard was asked %d times", n)
					}
					if name == "by default" { // nothing else is limited
						for range 100 {
							p.send(`{"event":"echo","id":1}`)
							p.want(`{"event":"echo","id":1,"data":null}`)
						}
					}
					time.Sleep(time.Duration(c.after+1) * time.Millisecond)
					ask(done)
					ask(limited(c.after - 1))
				}
				_ = p.conn.Close()
				s.shutdown(t)
			})
		})
	}
}

// TestRefreshStrikes: a refresh that the guards refuse counts against the
// connection, and one that they cannot decide about does not.
func TestRefreshStrikes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := connGuard(func(u *ws.Upgrade) error {
			u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(time.Hour)}
			switch u.Token {
			case "no":
				return ws.NewError(ws.CodeUnauthenticated, "no such token")
			case "down":
				return ws.NewError(ws.CodeUnavailable, "nobody can say")
			case "panic":
				panic("boom")
			}
			return nil
		})
		o := ws.Options{EventRates: map[string]ws.Rate{"$refresh": {}}, MaxRateStrikes: 2}
		s := servePipe(t, o, gateway{connGuards: []ws.ConnGuard{guard}})
		p := s.dial(t, "/ws?access_token=yes")
		_ = p.conn.SetDeadline(time.Time{})
		ask := func(token, want string) {
			t.Helper()
			p.send(`{"event":"$refresh","id":1,"data":{"token":%q}}`, token)
			if got := p.next(); !strings.HasPrefix(got, want) {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		const refused, done = `{"event":"error","id":1,"data":{"code":`, `{"event":"$refresh","id":1,"data":null}`
		for _, token := range strings.Fields("down panic no no yes down no yes no yes yes no no") {
			if token == "yes" {
				ask(token, done)
			} else {
				ask(token, refused)
			}
		}
		p.send(`{"event":"$refresh","id":1,"data":{"token":"no"}}`)
		p.closedWith(t, ws.CloseRateLimited)
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestRefreshIntercepted: a refresh passes the interceptors, and one that they
// have given up changes nothing later.
func TestRefreshIntercepted(t *testing.T) {
	var r record
	clients, release := make(chan *ws.Client, 1), make(chan struct{})
	guard := connGuard(func(u *ws.Upgrade) error {
		if u.Token == "late" {
			<-release
		}
		u.Principal = ws.Principal{ID: "ann", Scopes: []string{u.Token}, Expires: time.Now().Add(time.Hour)}
		return nil
	})
	returned := make(chan error, 1)
	givesUp := func(next ws.Next) ws.Next {
		return func(ctx context.Context, m ws.Message) error {
			if !strings.Contains(string(m.Data), "late") {
				return next(ctx, m)
			}
			go func() { returned <- next(context.WithoutCancel(ctx), m) }()
			return errTooLate
		}
	}
	g := lobby(clients)
	g.connGuards = []ws.ConnGuard{guard}
	s := serve(t, ws.Options{Interceptors: []ws.Interceptor{r.around("a"), givesUp}}, g)
	p := s.dial(t, "/ws?access_token=first")
	c := <-clients
	p.send(`{"event":"$refresh","id":1,"data":{"token":"second"}}`)
	p.want(`{"event":"$refresh","id":1,"data":null}`)
	if got := c.Principal().Scopes[0]; got != "second" {
		t.Errorf("the principal is the %s", got)
	}
	p.send(`{"event":"$refresh","id":2,"data":{"token":"late"}}`)
	p.want(`{"event":"error","id":2,"data":{"code":"unavailable","message":"too late","event":"$refresh"}}`)
	close(release)
	if err := await(t, "the late guard", returned); err == nil {
		t.Error("a refresh has succeeded after all")
	}
	if got := c.Principal().Scopes[0]; got != "second" {
		t.Errorf("the principal is the %s", got)
	}
	if got := r.take(); got != "[a($refresh <nil>)a a($refresh unavailable: too late)a]" {
		t.Error(got)
	}
}
