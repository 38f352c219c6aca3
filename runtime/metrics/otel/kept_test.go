package wsotel_test

import (
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wsjson"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestKept: all that a Server remembers and has counted of kept pushes is collected, and
// who is seen in rooms.
func TestKept(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	s.telemetry.Watch(server)
	push := ws.NewKeptPush(server, ws.Log{Name: "t.Events", Size: 2, TTL: time.Minute}, func(to ws.Target) ws.Target { return to.Kept() })
	client := wstest.NewClient(wstest.On(server))
	if err := push.Follow(client.Client, "room"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "", "", "k", "k"} {
		if _, err := push.Key(key).In("room").Emit("said", 1); err != nil {
			t.Fatal(err)
		}
	}
	seen := ws.NewPresence(server, ws.PresenceSpec{Name: "t.Here", Event: "here"}, func(w *wsjson.Writer, m string) { w.Lit(m) }, nil)
	for _, room := range []string{"room", "hall"} {
		if err := seen.Join(client.Client, room, `"ann"`); err != nil {
			t.Fatal(err)
		}
	}

	got := map[string]int64{}
	for name := range s.collect() {
		if short, ok := strings.CutPrefix(name, "wsgen.server."); ok && (strings.HasPrefix(short, "history.") || strings.HasPrefix(short, "presence.")) {
			got[short] = s.sums(name)[""]
		}
	}
	if n := reflect.TypeFor[ws.HistoryStats]().NumField() + reflect.TypeFor[ws.PresenceStats]().NumField(); len(got) != n {
		t.Errorf("%d numbers, and there are %d", len(got), n)
	}
	if got["history.size"] < 100 {
		t.Errorf("%d bytes", got["history.size"])
	}
	delete(got, "history.size")
	want := map[string]int64{
		"history.rooms": 1, "history.messages": 2, "history.kept": 4, "history.duplicates": 1, "history.failed": 0, "history.catchups": 0,
		"history.recovered": 0, "history.unrecovered": 0, "history.lost": 0, "history.pressed": 0, "history.resets": 0,
		"presence.rooms": 2, "presence.connections": 2, "presence.late": 0,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
