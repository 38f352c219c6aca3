package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestDraining checks the order: a load balancer sees it first, then the clients are told, and only
// then connections are closed.
func TestDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t, ws.Options{ShutdownDelay: 3 * time.Second})
		chat, other := live.Connect(t, "/ws"), live.Connect(t, "/notify")
		if response, body := get(t, live, "/readyz"); response.StatusCode != http.StatusOK {
			t.Fatalf("/readyz: %s %s", response.Status, body)
		}
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- live.App.Shutdown(context.Background()) }()
		chat.ExpectText(`{"event":"draining","data":null}`)
		synctest.Wait()
		if response, body := get(t, live, "/readyz"); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("/readyz: %s %s, want 503", response.Status, body)
		}
		chat.Call("presence", nil).OK() // still served
		other.Call("ping", nil).OK()
		live.Connect(t, "/ws").Call("presence", nil).OK() // also a new client
		if passed := time.Since(start); passed != 0 {
			t.Errorf("%v have passed", passed)
		}
		for _, c := range []*wstest.Conn{chat, other} {
			c.ExpectClose(ws.CloseAway)
		}
		if passed := time.Since(start); passed < 3*time.Second {
			t.Errorf("closed after %v, want 3 s", passed)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestStats(t *testing.T) {
	live := livetest.Start(t)
	chat, flood := live.Connect(t, "/ws"), live.Connect(t, "/flood")
	flood.Call("burst", map[string]any{"count": 2, "policy": "shed_newest"}).OK()
	chat.Call("message", map[string]string{"author": "ada", "text": "hi"}).OK()
	_, body := get(t, live, "/stats")
	var got map[string]struct{ Connections, Rooms, Limit, Received, Refused, Accepted, Shed, Replaced, Slow int }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if s := got["server"]; s.Connections != 1 || s.Accepted < 2 || s.Shed+s.Replaced+s.Slow > 0 {
		t.Errorf("server: %+v", s)
	}
	if s := got["flood"]; s.Connections != 1 || s.Accepted < 3 || s.Shed+s.Replaced+s.Slow > 0 {
		t.Errorf("flood: %+v", s)
	}
	if s := got["server"]; s.Rooms != 1 || s.Limit == 0 || s.Received != 1 || s.Refused != 0 {
		t.Errorf("server: %+v", s)
	}
	if s, there := got["notify"]; !there || s.Connections+s.Received > 0 {
		t.Errorf("notify: %+v", s)
	}
}
