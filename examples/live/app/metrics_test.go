package app_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestMetrics checks that one page has what both kinds of metrics tell of all registries, and that the
// Observer of the options is told as before.
func TestMetrics(t *testing.T) {
	told := make(chan string, 8)
	live := livetest.StartInMemory(t, ws.Options{Observer: ws.Observer{Opened: func(c *ws.Client) { told <- c.Gateway() }}})
	var clients []*wstest.Conn
	for _, path := range []string{"/ws", "/flood", "/notify"} {
		clients = append(clients, live.Connect(t, path))
	}
	clients[0].Call("message", map[string]string{"author": "ada", "text": "hi"}).OK()
	clients[0].Call("say", map[string]string{"room": "lobby", "text": "hi"}).OK()
	clients[0].Send("nobody's", nil)
	clients[0].ExpectError(ws.CodeUnknownEvent)
	clients[1].Call("burst", map[string]any{"count": 2, "policy": "shed_newest"}).OK()
	clients[2].Call("ping", nil).OK()

	lines := []string{
		`wsgen_connections{gateway="chat.ChatGateway"} 1`,
		`wsgen_connections{gateway="flood.FloodGateway"} 1`,
		`wsgen_connections{gateway="notify.NotifyGateway"} 1`,
		`wsgen_server_connections 3`,
		`wsgen_server_messages_received_total 5`,
		`wsgen_messages_handled_total{code="ok",event="message",gateway="chat.ChatGateway"} 1`,
		`wsgen_messages_handled_total{code="ok",event="burst",gateway="flood.FloodGateway"} 1`,
		`wsgen_refusals_total{code="unknown_event",event="_unknown",gateway="chat.ChatGateway"} 1`,
		`wsgen_pushes_total{event="message"} 1`,
		`wsgen_pushes_total{event="said"} 1`,
		`wsgen_pushes_total{event="drop"} 2`,
		`wsgen_pushes_total{event="pong"} 1`,
	}
	// A message counts when its handler has ended, which is after its answer.
	var body string
	defer func() {
		if t.Failed() {
			t.Logf("looked for\n%s\nin\n%s", strings.Join(lines, "\n"), body)
		}
	}()
	livetest.Eventually(t, "all of it is there", func() bool {
		var response *http.Response
		response, body = get(t, live, "/metrics")
		if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
			t.Fatalf("%s %s\n%s", response.Status, kind, body)
		}
		return !slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains(body, "\n"+line+"\n") })
	})
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", "wsgen_server_rooms"} {
		if !strings.Contains(body, "\n"+name+" ") {
			t.Errorf("no %s", name)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", problems, err)
	}
	for _, want := range []string{"chat.ChatGateway", "flood.FloodGateway", "notify.NotifyGateway"} {
		select {
		case got := <-told:
			if got != want {
				t.Errorf("the Observer that was given is told of %s, want %s", got, want)
			}
		default:
			t.Errorf("the Observer that was given is not told of %s", want)
		}
	}
}

// TestMetricsAreForThisMachine checks who may read them, and that others are told why not.
func TestMetricsAreForThisMachine(t *testing.T) {
	live := livetest.StartInMemory(t)
	for name, tc := range map[string]struct{ peer, header, host, why string }{
		"loopback":           {peer: "127.0.0.1:50000"},
		"loopback, not .1":   {peer: "127.8.8.8:50000"},
		"IPv6":               {peer: "[::1]:50000"},
		"another machine":    {peer: "192.0.2.7:50000", why: "came from 192.0.2.7:50000"},
		"and by IPv6":        {peer: "[2001:db8::7]:50000", why: "came from [2001:db8::7]:50000"},
		"on this link":       {peer: "[fe80::7%eth0]:50000", why: "came from [fe80::7%eth0]:50000"},
		"X-Forwarded-For":    {peer: "127.0.0.1:50000", header: "X-Forwarded-For: 192.0.2.7", why: "X-Forwarded-For"},
		"says it is local":   {peer: "127.0.0.1:50000", header: "X-Forwarded-For: 127.0.0.1", why: "X-Forwarded-For"},
		"says it, elsewhere": {peer: "192.0.2.7:50000", header: "Host: 127.0.0.1", why: "came from"},
		"empty":              {peer: "127.0.0.1:50000", header: "X-Forwarded-For:", why: "X-Forwarded-For"},
		"in small letters":   {peer: "127.0.0.1:50000", header: "x-forwarded-host: demo.example", why: "X-Forwarded-Host"},
		"Forwarded":          {peer: "127.0.0.1:50000", header: "Forwarded: for=192.0.2.7", why: "Forwarded"},
		"X-Real-IP":          {peer: "127.0.0.1:50000", header: "X-Real-IP: 192.0.2.7", why: "X-Real-Ip"},
		"Via":                {peer: "127.0.0.1:50000", header: "Via: 1.1 cache", why: "Via"},
		"by its name":        {peer: "127.0.0.1:50000", host: "localhost:3004"},
		"by IPv6, no port":   {peer: "[::1]:50000", host: "[::1]"},
		"another site's":     {peer: "127.0.0.1:50000", host: "rebound.example:3004", why: "rebound.example:3004"},
		"nearly local":       {peer: "127.0.0.1:50000", host: "localhost.example", why: "localhost.example"},
		"a local network's":  {peer: "127.0.0.1:50000", host: "192.168.0.7:3004", why: "192.168.0.7"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, live.URL+"/metrics", nil)
			if err != nil {
				t.Fatal(err)
			}
			if key, value, has := strings.Cut(tc.header, ":"); has {
				request.Header.Set(key, strings.TrimSpace(value))
			}
			request.Host = tc.host // "" is that of the URL
			response, err := live.From(t, tc.peer).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if tc.why == "" {
				if response.StatusCode != http.StatusOK || !strings.Contains(string(body), "wsgen_server_connections 0") {
					t.Fatalf("%s %s", response.Status, body)
				}
				return
			}
			if line := string(body); response.StatusCode != http.StatusForbidden || strings.Count(line, "\n") != 1 ||
				!strings.HasPrefix(line, "metrics are for this machine only") || !strings.Contains(line, tc.why) {
				t.Fatalf("%s %q, want 403 because it %s", response.Status, line, tc.why)
			}
		})
	}
}
