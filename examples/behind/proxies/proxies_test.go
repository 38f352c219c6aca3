//go:build unix

package proxies

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wsgen/wsgen/examples/behind/internal/visitor"
)

// idle is how long a connection has nothing to say: longer than every timeout of
// the page's configurations.
const idle = 62 * time.Second

// stand is a kind of proxy at work, twice: as on the page, and with its times
// shortened.
type stand struct {
	kind        kind
	page, short *proxy
	since       time.Time
	idle        *visitor.Conn // has nothing to say
	silent      *visitor.Conn // the same behind short times
	lively      *visitor.Conn // is pinged often, behind short times
}

// TestProxies takes a little longer than the idle time, in which all proxies stand
// idle together.
func TestProxies(t *testing.T) {
	b := newBackend(t)
	var stands []*stand
	for _, k := range kinds() {
		if find(k.commands) == "" {
			if os.Getenv("CI") == "true" {
				t.Errorf("there is no %v on the PATH", k.commands)
			}
			t.Logf("there is no %v on the PATH: %s is left out", k.commands, k.name)
			continue
		}
		stands = append(stands, build(t, k, b))
	}
	each := func(what string, check func(t *testing.T, s *stand, b *backend)) {
		for _, s := range stands {
			t.Run(s.kind.name+"/"+what, func(t *testing.T) { check(t, s, b) })
		}
	}
	each("upgrade", upgrade)
	each("client address", clientAddress)
	each("host", withoutHost)
	each("short timeout", shortTimeout)
	each("full", full)
	each("access log", accessLog)
	each("idle", stayedIdle)
	each("reload", reload)
	each("reload, shortened", reloadShortened)
}

// build starts both, and connects what is to be idle.
func build(t *testing.T, k kind, b *backend) *stand {
	t.Helper()
	s := &stand{kind: k, page: run(t, k, b.addr), since: time.Now()}
	s.idle = visitor.Dial(t, visitor.Visit{URL: s.page.url("/feed"), Token: "idle-" + k.name, Host: s.page.host()})
	// 60s and 60 are the timeouts, and 10m is how long connections outlive a reload.
	s.short = run(t, k, b.addr, "60s", "3s", "Timeout 60", "Timeout 3", "10m", "1s")
	s.silent = visitor.Dial(t, visitor.Visit{URL: s.short.url("/feed"), Token: "silent", Host: s.short.host()})
	s.lively = visitor.Dial(t, visitor.Visit{URL: s.short.url("/lively/feed"), Token: "lively", Host: s.short.host()})
	t.Logf("%s: %s", k.name, s.page.version)
	return s
}

// upgrade checks that a page gets through, in all that the upgrade has, that a
// foreign one does not, and that messages and pushes do.
func upgrade(t *testing.T, s *stand, b *backend) {
	host := s.page.host()
	for _, scheme := range []string{"http://", "https://"} { // TLS may end in front of the gateway
		c := visitor.Dial(t, visitor.Visit{URL: s.page.url("/feed"), Token: "page", Host: host, Origin: scheme + host})
		if r := b.request(t, "page"); r.Host != host || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			t.Errorf("the gateway was asked with Host %s, Connection %s", r.Host, r.Header.Values("Connection"))
		}
		// Some clients take no list and no second line.
		if got := c.Answer.Header.Values("Connection"); len(got) != 1 || !strings.EqualFold(got[0], "upgrade") {
			t.Errorf("the answer has Connection %q", got)
		}
		if got := c.Answer.Header.Get("Sec-WebSocket-Protocol"); got != "bearer" {
			t.Errorf("the answer has Sec-WebSocket-Protocol %q", got)
		}
		if n, err := b.push.Users("page").Told("pushed"); n != 1 || err != nil {
			t.Errorf("pushed to %d: %v", n, err)
		}
		c.Expect(t, `{"event":"told","data":"pushed"}`)
		c.Call(t, "where", "null", `"`+visitor.From+`"`)
		c.Close()
	}
	for status, v := range map[int]visitor.Visit{
		http.StatusForbidden:    {Token: "foreign", Origin: "https://elsewhere.example"},
		http.StatusUnauthorized: {Origin: "https://" + host},
	} {
		v.URL, v.Host = s.page.url("/feed"), host
		if _, answer, err := visitor.Try(v); err == nil || answer == nil || answer.StatusCode != status {
			t.Errorf("%+v: answered %v, %v, want %d", v, answer, err, status)
		}
	}
}

