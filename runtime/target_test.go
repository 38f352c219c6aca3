package ws_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// crowd returns a site with connections of two users and of nobody known: ann
// twice, in the rooms a and b, and in b; bob in a; and one in none.
func crowd(t *testing.T) (s *site, ms []member, ids []ws.ConnID) {
	t.Helper()
	clients := make(chan *ws.Client, 4)
	g := lobby(clients)
	g.connGuards = []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		u.Principal = ws.Principal{ID: u.Token}
		return nil
	})}
	s = serve(t, ws.Options{}, g)
	for _, who := range []struct {
		token string
		rooms []string
	}{{"ann", []string{"a", "b"}}, {"ann", []string{"b"}}, {"bob", []string{"a"}}, {"", nil}} {
		p := s.dial(t, "/ws?access_token="+who.token)
		m := member{p, <-clients}
		if err := m.client.Join(who.rooms...); err != nil {
			t.Fatal(err)
		}
		ms, ids = append(ms, m), append(ids, m.client.ID())
	}
	return s, ms, ids
}

// TestTargets has every way of addressing reach the connections that it says,
// once, with every verb of a Target.
func TestTargets(t *testing.T) {
	s, ms, ids := crowd(t)
	for _, c := range []struct {
		name string
		to   ws.Target
		who  []int // of ms
	}{
		{"everyone", s.All(), []int{0, 1, 2, 3}},
		{"everyone but two", s.All().Except(ids[0], ids[3]), []int{1, 2}},
		{"everyone but everyone", s.All().Except(ids...), nil},
		{"a room", s.In("a"), []int{0, 2}},
		{"a union of rooms, each once", s.In("a", "b", "a", "nobody's"), []int{0, 1, 2}},
		{"a union but one", s.In("a", "b").Except(ids[0]), []int{1, 2}},
		{"no room", s.In(), nil},
		{"a room nobody is in", s.In("nobody's"), nil},
		{"connections, each once", s.Conn(ids[3], ids[1], ids[3], 42), []int{1, 3}},
		{"no connection", s.Conn(), nil},
		{"a connection but itself", s.Conn(ids[1]).Except(ids[1]), nil},
		{"a user: all connections", s.Users("ann"), []int{0, 1}},
		{"users, each connection once", s.Users("ann", "bob", "ann", "nobody"), []int{0, 1, 2}},
		{"a user but one connection", s.Users("ann").Except(ids[0]), []int{1}},
		{"nobody is not a user", s.Users(""), nil},
		{"no user", s.Users(), nil},
		{"the zero Target", ws.Target{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []ws.ConnID
			for _, i := range c.who {
				want = append(want, ids[i])
			}
			addressed := func(target ws.Target) (got []ws.ConnID) {
				for client := range target.Clients() {
					got = append(got, client.ID())
				}
				slices.Sort(got)
				return got
			}
			slices.Sort(want)
			if got := addressed(c.to); !slices.Equal(got, want) || c.to.Count() != len(want) {
				t.Errorf("Clients %v, Count %d; want %v", got, c.to.Count(), want)
			}
			if n, err := c.to.Emit("e", 1); n != len(want) || err != nil {
				t.Errorf("Emit reached %d, %v", n, err)
			}
			for _, i := range c.who {
				ms[i].want(`{"event":"e","data":1}`)
			}
			quiet(t, ms...)
			if err := c.to.Join("x"); err != nil {
				t.Error(err)
			}
			if got := addressed(s.In("x")); !slices.Equal(got, want) {
				t.Errorf("Join took %v", got)
			}
			c.to.Leave("x")
			if n := s.In("x").Count(); n != 0 {
				t.Errorf("Leave left %d", n)
			}
		})
	}
	if got := s.In("b", "a").Except(1).Rooms(); !slices.Equal(got, []string{"b", "a"}) || s.All().Rooms() != nil {
		t.Errorf("Rooms %v", got)
	}
	if n := s.Stats().Rooms; n != 2 {
		t.Errorf("%d rooms are left", n)
	}
}

