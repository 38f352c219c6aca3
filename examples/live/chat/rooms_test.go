package chat_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func room(name string) map[string]string { return map[string]string{"room": name} }

func line(room, text string) map[string]string { return map[string]string{"room": room, "text": text} }

// say has c say something in a room, and returns how many were told.
func say(t *testing.T, c *wstest.Conn, room, text string) int {
	t.Helper()
	return wstest.Decode[int](c.Call("say", line(room, text)))
}

func TestConnectJoinsTheLobby(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	if got := say(t, ada, "lobby", "hi"); got != 2 {
		t.Fatalf("said to %d, want 2", got)
	}
	for _, c := range []*wstest.Conn{ada, bob} {
		c.ExpectText(`{"event":"said","data":{"room":"lobby","text":"hi"}}`)
	}
}

func TestSayReachesTheMembers(t *testing.T) {
	live := livetest.Start(t)
	ada, bob, eve := live.Connect(t, "/ws"), live.Connect(t, "/ws"), live.Connect(t, "/ws")
	bob.SendText(`{"event":"join","id":1,"data":{"room":"tea"}}`)
	bob.ExpectText(`{"event":"join","id":1,"data":null}`)

	// The sender need not be in the room, and then it gets nothing.
	if got := say(t, ada, "tea", "outside"); got != 1 {
		t.Fatalf("said to %d, want 1", got)
	}
	bob.ExpectText(`{"event":"said","data":{"room":"tea","text":"outside"}}`)
	ada.ExpectSilence(0)

	// Joining twice is joining once.
	ada.Call("join", room("tea")).OK()
	ada.Call("join", room("tea")).OK()
	ada.SendText(`{"event":"say","data":{"room":"tea","text":"inside"}}`)
	ada.ExpectText(`{"event":"said","data":{"room":"tea","text":"inside"}}`, `{"event":"say","data":2}`)
	bob.ExpectText(`{"event":"said","data":{"room":"tea","text":"inside"}}`)

	bob.Call("leave", room("tea")).OK()
	bob.Call("leave", room("tea")).OK() // not in it: no error
	if got := say(t, ada, "tea", "alone"); got != 1 {
		t.Fatalf("said to %d, want 1", got)
	}
	ada.ExpectText(`{"event":"said","data":{"room":"tea","text":"alone"}}`)
	bob.ExpectSilence(0)
	eve.ExpectSilence(0)

	if got := say(t, ada, "nowhere", "hi"); got != 0 {
		t.Fatalf("said to %d, want 0", got)
	}
}

func TestALostConnectionLeavesItsRooms(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	bob.Call("join", room("tea")).OK()
	bob.Close(ws.CloseNormal, "")
	livetest.Eventually(t, "bob is gone from the room", func() bool { return say(t, ada, "tea", "hi") == 0 })
}

func TestIncompleteDataIsRefused(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	for event, data := range map[string]any{
		"join": map[string]string{}, "leave": map[string]int{"room": 1}, "say": map[string]string{"room": "tea"},
		"order": nil, "typing": 3,
	} {
		ada.Call(event, data).ExpectError(ws.CodeInvalidPayload)
	}
	ada.Call("dance", nil).ExpectError(ws.CodeUnknownEvent)
}

func TestPresenceIsABareNumber(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	ada.SendText(`{"event":"presence"}`)
	ada.ExpectText(`{"event":"presence","data":1}`)
	bob := live.Connect(t, "/ws")
	live.Connect(t, "/rooms")
	live.Connect(t, "/notify") // has a registry of its own
	present := func() int { return wstest.Decode[int](ada.Call("presence", nil)) }
	if got := present(); got != 3 {
		t.Fatalf("presence %d, want 3", got)
	}
	bob.Close(ws.CloseNormal, "")
	livetest.Eventually(t, "presence falls to 2", func() bool { return present() == 2 })
}

func TestTypingIsBroadcast(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	ada.Send("typing", map[string]string{"author": "ada"})
	for _, c := range []*wstest.Conn{ada, bob} {
		c.ExpectText(`{"event":"typing","data":{"author":"ada"}}`)
	}
	ada.ExpectSilence(0) // no answer without an id
}

func TestOrderDoneReachesOneConnection(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	ada.Send("order", map[string]string{"text": "tea"})
	ada.ExpectText(`{"event":"order_done","data":{"text":"tea"}}`)
	if got := bob.Call("order", map[string]string{"text": "cake"}).Text(); got != "null" {
		t.Fatalf("order answered %s, want the ack", got)
	}
	bob.ExpectText(`{"event":"order_done","data":{"text":"cake"}}`)
	ada.ExpectSilence(0)
	bob.ExpectSilence(0)
}
