package chat_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/chat"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestWatchers checks who is told the counters: nobody who did not ask, and nobody who is gone.
func TestWatchers(t *testing.T) {
	push := wstest.NewPush(chat.NewCountingPush)
	g := &chat.ChatGateway{
		Roster:   chat.NewRoster(wstest.NewPush(chat.NewPresencePush).Push),
		Watchers: chat.NewWatchers(push.Push),
		Fleet:    chat.NewFleet(wstest.NewPush(chat.NewNeighboursPush).Push),
	}
	told := func(c chat.Counters, conns ...ws.ConnID) wstest.Pushed {
		return wstest.Pushed{To: wstest.Only(conns...).Coalesced("counters"), Event: "counters", Data: c}
	}
	one, two := chat.Counters{Connections: 1, In: 5}, chat.Counters{Connections: 2, Out: 7, Limit: 64 << 20}
	g.Watchers.Tell(one)
	push.Expect(t)

	ada, bob := wstest.NewClient(), wstest.NewClient(wstest.On(push.Server()))
	a, b := ada.ID(), bob.ID()
	g.Watch(ada.Client, true)
	push.Expect(t, told(one, a))
	g.Watch(bob.Client, true)
	g.Watchers.Tell(two)
	push.Expect(t, told(one, b), told(two, min(a, b), max(a, b)))
	g.Watch(ada.Client, false)
	g.Watch(ada.Client, false) // changes nothing
	g.Watchers.Tell(one)
	push.Expect(t, told(one, b))
	g.Left(bob.Client)
	g.Watchers.Tell(two)
	push.Expect(t)
}
