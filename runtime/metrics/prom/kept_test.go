package prom_test

import (
	"log/slog"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/wsjson"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestKept: what a Server remembers and has counted of kept pushes is exported, and who
// is seen in rooms; all of it is there before anything has happened.
func TestKept(t *testing.T) {
	m := prom.New(prom.Options{})
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	m.Watch(server)
	wants(t, m,
		`wsgen_server_history_pushes_kept_total 0`,
		`wsgen_server_history_followers_unrecovered_total 0`,
		`wsgen_server_presence_rooms 0`,
	)

	push := ws.NewKeptPush(server, ws.Log{Name: "t.Events", Size: 2, TTL: time.Minute}, func(to ws.Target) ws.Target { return to.Kept() })
	client := wstest.NewClient(wstest.On(server))
	if err := push.Follow(client.Client, "room"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := push.In("room").Emit("said", 1); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := push.Key("k").In("room").Emit("said", 2); err != nil {
			t.Fatal(err)
		}
	}
	seen := ws.NewPresence(server, ws.PresenceSpec{Name: "t.Here", Event: "here"}, func(w *wsjson.Writer, m string) { w.Lit(m) }, nil)
	for _, room := range []string{"room", "hall"} {
		if err := seen.Join(client.Client, room, `"ann"`); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, m,
		`wsgen_server_history_rooms 1`,
		`wsgen_server_history_messages 2`,
		`wsgen_server_history_pushes_kept_total 4`,
		`wsgen_server_history_pushes_duplicate_total 1`,
		`wsgen_server_history_followers_recovered_total 0`,
		`wsgen_server_presence_rooms 2`,
		`wsgen_server_presence_connections 2`,
		`wsgen_server_presence_frames_late_total 0`,
	)
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
