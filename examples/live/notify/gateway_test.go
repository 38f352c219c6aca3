package notify_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func TestPingReachesTheNamespace(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/notify"), live.Dial(t, "/notify")
	bob.Request("ping", nil) // bob is registered
	ada.Barrier("ping")      // so is ada, who may have seen that ping or not
	bob.Expect(`{"event":"pong","data":"hi"}`)
	bob.Expect(`{"event":"pong","data":"hi"}`)

	ada.SendText(`{"event":"ping"}`)
	ada.Expect(`{"event":"pong","data":"hi"}`)
	bob.Expect(`{"event":"pong","data":"hi"}`)
	ada.SendText(`{"event":"ping","id":"x","data":{"ignored":1}}`)
	ada.Expect(`{"event":"pong","data":"hi"}`)
	ada.Expect(`{"event":"ping","id":"x","data":null}`)
	bob.Expect(`{"event":"pong","data":"hi"}`)
}

func TestNamespacesDoNotSeeEachOther(t *testing.T) {
	live := livetest.Start(t)
	chat, service, other := live.Dial(t, "/ws"), live.Dial(t, "/rooms"), live.Dial(t, "/notify")
	chat.Barrier("presence")
	service.Request("join_room", "barrier")
	other.Request("ping", nil)
	other.Expect(`{"event":"pong","data":"hi"}`)
	chat.Silent("presence")
	service.Silent("join_room")

	chat.Request("message", map[string]string{"author": "ada", "text": "hi"})
	chat.Request("typing", map[string]string{"author": "ada"})
	chat.Request("say", map[string]string{"room": "lobby", "text": "hi"})
	if got := announce(t, live, `{"text":"hear"}`); got != `{"reached":2}` {
		t.Fatalf("announce answered %s, want 2 reached: not the namespace", got)
	}
	if got := other.Barrier("ping"); len(got) != 1 || got[0] != `{"event":"pong","data":"hi"}` {
		t.Fatalf("the namespace saw %q", got)
	}
}
