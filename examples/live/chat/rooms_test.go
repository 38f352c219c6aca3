package chat_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func room(name string) map[string]string { return map[string]string{"room": name} }

func line(room, text string) map[string]string { return map[string]string{"room": room, "text": text} }

func TestConnectJoinsTheLobby(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/ws"), live.Dial(t, "/ws")
	bob.Barrier("presence")
	if got := ada.Request("say", line("lobby", "hi")); got != "2" {
		t.Fatalf("said to %s, want 2", got)
	}
	for _, c := range []*livetest.Conn{ada, bob} {
		c.Expect(`{"event":"said","data":{"room":"lobby","text":"hi"}}`)
	}
}

func TestSayReachesTheMembers(t *testing.T) {
	live := livetest.Start(t)
	ada, bob, eve := live.Dial(t, "/ws"), live.Dial(t, "/ws"), live.Dial(t, "/ws")
	eve.Barrier("presence")
	bob.SendText(`{"event":"join","id":1,"data":{"room":"tea"}}`)
	bob.Expect(`{"event":"join","id":1,"data":null}`)

	// The sender need not be in the room, and then it gets nothing.
	if got := ada.Request("say", line("tea", "outside")); got != "1" {
		t.Fatalf("said to %s, want 1", got)
	}
	bob.Expect(`{"event":"said","data":{"room":"tea","text":"outside"}}`)
	ada.Silent("presence")

	// Joining twice is joining once.
	ada.Request("join", room("tea"))
	ada.Request("join", room("tea"))
	ada.SendText(`{"event":"say","data":{"room":"tea","text":"inside"}}`)
	ada.Expect(`{"event":"said","data":{"room":"tea","text":"inside"}}`)
	ada.Expect(`{"event":"say","data":2}`)
	bob.Expect(`{"event":"said","data":{"room":"tea","text":"inside"}}`)

	bob.Request("leave", room("tea"))
	bob.Request("leave", room("tea")) // not in it: no error
	if got := ada.Request("say", line("tea", "alone")); got != "1" {
		t.Fatalf("said to %s, want 1", got)
	}
	ada.Expect(`{"event":"said","data":{"room":"tea","text":"alone"}}`)
	bob.Silent("presence")
	eve.Silent("presence")

	if got := ada.Request("say", line("nowhere", "hi")); got != "0" {
		t.Fatalf("said to %s, want 0", got)
	}
}

func TestALostConnectionLeavesItsRooms(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/ws"), live.Dial(t, "/ws")
	bob.Request("join", room("tea"))
	bob.Close()
	livetest.Eventually(t, "bob is gone from the room", func() bool {
		return ada.Request("say", line("tea", "hi")) == "0"
	})
}

func TestIncompleteDataIsRefused(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	for event, data := range map[string]any{
		"join": map[string]string{}, "leave": map[string]int{"room": 1}, "say": map[string]string{"room": "tea"},
		"order": nil, "typing": 3,
	} {
		if code := ada.Refused(event, data); code != "invalid_payload" {
			t.Errorf("%s %v: code %q", event, data, code)
		}
	}
	if code := ada.Refused("dance", nil); code != "unknown_event" {
		t.Errorf("code %q", code)
	}
}

func TestPresenceIsABareNumber(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	ada.SendText(`{"event":"presence"}`)
	ada.Expect(`{"event":"presence","data":1}`)
	bob, service, other := live.Dial(t, "/ws"), live.Dial(t, "/rooms"), live.Dial(t, "/notify")
	bob.Barrier("presence")
	service.Request("join_room", "x")
	other.Request("ping", nil)
	if got := ada.Request("presence", nil); got != "3" { // not the one with a registry of its own
		t.Fatalf("presence %s, want 3", got)
	}
	bob.Close()
	livetest.Eventually(t, "presence falls to 2", func() bool { return ada.Request("presence", nil) == "2" })
}

func TestTypingIsBroadcast(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/ws"), live.Dial(t, "/ws")
	bob.Barrier("presence")
	ada.Send("typing", map[string]string{"author": "ada"})
	for _, c := range []*livetest.Conn{ada, bob} {
		c.Expect(`{"event":"typing","data":{"author":"ada"}}`)
	}
	ada.Silent("presence") // no answer without an id
}

func TestOrderDoneReachesOneConnection(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/ws"), live.Dial(t, "/ws")
	bob.Barrier("presence")
	ada.Send("order", map[string]string{"text": "tea"})
	ada.Expect(`{"event":"order_done","data":{"text":"tea"}}`)
	if got := bob.Request("order", map[string]string{"text": "cake"}); got != "null" {
		t.Fatalf("order answered %s, want the ack", got)
	}
	bob.Expect(`{"event":"order_done","data":{"text":"cake"}}`)
	ada.Silent("presence")
	bob.Silent("presence")
}
