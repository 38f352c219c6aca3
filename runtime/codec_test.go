package ws_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
)

// TestCodecIsStd sends the same to a gateway with generated codecs and to one
// without, and wants the same frames, refusals included.
func TestCodecIsStd(t *testing.T) {
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	s := &site{Server: server, http: httptest.NewServer(ws.NewRouter(
		fixture.NewCodecEndpoint(server, &fixture.Codec{}).Endpoint, fixture.NewStdEndpoint(server, &fixture.Std{}).Endpoint))}
	defer s.http.Close()
	defer func() { _ = server.Shutdown(context.Background()) }()
	codec, std := s.dial(t, "/codec"), s.dial(t, "/std")

	ask := func(event, data string) {
		t.Helper()
		for id := range 2 {
			text := fmt.Sprintf(`{"event":%q,"id":%d,"data":%s}`, event, id, data)
			if data == "" {
				text = fmt.Sprintf(`{"event":%q,"id":%d}`, event, id)
			}
			codec.send("%s", text)
			std.send("%s", text)
			if got, want := codec.next(), std.next(); got != want && !bothOpaque(got, want) {
				t.Errorf("%.200s\ngot  %s\nwant %s", text, got, want)
			}
		}
	}
	for _, data := range fixture.Oddities() {
		if strings.Contains(data, "\xff") {
			continue // no text message can carry it
		}
		ask("every", data)
		ask("pick", data)
		ask("optional", data)
		ask("optional", strings.NewReplacer(`"f32"`, `"ratio"`, `"f64"`, `"ratio"`).Replace(data))
	}
	for _, data := range []string{`0`, `3`, `-1`, `"3"`, `3.0`, `{"n":2}`, `{"N":2}`, `{"n":-1}`, `{"n":null}`, `{"m":1}`, `{}`, `null`, `02`, `2 `} {
		ask("list", data)
	}
	for _, data := range []string{`{"a":1,"b":3}`, `{"a":1,"b":0}`, `{"a":0,"b":0}`, `{"a":1}`, `{"b":1}`, `{"b":1,"a":2,"b":4}`, `{"a":1,"b":null}`, `1`} {
		ask("divide", data)
	}
	for _, data := range []string{`{"label":"x"}`, `{"label":"x","level":7,"on":true}`, `{"label":"x","level":null}`, `{"level":1}`, `{"label":"x","level":256}`, `{"label":"x","on":false,"extra":1}`} {
		ask("pick", data)
	}
}

// bothOpaque reports whether both are internal errors, which differ in their
// references.
func bothOpaque(a, b string) bool {
	return strings.Contains(a, `"internal"`) && strings.Contains(b, `"internal"`)
}