// clientAddress checks that a client cannot choose whom it is taken for.
func clientAddress(t *testing.T, s *stand, b *backend) {
	c := visitor.Dial(t, visitor.Visit{
		URL: s.page.url("/feed"), Token: "forger", Host: s.page.host(), Header: http.Header{"X-Forwarded-For": {"203.0.113.9", "203.0.113.10"}},
	})
	c.Call(t, "where", "null", `"`+visitor.From+`"`)
	c.Close()
	if got := b.request(t, "forger").Header.Values("X-Forwarded-For"); !slices.Equal(got, s.kind.forwarded) {
		t.Errorf("X-Forwarded-For: %q, want %q", got, s.kind.forwarded)
	}
}

// withoutHost checks the line that hands on the Host header, where one is needed.
func withoutHost(t *testing.T, s *stand, b *backend) {
	if s.kind.hostLine == "" {
		if strings.Contains(s.page.kind.config(t, s.page), "Host ") {
			t.Error("this configuration has a line for Host, which this test does not take away")
		}
		return
	}
	p := run(t, s.kind, b.addr, s.kind.hostLine, "")
	host := p.host()
	visitor.Dial(t, visitor.Visit{URL: p.url("/feed"), Token: "program", Host: host}).Close()
	_, answer, err := visitor.Try(visitor.Visit{URL: p.url("/feed"), Token: "page", Host: host, Origin: "https://" + host})
	if err == nil || answer == nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("without %q: %v, %v, want 403", s.kind.hostLine, answer, err)
	}
}

// shortTimeout checks what a timeout below PingInterval does, and that Pings keep a
// connection that has nothing else.
func shortTimeout(t *testing.T, s *stand, _ *backend) {
	if s.kind.neverCuts {
		select {
		case <-s.silent.Ended():
			t.Errorf("closed: %v", s.silent.Code(t))
		case <-time.After(5 * time.Second):
		}
	} else if code := s.silent.Code(t); code != websocket.StatusAbnormalClosure {
		t.Errorf("a silent connection is closed with %d", code)
	}
	visitor.Eventually(t, "pings for three timeouts", func() bool { return s.lively.Pings() > int(9*time.Second/often) })
	s.lively.Call(t, "where", "null", `"`+visitor.From+`"`)
}

// accessLog checks what is logged of tokens, and that it is logged when a connection
// ends.
func accessLog(t *testing.T, s *stand, _ *backend) {
	if strings.Contains(s.short.log(), "/lively/feed") {
		t.Error("the log has a connection that lasts")
	}
	for p, hidden := range map[*proxy]bool{s.page: true, s.short: false} {
		host := p.host()
		visitor.Dial(t, visitor.Visit{URL: p.url("/feed?access_token=in-the-query"), Host: host}).Close()
		visitor.Dial(t, visitor.Visit{URL: p.url("/feed"), Token: "in-a-header", Host: host}).Close()
		authorized := visitor.Visit{URL: p.url("/feed?last=1"), Host: host, Header: http.Header{"Authorization": {"Bearer in-authorization"}}}
		visitor.Dial(t, authorized).Close()
		visitor.Eventually(t, "the log", func() bool { return strings.Contains(p.log(), "last=1") })
		if !strings.Contains(p.log(), "access_token=in-the-query") {
			t.Error("the log has no query")
		}
		if !strings.Contains(p.log(), s.kind.logged) || strings.Contains(p.log(), "in-authorization") {
			t.Errorf("the log has a token, or not %s", s.kind.logged)
		}
		if got, want := strings.Contains(p.log(), "in-a-header"), s.kind.logsHeaders && !hidden; got != want {
			t.Errorf("the log has the subprotocols: %v, want %v", got, want)
		}
	}
}

