package wstest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestDial: the same test passes in memory, with time faked, and on a port.
func TestDial(t *testing.T) {
	t.Run("Pipe", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { everyForm(t) }) })
	t.Run("Port", func(t *testing.T) { everyForm(t, wstest.OnPort()) })
}

func everyForm(t *testing.T, how ...wstest.DialOption) {
	_, router := generated()
	dial := func(as ws.Principal) *wstest.Conn {
		return wstest.Dial(t, router, append(how, wstest.Path("/fixture/a?name="+as.ID), wstest.As(as))...)
	}
	ann, other := dial(ws.Principal{ID: "ann"}), dial(bob)

	ann.Call("none", nil).OK()
	if got := wstest.Decode[fixture.Point](ann.Call("whole", fixture.Point{X: 1, Y: 2})); got != (fixture.Point{X: 2, Y: 1}) {
		t.Error(got)
	}
	var text string
	ann.Call("scalar", "<&>").Into(&text)
	if text != "<<&>>" {
		t.Error(text)
	}
	if e := ann.Call("fails", nil).ExpectError(ws.CodeConflict); e.Message != "as always" {
		t.Error(e)
	}
	ann.ExpectText("before")
	if e := ann.Call("scalar", 1).Err(); e == nil || e.Code != ws.CodeInvalidPayload || len(e.Details) != 1 || e.Details[0].Rule != "type" {
		t.Error(e)
	}

	ann.Send("move", fixture.Point{X: 3})
	for _, c := range []*wstest.Conn{ann, other} {
		if got := wstest.Expect[fixture.Point](c, "moved"); got.X != 3 {
			t.Error(got)
		}
	}
	if got := ann.Frame(); string(got.Payload) != `{"event":"move","data":2}` {
		t.Errorf("%s", got)
	}
	ann.Send("scalar", nil)
	if e := ann.ExpectError(ws.CodeInvalidPayload); e.Message == "" {
		t.Error(e)
	}
	if all := wstest.Collect[int](ann.Stream("count", 3)); len(all) != 3 || all[2] != 2 {
		t.Error(all)
	}
	ann.ExpectSilence(0)
	other.Close(ws.CloseNormal, "bye")
	other.ExpectClose(ws.CloseNormal)
	if got := wstest.Expect[string](ann, "to_all"); got != "bob left" {
		t.Error(got)
	}
}

// TestPath: the path of the one gateway need not be said, any other must.
func TestPath(t *testing.T) {
	one, two := spoken{"echo": echo}, func(s *ws.Spec) { s.Path = "/two" }
	s := quiet(ws.Options{})
	for _, h := range []http.Handler{one.serve(s), ws.NewRouter(one.serve(s)), one.serve(s, func(s *ws.Spec) { s.Path = "/a/{$}" })} {
		wstest.Dial(t, h).Call("echo", 1).OK()
	}
	for _, h := range []http.Handler{
		ws.NewRouter(one.serve(s), one.serve(s, two)), http.NewServeMux(), one.serve(s, func(s *ws.Spec) { s.Path = "/{id}" }),
	} {
		wantIn(t, failure(t, func(t testing.TB) { wstest.Dial(t, h) }), "say which by wstest.Path")
	}
	wantIn(t, failure(t, func(t testing.TB) { wstest.Dial(t, ws.NewRouter(one.serve(s)), wstest.Path("/nowhere")) }), "/nowhere is no connection: 404")
}

// door lets in whose token it knows, and tells what it was asked.
type door struct{ asked *[]string }

func (d door) GuardConn(u *ws.Upgrade) error {
	*d.asked = append(*d.asked, u.Token)
	u.Principal = ws.Principal{ID: u.Token, Expires: time.Now().Add(time.Hour)}
	if u.Token == "" {
		return ws.NewError(ws.CodeUnauthenticated, "who?")
	}
	u.Header.Set("Seen-From", u.Request.RemoteAddr+" "+u.Request.Host+" "+u.Request.Header.Get("Origin"))
	return nil
}

// TestAs: a principal that the test gives is not asked about, until its token is
// to be refreshed; without one the guards are.
func TestAs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		g := spoken{"who": func(c *ws.Call) error { return c.Reply(c.Client().Principal().ID) }}
		e := g.serve(quiet(ws.Options{}), func(s *ws.Spec) { s.ConnGuards = []ws.ConnGuard{door{&asked}} })

		given := wstest.Dial(t, e, wstest.As(ws.Principal{ID: "ann", Expires: time.Now().Add(time.Minute)}))
		if who := wstest.Decode[string](given.Call("who", nil)); who != "ann" || len(asked) != 0 {
			t.Error(who, asked)
		}
		given.Call("$refresh", map[string]string{"token": "eve"}).ExpectError(ws.CodeForbidden)
		given.Call("$refresh", map[string]string{"token": "ann"}).OK()
		if len(asked) != 2 || asked[1] != "ann" {
			t.Error(asked)
		}
		time.Sleep(2 * time.Minute) // refreshed
		given.Call("who", nil).OK()
		time.Sleep(time.Hour)
		given.ExpectClose(ws.CloseUnauthenticated)

		told := wstest.Dial(t, e, wstest.Token("bob"), wstest.Header("Origin", "https://desk.example"), wstest.Header("Host", "desk.example"),
			wstest.From(netip.MustParseAddrPort("203.0.113.9:80")))
		if who := wstest.Decode[string](told.Call("who", nil)); who != "bob" {
			t.Error(who)
		}
		if seen := told.Header().Get("Seen-From"); seen != "203.0.113.9:80 desk.example https://desk.example" {
			t.Errorf("%q", seen)
		}
		wstest.ExpectRefused(t, e, http.StatusUnauthorized, wstest.As(ws.Principal{ID: "late", Expires: time.Now()}))
	})
}

