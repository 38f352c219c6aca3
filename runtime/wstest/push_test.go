package wstest_test

import (
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestPush: each way to address a push is recorded as that, with what clients
// would get.
func TestPush(t *testing.T) {
	push := wstest.NewPush(fixture.NewEventsPush)
	if n, err := push.In("a", "b").Moved(fixture.Point{X: 1, Y: 2}); n != 0 || err != nil {
		t.Error(n, err)
	}
	_ = push.All().ToAll("<hi>")
	push.Except(1).Except(2).Users("ann").Cleared()
	_ = push.Coalesce("k").Overflow(ws.ShedOldest).Conn(3, 4).ToAll("x")
	c := wstest.NewClient()
	_ = push.Client(c.Client).ToAll("y")

	var p fixture.Point
	if all := push.Pushed(); len(all) != 5 || all[0].Into(&p) != nil || p != (fixture.Point{X: 1, Y: 2}) {
		t.Error(all)
	}
	overflow := wstest.Only(3, 4).Coalesced("k")
	overflow.Overflow = ws.ShedOldest
	push.Expect(t,
		wstest.Pushed{To: wstest.Room("a", "b"), Event: "moved", Data: fixture.Point{X: 1, Y: 2}},
		wstest.Pushed{To: wstest.All(), Event: "to_all", Data: "<hi>"},
		wstest.Pushed{To: wstest.User("ann").Without(1, 2), Event: "cleared"},
		wstest.Pushed{To: overflow, Event: "to_all", Data: "x"},
		wstest.Pushed{To: wstest.Only(c.ID()), Event: "to_all", Data: "y"})
	push.Expect(t) // no more
}

// TestRecord: what a service pushes by a Server is recorded, too, and reaches who
// is put there.
func TestRecord(t *testing.T) {
	r := wstest.NewRecord()
	s := r.Server()
	c := wstest.NewClient(wstest.On(s))
	_, _ = s.Broadcast("all", 1)
	_, _ = s.EmitTo("a", "room", map[string]int{"n": 2})
	if found, err := s.Emit(c.ID(), "one", 3); !found || err != nil {
		t.Error(found, err)
	}
	if found, err := s.Emit(7, "nobody", 4); found || err != nil {
		t.Error(found, err)
	}
	_, _ = s.In().Emit("none", 5)
	r.Expect(t,
		wstest.Pushed{To: wstest.All(), Event: "all", Data: 1},
		wstest.Pushed{To: wstest.Room("a"), Event: "room", Data: map[string]int{"n": 2}},
		wstest.Pushed{To: wstest.Only(c.ID()), Event: "one", Data: 3},
		wstest.Pushed{To: wstest.Only(7), Event: "nobody", Data: 4},
		wstest.Pushed{Event: "none", Data: 5})
	if events := c.Events(); len(events) != 2 {
		t.Error(events)
	}
}

// TestRecordFails: any difference fails, and both lists are printed.
func TestRecordFails(t *testing.T) {
	r := wstest.NewRecord()
	said := wstest.Pushed{To: wstest.Room("a").Without(1), Event: "said", Data: "hi"}
	for name, want := range map[string]wstest.Pushed{
		"room":   {To: wstest.Room("b").Without(1), Event: "said", Data: "hi"},
		"except": {To: wstest.Room("a"), Event: "said", Data: "hi"},
		"key":    {To: said.To.Coalesced("k"), Event: "said", Data: "hi"},
		"event":  {To: said.To, Event: "told", Data: "hi"},
		"data":   {To: said.To, Event: "said", Data: "ho"},
		"no":     {To: said.To, Event: "said", Data: func() {}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _ = r.Server().In("a").Except(1).Emit("said", "hi")
			wantIn(t, failure(t, func(t testing.TB) { r.Expect(t, want) }), "pushed was\n", `rooms ["a"], but [0000000000000001]: said "hi"`, "want\n", want.String())
		})
	}
	wantIn(t, failure(t, func(t testing.TB) { r.Expect(t, said) }), "pushed was\n\tnothing")
	_, _ = r.Server().In("a").Except(1).Emit("said", "hi")
	wantIn(t, failure(t, func(t testing.TB) { r.Expect(t) }), "said", "want\n\tnothing")
	if err := said.Into(new(string)); err == nil {
		t.Error("what was not recorded can be read")
	}
}
