package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	ws "github.com/wsgen/wsgen/runtime"
	every "github.com/wsgen/wsgen/runtime/internal/kinds"
	"github.com/wsgen/wsgen/runtime/internal/payload"
)

// TestKindsAreStd sends the same to a gateway with generated codecs for every kind of
// type and to one without, samples and what comes of them by changes at random, and
// wants the same frames, those of streams and refusals included.
func TestKindsAreStd(t *testing.T) {
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	s := &site{Server: server, http: httptest.NewServer(ws.NewRouter(
		every.NewKindsEndpoint(server, &every.Kinds{}).Endpoint, every.NewStdEndpoint(server, &every.Std{}).Endpoint))}
	defer s.http.Close()
	defer func() { _ = server.Shutdown(context.Background()) }()
	codec, std := s.dial(t, "/kinds"), s.dial(t, "/kinds/std")
	ask := func(event string, data []byte) {
		t.Helper()
		text := fmt.Sprintf(`{"event":%q,"id":1,"data":%s}`, event, data)
		codec.send("%s", text)
		std.send("%s", text)
		for more := true; more; {
			got, want := codec.next(), std.next()
			if got != want && !bothOpaque(got, want) {
				t.Fatalf("%.400s\ngot  %s\nwant %s", text, got, want)
			}
			more = strings.HasSuffix(want, `,"more":true}`)
		}
	}
	all := every.Samples()
	for event, v := range map[string]any{"telemetry": payload.NewTelemetry(), "order": payload.NewOrder()} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all[event] = []string{string(text)}
	}
	m := payload.Mutator{Random: rand.New(rand.NewPCG(1, 18))}
	for _, event := range slices.Sorted(maps.Keys(all)) {
		samples := append(all[event], `null`, `{}`, `[]`, `1`, `"x"`)
		for _, data := range samples {
			ask(event, []byte(data))
		}
		for range 60 {
			data := m.Mutate([]byte(samples[m.Random.IntN(len(samples))]))
			if json.Valid(data) && utf8.Valid(data) { // else the frame may be none
				ask(event, data)
			}
		}
	}
}
