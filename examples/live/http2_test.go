package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	"github.com/wsgen/wsgen/examples/live/internal/browser"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
)

// asHTTP2 is set for a process of these tests that serves the demo over TLS and HTTP/2: whether
// net/http serves WebSockets there is decided by GODEBUG when a process begins.
const asHTTP2 = "LIVE_SERVE_HTTP2"

// serveHTTP2 prints its URL and the hash of its key, serves until SIGTERM, and prints how each
// WebSocket was asked for.
func serveHTTP2() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	application := app.New(ws.Options{})
	var mu sync.Mutex
	var asked []string
	handler := application.Handler()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-WebSocket-Version") != "" && ctx.Err() == nil { // not of pages that come back then
			mu.Lock()
			asked = append(asked, r.Method+" "+r.Proto+" from "+r.RemoteAddr)
			mu.Unlock()
		}
		handler.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.HTTP2 = &http.HTTP2Config{WriteByteTimeout: 10 * time.Second}
	server.StartTLS()
	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	fmt.Println(server.URL, base64.StdEncoding.EncodeToString(key[:]))
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.Background(), livetest.Patience)
	defer cancel()
	if err := application.Shutdown(end); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := server.Config.Shutdown(end); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(strings.Join(asked, "\n"))
	return 0
}

// secure is the demo over TLS.
type secure struct {
	*exec.Cmd
	url, key string
	stdout   *bufio.Reader
	stderr   strings.Builder
}

func launchHTTP2(t *testing.T, debug string) *secure {
	t.Helper()
	p := &secure{Cmd: exec.Command(os.Args[0])}
	p.Env = append(os.Environ(), asHTTP2+"=1", "GODEBUG="+debug)
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	p.stdout = bufio.NewReader(stdout)
	if _, err := fmt.Fscanln(p.stdout, &p.url, &p.key); err != nil {
		t.Fatalf("no URL: %v\n%s", err, &p.stderr)
	}
	return p
}

// ends has the process end, and returns how WebSockets were asked for.
func (p *secure) ends(t *testing.T) (asked []string) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &p.stderr)
	}
	return strings.Split(strings.TrimSpace(string(rest)), "\n")
}

// TestBrowsersOverHTTP2 checks where browsers open WebSockets if they speak HTTP/2, as they do over
// TLS. If the server says that it takes them there, that is the TCP connection by which the page
// came. Else it is another one, over HTTP/1.1.
func TestBrowsersOverHTTP2(t *testing.T) {
	with, without := launchHTTP2(t, "http2xconnect=1"), launchHTTP2(t, "")
	b := startBrowser(t, "ignore-certificate-errors-spki-list="+with.key+","+without.key)
	for name, c := range map[string]struct {
		p           *secure
		asked       string
		connections int
	}{
		"with http2xconnect=1": {with, "CONNECT HTTP/2.0", 1},
		"without":              {without, "GET HTTP/1.1", 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.p
			ada, bob := visit(t, b, p.url, "Ada"), visit(t, b, p.url, "Bob")
			ada.types("#draft", "hello Bob\n")
			bob.lines("hello Bob")
			bob.types("#draft", "hi Ada\n")
			ada.lines("hello Bob", "hi Ada")

			code, err := browser.Eval[int](ada.Page, `new Promise(done => {
				const socket = new WebSocket("wss://" + location.host + "/ws");
				socket.onopen = () => socket.send("x".repeat(1 << 20));
				socket.onclose = e => done(e.code);
			})`)
			// It came, and that is all: a browser that takes more than a second to answer is cut off, and then the
			// end is not clean.
			if err != nil || code != 1009 {
				t.Errorf("a message that is too long: closed with %d, %v", code, err)
			}
			for _, v := range []visitor{ada, bob} {
				v.hasNoFaults()
			}
			asked := p.ends(t)
			ada.sees("#frames .life .json", "left with 4000: shutdown")

			peers := map[string]bool{}
			for _, line := range asked {
				how, peer, _ := strings.Cut(line, " from ")
				if how != c.asked {
					t.Errorf("asked for by %s, want %s", how, c.asked)
				}
				peers[peer] = true
			}
			if len(asked) != 3 || len(peers) != c.connections {
				t.Errorf("%d WebSockets on %d TCP connections, want 3 on %d:\n%s", len(asked), len(peers), c.connections, strings.Join(asked, "\n"))
			}
		})
	}
}
