package rooms_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func TestRoomByPath(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/rooms/tea")
	ada.Expect(`{"event":"visitors","data":{"room":"tea","count":1}}`)
	bob := live.Dial(t, "/rooms/tea")
	for _, c := range []*livetest.Conn{ada, bob} {
		c.Expect(`{"event":"visitors","data":{"room":"tea","count":2}}`)
	}
	eve := live.Dial(t, "/rooms/green%20tea%2Fhot")
	eve.Expect(`{"event":"visitors","data":{"room":"green tea/hot","count":1}}`)

	ada.SendText(`{"event":"say","id":1,"data":{"text":"hi"}}`)
	ada.Expect(`{"event":"said","data":{"room":"tea","text":"hi"}}`)
	ada.Expect(`{"event":"say","id":1,"data":2}`)
	bob.Expect(`{"event":"said","data":{"room":"tea","text":"hi"}}`)

	for conn, want := range map[*livetest.Conn]string{
		ada: `{"room":"tea","count":2,"said":1}`,
		bob: `{"room":"tea","count":2,"said":0}`,
		eve: `{"room":"green tea/hot","count":1,"said":0}`,
	} {
		if got := conn.Request("where", nil); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		conn.Silent("where")
	}
	if code := ada.Refused("join_room", map[string]string{"room": "tea"}); code != "unknown_event" {
		t.Errorf("an event of the gateway beside it: code %q", code)
	}
}

// TestRoomByPathAndByEvent checks that the rooms of the paths are those of the application's Server:
// there is one room, whichever way a client came in.
func TestRoomByPathAndByEvent(t *testing.T) {
	live := livetest.Start(t)
	chat, plain := live.Dial(t, "/ws"), live.Dial(t, "/rooms")
	chat.Request("join", map[string]string{"room": "tea"})
	plain.Request("join_room", map[string]string{"room": "tea"}) // a registry of its own
	ada := live.Dial(t, "/rooms/tea")
	for _, c := range []*livetest.Conn{chat, ada} {
		c.Expect(`{"event":"visitors","data":{"room":"tea","count":2}}`)
	}
	if got := chat.Request("say", map[string]string{"room": "tea", "text": "hi"}); got != "2" {
		t.Errorf("said to %s, want 2", got)
	}
	for _, c := range []*livetest.Conn{chat, ada} {
		c.Expect(`{"event":"said","data":{"room":"tea","text":"hi"}}`)
	}
	plain.Silent("join_room")
}