// stayedIdle waits until the idle time is over.
func stayedIdle(t *testing.T, s *stand, b *backend) {
	select {
	case <-s.idle.Ended():
		t.Fatalf("closed with %v after %v", s.idle.Code(t), time.Since(s.since))
	case <-time.After(time.Until(s.since.Add(idle))):
	}
	if n := s.idle.Pings(); n < 2 {
		t.Errorf("%d pings in %v", n, idle)
	}
	_, _ = b.push.Users("idle-" + s.kind.name).Told("still here?")
	s.idle.Expect(t, `{"event":"told","data":"still here?"}`)
}

// reload checks what becomes of a connection when the configuration is changed and
// reloaded, and that new ones are served.
func reload(t *testing.T, s *stand, _ *backend) {
	if s.kind.closesAtReload { // but not for a configuration that it has
		s.kind.reload(t, s.page)
		s.idle.Call(t, "where", "null", `"`+visitor.From+`"`)
	}
	s.page.renew(t)
	fresh := visitor.Dial(t, visitor.Visit{URL: s.page.url("/feed"), Token: "fresh", Host: s.page.host()})
	fresh.Call(t, "where", "null", `"`+visitor.From+`"`)
	if !s.kind.closesAtReload {
		s.idle.Call(t, "where", "null", `"`+visitor.From+`"`)
		s.idle.Close()
		return
	}
	if code := s.idle.Code(t); code != websocket.StatusGoingAway && code != websocket.StatusAbnormalClosure {
		t.Errorf("closed with %d", code)
	}
}

// reloadShortened checks what the time does that connections outlive a reload.
func reloadShortened(t *testing.T, s *stand, _ *backend) {
	begun := time.Now()
	s.short.renew(t)
	if !s.kind.endsOldOnes && !s.kind.closesAtReload {
		visitor.Eventually(t, "pings after that time", func() bool { return time.Since(begun) > 3*time.Second })
		s.lively.Call(t, "where", "null", `"`+visitor.From+`"`)
		return
	}
	s.lively.Code(t)
	if took := time.Since(begun); s.kind.endsOldOnes && took < time.Second {
		t.Errorf("closed after %v", took)
	}
}

// full checks what becomes of a connection that the proxy has no place for: it waits
// for one, or is refused.
func full(t *testing.T, s *stand, b *backend) {
	if s.kind.few == "" {
		return
	}
	p := run(t, s.kind, b.addr, few, "")
	visit := visitor.Visit{URL: p.url("/feed"), Token: "crowd", Host: p.host()}
	first := visitor.Dial(t, visit)
	for opened := 1; opened < places; opened++ {
		if s.kind.refusesWhenFull {
			if _, _, err := visitor.Try(visit); err != nil && opened > 1 {
				return
			}
			continue
		}
		visitor.Dial(t, visit)
	}
	if s.kind.refusesWhenFull {
		t.Fatalf("%d places are enough for as many connections", places)
	}
	late := waits(t, visit)
	first.Close()
	if err := <-late; err != nil {
		t.Errorf("not served when there was a place: %v", err)
	}
	if s.kind.keepsPlaces { // also for connections from before a reload
		p.renew(t)
		waits(t, visit)
	}
}

// waits visits, and checks that nobody has a place for that. It returns what comes
// of it in the end.
func waits(t *testing.T, visit visitor.Visit) <-chan error {
	t.Helper()
	late := make(chan error, 1)
	go func() {
		_, _, err := visitor.Try(visit)
		late <- err
	}()
	select {
	case err := <-late:
		t.Fatalf("%d places, and one more connection: %v", places, err)
	case <-time.After(time.Second):
	}
	return late
}
