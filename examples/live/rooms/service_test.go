package rooms_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/examples/live/rooms"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func message(room, text string) map[string]string {
	return map[string]string{"room": room, "message": text}
}

func TestJoinRoom(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/rooms")
	ada.SendText(`{"event":"join_room","data":{"room":"tea"}}`)
	ada.ExpectText(`{"event":"join_room","data":"Joined room"}`)
	ada.SendText(`{"event":"join_room","id":4,"data":{"room":"tea"}}`)
	ada.ExpectText(`{"event":"join_room","id":4,"data":"Joined room"}`)
	ada.Call("join_room", map[string]int{"room": 1}).ExpectError(ws.CodeInvalidPayload)
}

func TestBroadcastReachesTheStoredSenders(t *testing.T) {
	live := livetest.Start(t)
	ada, bob, eve := live.Connect(t, "/rooms"), live.Connect(t, "/rooms"), live.Connect(t, "/rooms")
	for range 2 { // twice is once
		ada.Call("join_room", map[string]string{"room": "tea"}).OK()
	}
	bob.Call("join_room", map[string]string{"room": "tea"}).OK()
	eve.Call("join_room", map[string]string{"room": "coffee"}).OK()

	eve.SendText(`{"event":"broadcast","id":1,"data":{"room":"tea","message":"hi"}}`)
	eve.ExpectText(`{"event":"broadcast","id":1,"data":null}`)
	ada.ExpectText(`{"type":"broadcast","msg":"hi"}`)
	bob.ExpectText(`{"type":"broadcast","msg":"hi"}`)

	bob.SendText(`{"event":"broadcast","data":{"message":"to all here","room":"tea"}}`)
	bob.ExpectText(`{"type":"broadcast","msg":"to all here"}`)
	ada.ExpectText(`{"type":"broadcast","msg":"to all here"}`)
	eve.Call("broadcast", message("nowhere", "nobody")).OK()

	const coffee = "coffee"
	for _, c := range []*wstest.Conn{ada, bob, eve} {
		c.Call("join_room", map[string]string{"room": coffee}).OK()
	}
	eve.Call("broadcast", message(coffee, "end")).OK()
	for _, c := range []*wstest.Conn{ada, bob, eve} {
		c.ExpectText(`{"type":"broadcast","msg":"end"}`) // and nothing before it, so no broadcast was answered
	}
	eve.Call("broadcast", map[string]string{"room": "tea"}).ExpectError(ws.CodeInvalidPayload)
}

func TestBroadcastForgetsClosedSenders(t *testing.T) {
	service := rooms.NewChatService()
	service.JoinRoom(ws.Sender{}, "tea") // the zero Sender is closed
	service.JoinRoom(ws.Sender{}, "coffee")
	if got := service.Stored("tea"); got != 1 {
		t.Fatalf("%d stored, want 1", got)
	}
	service.Broadcast("tea", "hi")
	if tea, coffee := service.Stored("tea"), service.Stored("coffee"); tea != 0 || coffee != 0 {
		t.Fatalf("%d and %d stored after the broadcast, want none", tea, coffee)
	}
}

func TestBroadcastAfterAMemberWent(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/rooms"), live.Connect(t, "/rooms")
	ada.Call("join_room", "tea").OK()
	bob.Call("join_room", "tea").OK()
	bob.Close(ws.CloseNormal, "")
	if got := ada.Call("broadcast", message("tea", "hi")).Text(); got != "null" {
		t.Fatalf("broadcast answered %s, want the ack", got)
	}
	ada.ExpectText(`{"type":"broadcast","msg":"hi"}`)
}

func TestAConnectionThatEndsIsForgotten(t *testing.T) {
	service := rooms.NewChatService()
	ada := wstest.Dial(t, rooms.NewChatServiceEndpoint(ws.NewServer(ws.Options{}), service))
	ada.Call("join_room", "tea").OK()
	ada.Send("subscribe_updates", nil)
	ada.Send("subscribe_updates", nil) // changes nothing
	ada.Call("join_room", "coffee").OK()
	if stored, subscribed := service.Stored("tea"), service.Subscribed(); stored != 1 || subscribed != 1 {
		t.Fatalf("%d stored, %d subscribed, want 1 and 1", stored, subscribed)
	}
	ada.Close(ws.CloseNormal, "")
	livetest.Eventually(t, "nobody is stored and nothing runs", func() bool {
		return service.Stored("tea")+service.Stored("coffee")+service.Subscribed() == 0
	})
}

func TestUpdatesComeEverySecondUntilTheConnectionIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		ada, bob := live.Connect(t, "/rooms"), live.Connect(t, "/rooms")
		bob.Call("join_room", "tea").OK()
		if got := ada.Call("subscribe_updates", nil).Text(); got != "null" {
			t.Fatalf("subscribe_updates answered %s, want the ack", got)
		}
		ada.Send("subscribe_updates", nil) // changes nothing
		start := time.Now()
		for i := 1; i <= 3; i++ {
			got := ada.Text()
			now := start.Add(time.Duration(i) * time.Second)
			if want := `{"type":"heartbeat","timestamp":"` + now.UTC().Format(time.RFC3339) + `"}`; got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			if passed := time.Since(start); passed != time.Duration(i)*time.Second {
				t.Fatalf("heartbeat %d after %v", i, passed)
			}
		}
		ada.Close(ws.CloseNormal, "") // the bubble fails if a goroutine is left behind
		bob.ExpectSilence(0)
	})
}
