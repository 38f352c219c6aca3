package notify_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func TestPingReachesTheNamespace(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/notify"), live.Connect(t, "/notify")
	bob.Call("ping", nil).OK()
	ada.ExpectText(`{"event":"pong","data":"hi"}`)
	bob.ExpectText(`{"event":"pong","data":"hi"}`)

	ada.SendText(`{"event":"ping"}`)
	ada.ExpectText(`{"event":"pong","data":"hi"}`)
	bob.ExpectText(`{"event":"pong","data":"hi"}`)
	ada.SendText(`{"event":"ping","id":"x","data":{"ignored":1}}`)
	ada.ExpectText(`{"event":"pong","data":"hi"}`, `{"event":"ping","id":"x","data":null}`)
	bob.ExpectText(`{"event":"pong","data":"hi"}`)
	ada.ExpectSilence(0)
	bob.ExpectSilence(0)
}

func TestNamespacesDoNotSeeEachOther(t *testing.T) {
	live := livetest.Start(t)
	chat, service, other := live.Connect(t, "/ws"), live.Connect(t, "/rooms"), live.Connect(t, "/notify")
	other.Call("ping", nil).OK()
	other.ExpectText(`{"event":"pong","data":"hi"}`)
	chat.ExpectSilence(0)
	service.ExpectSilence(0)

	chat.Call("message", map[string]string{"author": "ada", "text": "hi"}).OK()
	chat.Call("typing", map[string]string{"author": "ada"}).OK()
	chat.Call("say", map[string]string{"room": "lobby", "text": "hi"}).OK()
	if got := announce(t, live, `{"text":"hear"}`); got != `{"reached":2}` {
		t.Fatalf("announce answered %s, want 2 reached: not the namespace", got)
	}
	other.ExpectSilence(0)
}
