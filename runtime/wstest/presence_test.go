package wstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestPresence: clients without a connection are seen in rooms, hear who else is, and
// what they hear is recorded.
func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := wstest.NewRecord()
		here := ws.NewPresence[string](r.Server(), ws.PresenceSpec{Name: "test.Events", Event: "here"}, nil, nil)
		var both []ws.Person[string]
		var ids []ws.ConnID
		for _, name := range []string{"ann", "bob"} {
			c := wstest.NewClient(wstest.On(r.Server()))
			if err := here.Join(c.Client, "kitchen", name); err != nil {
				t.Fatal(err)
			}
			both = append(both, ws.Person[string]{Key: c.String(), Metas: []string{name}})
			ids = append(ids, c.ID())
			if events := c.Events(); len(events) != 1 || events[0].Name != "here" {
				t.Errorf("%s heard %v", name, events)
			}
		}
		time.Sleep(time.Second)
		r.Expect(t,
			wstest.Pushed{To: wstest.Only(ids[0]), Event: "here", Data: ws.Present[string]{Full: true, Joined: both[:1], Count: 1}},
			wstest.Pushed{To: wstest.Only(ids[1]), Event: "here", Data: ws.Present[string]{Full: true, Joined: both, Count: 2}},
			wstest.Pushed{To: wstest.Room("kitchen"), Event: "here", Data: ws.Present[string]{Joined: both[1:], Count: 2}})
	})
}
