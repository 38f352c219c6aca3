package rooms_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func TestRoomByPath(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/rooms/tea")
	ada.ExpectText(`{"event":"visitors","data":{"room":"tea","count":1}}`)
	bob := live.Connect(t, "/rooms/tea")
	for _, c := range []*wstest.Conn{ada, bob} {
		c.ExpectText(`{"event":"visitors","data":{"room":"tea","count":2}}`)
	}
	eve := live.Connect(t, "/rooms/green%20tea%2Fhot")
	eve.ExpectText(`{"event":"visitors","data":{"room":"green tea/hot","count":1}}`)

	ada.SendText(`{"event":"say","id":1,"data":{"text":"hi"}}`)
	ada.ExpectText(`{"event":"said","data":{"room":"tea","text":"hi"}}`)
	ada.ExpectText(`{"event":"say","id":1,"data":2}`)
	bob.ExpectText(`{"event":"said","data":{"room":"tea","text":"hi"}}`)

	for conn, want := range map[*wstest.Conn]string{
		ada: `{"room":"tea","count":2,"said":1}`,
		bob: `{"room":"tea","count":2,"said":0}`,
		eve: `{"room":"green tea/hot","count":1,"said":0}`,
	} {
		if got := conn.Call("where", nil).Text(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		conn.ExpectSilence(0)
	}
	ada.Call("join_room", map[string]string{"room": "tea"}).ExpectError(ws.CodeUnknownEvent) // an event of the gateway beside it
}

// TestRoomByPathAndByEvent checks that the rooms of the paths are those of the application's Server:
// there is one room, whichever way a client came in.
func TestRoomByPathAndByEvent(t *testing.T) {
	live := livetest.Start(t)
	chat, plain := live.Connect(t, "/ws"), live.Connect(t, "/rooms")
	chat.Call("join", map[string]string{"room": "tea"}).OK()
	plain.Call("join_room", map[string]string{"room": "tea"}).OK() // a registry of its own
	ada := live.Connect(t, "/rooms/tea")
	for _, c := range []*wstest.Conn{chat, ada} {
		c.ExpectText(`{"event":"visitors","data":{"room":"tea","count":2}}`)
	}
	if got := chat.Call("say", map[string]string{"room": "tea", "text": "hi"}).Text(); got != "2" {
		t.Errorf("said to %s, want 2", got)
	}
	for _, c := range []*wstest.Conn{chat, ada} {
		c.ExpectText(`{"event":"said","data":{"room":"tea","text":"hi"}}`)
	}
	plain.ExpectSilence(0)
}