// TestTargetDisconnect: the addressed connections are closed with the code and
// reason given, after the frames that are queued. All others stay.
func TestTargetDisconnect(t *testing.T) {
	s, ms, ids := crowd(t)
	_, _ = s.All().Emit("last", 1)
	if n := s.Users("ann").Disconnect(4001, "signed out elsewhere"); n != 2 {
		t.Errorf("closed %d", n)
	}
	if n := s.Users("ann").Disconnect(4001, "again"); n != 0 {
		t.Errorf("closed %d again", n)
	}
	for _, m := range ms[:2] {
		m.want(`{"event":"last","data":1}`)
		if reason := m.wantClose(4001); reason != "signed out elsewhere" {
			t.Errorf("reason %q", reason)
		}
	}
	eventually(t, "the user is gone", func() bool { return s.Users("ann").Count() == 0 && s.In("b").Count() == 0 })
	if n := s.Conn(ids[2]).Disconnect(1005, "a code that must not be sent"); n != 1 {
		t.Errorf("closed %d", n)
	}
	ms[2].want(`{"event":"last","data":1}`)
	ms[2].wantClose(ws.CloseNormal)
	ms[3].want(`{"event":"last","data":1}`)
	quiet(t, ms[3])
}

// TestConnGuardOrder: global guards come first, then the gateway's, each once.
// The later ones see the principal, and a refusal is the last word.
func TestConnGuardOrder(t *testing.T) {
	var order []string
	guard := func(name string) *naming { return &naming{name, &order} }
	shared := guard("shared")
	s := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	e := gateway{connGuards: []ws.ConnGuard{guard("gateway"), shared, guard("refuses"), guard("late")}}.endpoint(s)
	router := ws.NewRouter(e).Guard([]ws.ConnGuard{guard("global"), shared}, nil)
	st := (&site{Server: s}).listen(t, router)
	if _, res := st.try(t, "/ws"); res == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("%v", res)
	}
	if want := []string{"global ", "shared global", "gateway shared", "refuses gateway"}; !slices.Equal(order, want) {
		t.Errorf("%q", order)
	}
}

// naming is a guard that notes its name, and the principal that it finds.
type naming struct {
	name string
	to   *[]string
}

func (n *naming) GuardConn(u *ws.Upgrade) error {
	*n.to = append(*n.to, n.name+" "+u.Principal.ID)
	u.Principal.ID = n.name
	if n.name == "refuses" {
		return ws.NewError(ws.CodeForbidden, "no")
	}
	return nil
}

// TestDisconnectAlwaysRuns: the disconnect hook runs once for each connection
// whose connect hook has returned, with the cause, while the connection is in
// its rooms. An Observer that panics changes none of that.
func TestDisconnectAlwaysRuns(t *testing.T) {
	type end struct {
		cause ws.Closed
		rooms []string
	}
	ends := make(chan end, 10)
	boom := func(*ws.Call) error { panic("boom") }
	s := serve(t, ws.Options{Observer: ws.Observer{
		Opened:  func(*ws.Client) { panic("boom in Opened") },
		Closed:  func(*ws.Client, ws.Closed) { panic("boom in Closed") },
		Refused: func(ws.Refusal) { panic("boom in Refused") },
	}}, gateway{
		on:      map[string]handler{"inline": inline(boom), "serial": serial(boom), "echo": inline(echo)},
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) { return nil, c.Join("room") },
		disconnect: func(_ context.Context, c *ws.Client, _ any, cause ws.Closed) {
			ends <- end{cause, c.Rooms()}
			panic("boom in the hook")
		},
	})
	for name, c := range map[string]struct {
		do     func(p *peer)
		code   ws.CloseCode
		remote bool
	}{
		"the peer closes":          {func(p *peer) { p.sendClose(4000, "bye") }, 4000, true},
		"the peer vanishes":        {func(p *peer) { _ = p.conn.Close() }, ws.CloseAbnormal, true},
		"the peer breaks a rule":   {func(p *peer) { p.raw([]byte{0xff, 0x80, 1, 2, 3, 4}) }, ws.CloseProtocol, false},
		"the server closes":        {func(*peer) { s.All().Disconnect(4002, "out") }, 4002, false},
		"an inline handler panics": {func(p *peer) { p.send(`{"event":"inline"}`) }, ws.CloseInternal, false},
		"a serial handler panics":  {func(p *peer) { p.send(`{"event":"serial"}`) }, ws.CloseInternal, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.dial(t, "/ws")
			p.send(`{"event":"nope"}`)
			if got := p.next(); got != `{"event":"error","data":{"code":"unknown_event","message":"unknown event","event":"nope"}}` {
				t.Error(got)
			}
			c.do(p)
			got := await(t, "the disconnect hook", ends)
			if got.cause.Code != c.code || got.cause.Remote != c.remote || !slices.Equal(got.rooms, []string{"room"}) {
				t.Errorf("%+v", got)
			}
			_ = p.conn.Close()
			eventually(t, "gone", func() bool { return s.Stats().Connections == 0 })
		})
	}
	if len(ends) > 0 {
		t.Errorf("%d hooks ran twice", len(ends))
	}
}