// TestExpectRefused: the answer to a handshake that became no connection can be
// read, and what was expected otherwise fails.
func TestExpectRefused(t *testing.T) {
	_, router := generated()
	path := wstest.Path("/fixture/a")
	r := wstest.ExpectRefused(t, router, http.StatusUnauthorized, path)
	if r.Error.Code != ws.CodeUnauthenticated || r.Error.Message != "who?" || r.Header.Get("WWW-Authenticate") != "Bearer" || r.Status != 401 {
		t.Errorf("%+v", r)
	}
	wantIn(t, failure(t, func(t testing.TB) { wstest.ExpectRefused(t, router, http.StatusForbidden, path) }), "401 Unauthorized, want 403", "who?")
	wantIn(t, failure(t, func(t testing.TB) { wstest.ExpectRefused(t, router, 401, path, wstest.As(bob)) }), "101 Switching Protocols, want 401")
	wantIn(t, failure(t, func(t testing.TB) { wstest.Dial(t, router, path) }), "is no connection: 401", "who?")
}

// TestEndsWithTest: when a test has ended its hooks have returned, whatever state
// it left its connection in.
func TestEndsWithTest(t *testing.T) {
	for name, leave := range map[string]func(c *wstest.Conn){
		"Open":     func(*wstest.Conn) {},
		"Deaf":     func(c *wstest.Conn) { c.Deaf() },
		"Vanished": func(c *wstest.Conn) { c.Vanish() },
		"Closed":   func(c *wstest.Conn) { c.Close(ws.CloseNormal, "") },
		"Asking":   func(c *wstest.Conn) { c.Begin("hang", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hooks atomic.Int32
				g := spoken{"hang": func(c *ws.Call) error { <-c.Context().Done(); return c.Context().Err() }}
				e := g.serve(quiet(ws.Options{}), gone(&hooks, 3*time.Second))
				if text := failure(t, func(t testing.TB) { leave(wstest.Dial(t, e)) }); text != "" {
					t.Error(text)
				}
				if hooks.Load() != 1 || e.Server().Stats().Connections != 0 {
					t.Error("the test has ended, and its connection has not")
				}
			})
		})
	}
}

// TestNeverEnds: what holds a connection is told, and does not hold the test.
func TestNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		e := spoken{"hang": func(*ws.Call) error { <-hold; return nil }}.serve(quiet(ws.Options{}))
		wantIn(t, failure(t, func(t testing.TB) {
			wstest.Dial(t, e).Send("hang", nil)
			synctest.Wait()
		}), "the connection to /ws does not end", `> {"event":"hang"}`)
		close(hold)
		if err := e.Server().Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestDialURL: a server that runs already, with and without TLS, is tested like
// one of the test's own.
func TestDialURL(t *testing.T) {
	g := spoken{"where": func(c *ws.Call) error { return c.Reply(c.Client().PathValue("id")) }}
	s := quiet(ws.Options{})
	e := g.serve(s, func(s *ws.Spec) { s.Path = "/rooms/{id}" })
	plain, secure := httptest.NewServer(e), httptest.NewTLSServer(e)
	mux := http.NewServeMux()
	mux.Handle(e.Pattern(), e)
	plain.Config.Handler, secure.Config.Handler = mux, mux
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	trusting := wstest.TLS(secure.Client().Transport.(*http.Transport).TLSClientConfig)
	for _, address := range []string{plain.URL, "ws" + strings.TrimPrefix(plain.URL, "http"), secure.URL, "wss" + strings.TrimPrefix(secure.URL, "https")} {
		c := wstest.DialURL(t, address+"/rooms/7?debug=1", trusting)
		if where := wstest.Decode[string](c.Call("where", nil)); where != "7" {
			t.Errorf("%s: %q", address, where)
		}
	}
	for address, want := range map[string]string{
		plain.URL + "/nowhere":  "/nowhere is no connection: 404",
		secure.URL + "/rooms/7": "certificate",
		"ftp://example.com":     "is no URL of http, https, ws or wss",
		"/rooms/7":              "is no URL of http, https, ws or wss",
		"http://a b":            "invalid character",
	} {
		wantIn(t, failure(t, func(t testing.TB) { wstest.DialURL(t, address) }), want)
	}
	for _, o := range []wstest.DialOption{wstest.As(bob), wstest.Path("/x"), wstest.OnPort(), wstest.From(netip.MustParseAddrPort("203.0.113.9:80"))} {
		wantIn(t, failure(t, func(t testing.TB) { wstest.DialURL(t, plain.URL, o) }), "are for Dial")
	}
	wantIn(t, failure(t, func(t testing.TB) { wstest.Dial(t, e, trusting, wstest.Path("/rooms/7")) }), "TLS is for DialURL")
	if _, err := s.Broadcast("bye", 1); err != nil {
		t.Error(err)
	}
}
