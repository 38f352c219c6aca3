package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
)

// pongPage opens a session, and counts what comes. It has no line about Pings.
const pongPage = `<!doctype html><title>session</title><script>
window.got = 0;
const socket = new WebSocket(location.href.replace("http", "ws") + "ws", ["wsgen.v1.json"]);
socket.onopen = () => socket.send('{"event":"$connect"}');
socket.onmessage = (m) => {
	const frame = JSON.parse(m.data);
	if (frame.event === "$connected") window.sid = frame.data.sid;
	else if (!frame.event.startsWith("$")) window.got++;
};
function resume(seq) { // on another socket
	window.answer = undefined;
	const socket = new WebSocket(location.href.replace("http", "ws") + "ws", ["wsgen.v1.json"]);
	socket.onopen = () => socket.send(JSON.stringify({event: "$connect", data: {resume: {sid: window.sid, seq}}}));
	socket.onmessage = (m) => window.answer ??= JSON.parse(m.data).data;
	return true;
}
</script>`

// TestPongAcknowledges: what a session keeps of what it has sent falls to nothing
// while Chromium answers Pings, without a line of script: then the session does not
// go on with a client that says to lack the last message. Where no Pings are sent it
// does, however often.
func TestPongAcknowledges(t *testing.T) {
	const pushes = 20
	b := startBrowser(t)
	for name, c := range map[string]struct {
		every time.Duration
		why   string
	}{"Pings": {5 * time.Millisecond, "gap"}, "no Pings": {ws.Unlimited, ""}} {
		t.Run(name, func(t *testing.T) {
			server := ws.NewServer(ws.Options{PingInterval: c.every, Logger: slog.New(slog.DiscardHandler)})
			endpoint := ws.NewEndpoint(server, ws.Spec{
				Gateway: "main.pong", Path: "/ws",
				Lookup: func([]byte) int { return -1 }, Call: func(int, *ws.Call) error { return nil },
			})
			mux := http.NewServeMux()
			mux.Handle("/ws", ws.NewRouter(endpoint))
			mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = fmt.Fprint(w, pongPage)
			})
			site := httptest.NewServer(mux)
			t.Cleanup(func() {
				_ = server.Shutdown(context.Background())
				site.Close()
			})
			page, err := b.Page(site.URL + "/")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(page.Close)
			if err := page.Wait(`window.sid !== undefined`); err != nil {
				t.Fatal(err)
			}
			for i := range pushes {
				if n, err := server.Broadcast("push", i); n != 1 || err != nil {
					t.Fatal(n, err)
				}
			}
			if err := page.Wait(fmt.Sprintf(`window.got === %d`, pushes)); err != nil {
				t.Fatal(err)
			}
			resume := func() string {
				t.Helper()
				if _, err := browser.Eval[bool](page, fmt.Sprintf(`resume(%d)`, pushes-1)); err != nil {
					t.Fatal(err)
				}
				if err := page.Wait(`window.answer !== undefined`); err != nil {
					t.Fatal(err)
				}
				why, err := browser.Eval[string](page, `window.answer.resumed ? "" : window.answer.why`)
				if err != nil {
					t.Fatal(err)
				}
				return why
			}
			if c.why == "" {
				for range 5 {
					if why := resume(); why != "" {
						t.Fatalf("it does not go on: %s", why)
					}
				}
				return
			}
			livetest.Eventually(t, "nothing is kept", func() bool { return resume() == c.why })
		})
	}
}
