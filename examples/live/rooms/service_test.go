package rooms_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/examples/live/rooms"
	ws "github.com/wsgen/wsgen/runtime"
)

func message(room, text string) map[string]string {
	return map[string]string{"room": room, "message": text}
}

func TestJoinRoom(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/rooms")
	ada.SendText(`{"event":"join_room","data":{"room":"tea"}}`)
	ada.Expect(`{"event":"join_room","data":"Joined room"}`)
	ada.SendText(`{"event":"join_room","id":4,"data":{"room":"tea"}}`)
	ada.Expect(`{"event":"join_room","id":4,"data":"Joined room"}`)
	if code := ada.Refused("join_room", map[string]int{"room": 1}); code != "invalid_payload" {
		t.Fatalf("code %q", code)
	}
}

func TestBroadcastReachesTheStoredSenders(t *testing.T) {
	live := livetest.Start(t)
	ada, bob, eve := live.Dial(t, "/rooms"), live.Dial(t, "/rooms"), live.Dial(t, "/rooms")
	for range 2 { // twice is once
		ada.Request("join_room", map[string]string{"room": "tea"})
	}
	bob.Request("join_room", map[string]string{"room": "tea"})
	eve.Request("join_room", map[string]string{"room": "coffee"})

	eve.SendText(`{"event":"broadcast","id":1,"data":{"room":"tea","message":"hi"}}`)
	eve.Expect(`{"event":"broadcast","id":1,"data":null}`)
	ada.Expect(`{"type":"broadcast","msg":"hi"}`)
	bob.Expect(`{"type":"broadcast","msg":"hi"}`)

	bob.SendText(`{"event":"broadcast","data":{"message":"to all here","room":"tea"}}`)
	bob.Expect(`{"type":"broadcast","msg":"to all here"}`)
	ada.Expect(`{"type":"broadcast","msg":"to all here"}`)
	eve.Request("broadcast", message("nowhere", "nobody"))

	const coffee = "coffee"
	for _, c := range []*livetest.Conn{ada, bob, eve} {
		c.Request("join_room", map[string]string{"room": coffee}) // answers last, if anything came before
	}
	eve.Request("broadcast", message(coffee, "end"))
	for _, c := range []*livetest.Conn{ada, bob, eve} {
		c.Expect(`{"type":"broadcast","msg":"end"}`) // and nothing before it, so no broadcast was answered
	}
	if code := eve.Refused("broadcast", map[string]string{"room": "tea"}); code != "invalid_payload" {
		t.Fatalf("code %q", code)
	}
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
	ada, bob := live.Dial(t, "/rooms"), live.Dial(t, "/rooms")
	ada.Request("join_room", "tea")
	bob.Request("join_room", "tea")
	bob.Close()
	if got := ada.Request("broadcast", message("tea", "hi")); got != "null" {
		t.Fatalf("broadcast answered %s, want the ack", got)
	}
	ada.Expect(`{"type":"broadcast","msg":"hi"}`)
}

// serve serves a service of its own, so that a test can look into it.
func serve(t *testing.T) (*rooms.ChatService, string) {
	t.Helper()
	service := rooms.NewChatService()
	registry := ws.NewServer(ws.Options{})
	server := httptest.NewServer(rooms.NewChatServiceEndpoint(registry, service))
	t.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), livetest.Patience)
		defer cancel()
		if err := registry.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return service, server.URL
}

func TestAConnectionThatEndsIsForgotten(t *testing.T) {
	service, url := serve(t)
	ada := livetest.Dial(t, http.DefaultClient, url+"/rooms")
	ada.Request("join_room", "tea")
	ada.Send("subscribe_updates", nil)
	ada.Send("subscribe_updates", nil) // changes nothing
	ada.Request("join_room", "coffee")
	if stored, subscribed := service.Stored("tea"), service.Subscribed(); stored != 1 || subscribed != 1 {
		t.Fatalf("%d stored, %d subscribed, want 1 and 1", stored, subscribed)
	}
	ada.Close()
	livetest.Eventually(t, "nobody is stored and nothing runs", func() bool {
		return service.Stored("tea")+service.Stored("coffee")+service.Subscribed() == 0
	})
}

func TestUpdatesComeEverySecondUntilTheConnectionIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		ada, bob := live.Dial(t, "/rooms"), live.Dial(t, "/rooms")
		bob.Request("join_room", "tea")
		if got := ada.Request("subscribe_updates", nil); got != "null" {
			t.Fatalf("subscribe_updates answered %s, want the ack", got)
		}
		ada.Send("subscribe_updates", nil) // changes nothing
		start := time.Now()
		for i := 1; i <= 3; i++ {
			got := ada.Next()
			now := start.Add(time.Duration(i) * time.Second)
			if want := `{"type":"heartbeat","timestamp":"` + now.UTC().Format(time.RFC3339) + `"}`; got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			if passed := time.Since(start); passed != time.Duration(i)*time.Second {
				t.Fatalf("heartbeat %d after %v", i, passed)
			}
		}
		ada.Close() // the bubble fails if a goroutine is left behind
		bob.Silent("join_room")
	})
}
