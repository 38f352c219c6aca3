package wstest_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestClient: a Client without a connection is who it is said to be, joins, and
// keeps what it is sent.
func TestClient(t *testing.T) {
	c := wstest.NewClient(wstest.As(bob), wstest.PathValue("room", "a"), wstest.PathValue("seat", "7"), wstest.From(netip.MustParseAddrPort("203.0.113.9:80")))
	if c.Principal().ID != "bob" || c.PathValue("seat") != "7" || c.PathValue("room") != "a" || c.PathValue("other") != "" ||
		c.RemoteAddr().String() != "203.0.113.9:80" || c.ID() == 0 || c.Server().ConnectionCount() != 1 {
		t.Error(c.Principal(), c.PathValue("seat"), c.RemoteAddr(), c.ID())
	}
	if err := c.Join("x", "y"); err != nil {
		t.Error(err)
	}
	c.Leave("x")
	if rooms := c.Rooms(); !slices.Equal(rooms, []string{"y"}) {
		t.Error(rooms)
	}
	if got, ok := ws.ClientFrom(c.Context()); !ok || got != c.Client {
		t.Error("its context has not the client")
	}

	if err := c.Emit("one", 1); err != nil {
		t.Error(err)
	}
	if n, err := c.To("y", "two", strings.Repeat("z", 70_000)); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := c.To("x", "left", nil); n != 0 || err != nil {
		t.Error(n, err)
	}
	if got := c.Events(); len(got) != 2 {
		t.Error(got)
	}
	if err := c.Client.Sender().Send("three"); err != nil {
		t.Error(err)
	}
	events, texts := c.Events(), c.Texts()
	var one int
	if len(events) != 2 || events[0].Name != "one" || events[0].Into(&one) != nil || one != 1 || events[1].Name != "two" {
		t.Errorf("%.200v", events)
	}
	if len(texts) != 3 || texts[2] != "three" || len(texts[1]) < 70_000 {
		t.Errorf("%.200q", texts)
	}

	if _, closed := c.Closed(); closed || c.Context().Err() != nil {
		t.Error("it is closed")
	}
	if err := c.Close(ws.CloseForbidden, "forbidden: go"); err != nil {
		t.Error(err)
	}
	if cause, closed := c.Closed(); !closed || cause.Code != ws.CloseForbidden || cause.Reason != "forbidden: go" {
		t.Error(cause, closed)
	}
	if c.Context().Err() == nil || c.Emit("late", nil) != ws.ErrClosed || len(c.Events()) != 2 {
		t.Error("it is closed, and can be used")
	}
}

// TestClientsOfOneServer: Clients share the registry that they are put into, with
// its limits.
func TestClientsOfOneServer(t *testing.T) {
	s := quiet(ws.Options{MaxRooms: 1, OutboxFrames: 2})
	ann, other := wstest.NewClient(wstest.On(s), wstest.As(ws.Principal{ID: "ann"})), wstest.NewClient(wstest.On(s), wstest.As(bob))
	for _, c := range []*wstest.Client{ann, other} {
		if err := c.Join("a"); err != nil {
			t.Error(err)
		}
	}
	if err := ann.Join("b"); err == nil {
		t.Error("it is in one room too many")
	}
	if n, err := ann.Others("a").Emit("hello", nil); n != 1 || err != nil {
		t.Error(n, err)
	}
	for range 100 {
		if n, err := s.Users("bob").Emit("you", nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(ann.Events()) != 0 || len(other.Events()) != 101 || ann.ID() == other.ID() {
		t.Error(len(ann.Events()), len(other.Events()))
	}
	if n := s.Users("bob").Disconnect(ws.CloseNormal, "bye"); n != 1 || s.ConnectionCount() != 1 {
		t.Error(n, s.ConnectionCount())
	}
	if cause, closed := other.Closed(); !closed || cause.Reason != "bye" {
		t.Error(cause, closed)
	}
}

// TestClientAndHooks: what handlers and hooks of a gateway do to a client can be
// read, without a connection.
func TestClientAndHooks(t *testing.T) {
	push := wstest.NewPush(fixture.NewEventsPush)
	g := &fixture.Gateway{Push: push.Push}
	sender, c := wstest.Sender(wstest.As(bob), wstest.PathValue("room", "a"))
	if err := g.Fails(sender); err == nil || !slices.Equal(c.Texts(), []string{"before"}) || sender.ID() != c.ID() {
		t.Error(err, c.Texts())
	}
	if _, err := g.Move(c.Client, fixture.Point{X: 1}); err != nil {
		t.Error(err)
	}
	g.Disconnected(c.Client, &fixture.Session{Name: "bob"}, ws.Closed{Code: ws.CloseNormal})
	push.Expect(t,
		wstest.Pushed{To: wstest.Room("a"), Event: "moved", Data: fixture.Point{X: 1}},
		wstest.Pushed{To: wstest.All().Without(c.ID()), Event: "to_all", Data: "bob left"})
}

// TestClientsAtShutdown: they hold nothing, and are closed like all others.
func TestClientsAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(ws.Options{})
		c := wstest.NewClient(wstest.On(s))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if cause, closed := c.Closed(); !closed || cause.Code != ws.CloseAway {
			t.Error(cause, closed)
		}
		late := wstest.NewClient(wstest.On(s))
		if cause, closed := late.Closed(); !closed || cause.Code != ws.CloseAway {
			t.Error(cause, closed)
		}
	})
}
