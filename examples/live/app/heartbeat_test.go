package app_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
)

func TestHeartbeatEveryFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		live := livetest.StartInMemory(t)
		chat, service, other := live.Connect(t, "/ws"), live.Connect(t, "/rooms"), live.Connect(t, "/notify")
		service.Call("join_room", "tea").OK()
		other.Call("ping", nil).OK()
		other.ExpectText(`{"event":"pong","data":"hi"}`)
		for i := 1; i <= 3; i++ {
			now := start.Add(time.Duration(i) * 5 * time.Second)
			want := `{"event":"heartbeat","data":"` + now.UTC().Format(time.RFC3339) + `"}`
			chat.ExpectText(want)
			service.ExpectText(want)
			if got := time.Now(); !got.Equal(now) {
				t.Fatalf("heartbeat %d at %v, want %v", i, got, now)
			}
		}
		other.Call("ping", nil).OK()
		other.ExpectText(`{"event":"pong","data":"hi"}`) // a namespace of its own: no heartbeat before
	})
}

func TestHeartbeatEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heartbeat := &app.Heartbeat{Server: ws.NewServer(ws.Options{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { heartbeat.Run(ctx); close(ended) }()
		time.Sleep(12 * time.Second) // of the bubble's clock
		cancel()
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Fatal("Run goes on after its context")
		}
		if err := heartbeat.Server.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
