//go:build linux && !386

package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// kinds are the ways to a socket whose kernel can be asked.
var kinds = []string{"tcp", "tls", "portable"}

// serveKind serves a gateway that way, and returns how to connect.
func serveKind(t *testing.T, kind string, o ws.Options, g gateway) (s *ws.Server, dial func(header ...string) *peer) {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	s = ws.NewServer(o)
	if kind == "portable" {
		s.Portable()
	}
	server := httptest.NewUnstartedServer(ws.NewRouter(g.endpoint(s)))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	if kind == "tls" {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		server.Close()
	})
	return s, func(header ...string) *peer {
		t.Helper()
		socket, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn := socket
		if kind == "tls" {
			conn = tls.Client(socket, &tls.Config{InsecureSkipVerify: true})
		}
		t.Cleanup(func() { _ = socket.Close() })
		p, res := handshake(t, conn, "example.com", "/ws", header...)
		if p == nil {
			t.Fatal(res)
		}
		_ = p.conn.SetDeadline(time.Now().Add(3 * patience))
		return p
	}
}

// outlives waits until silent peers, one after the other, have been given up.
func outlives(t *testing.T, dial func(...string) *peer, times int) {
	t.Helper()
	for range times {
		if _, err := io.Copy(io.Discard, dial().conn); err != nil && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "EOF") {
			t.Fatalf("the silent peer: %v", err)
		}
	}
}

// TestSignsOfLife: on sockets, a peer that answers pings is alive however long
// its messages wait unread. So is one that takes what is sent to it so slowly
// that no ping has come to it. One that takes nothing is not.
func TestSignsOfLife(t *testing.T) {
	// The kernel takes all of it at once, so that no write waits and sees what
	// the peer takes.
	const long = 3 << 20
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			release, deaf := make(chan struct{}), make(chan ws.Closed, 10)
			waits := func(c *ws.Call) error { <-release; return echo(c) }
			_, dial := serveKind(t, kind, ws.Options{
				PingInterval: 500 * time.Millisecond, IdleTimeout: 3 * time.Second, InboxMessages: 1,
				WriteTimeout: ws.Unlimited, // the silence decides
			}, gateway{
				on: map[string]handler{
					"batch": inline(waits), "inbox": serial(waits),
					"long": inline(func(c *ws.Call) error { text := strings.Repeat("x", long); return c.Reply(&text) }),
				},
				connect: func(_ context.Context, _ *ws.Client, r *http.Request) (any, error) {
					return r.Header.Get("X-Deaf"), nil
				},
				disconnect: func(_ context.Context, _ *ws.Client, state any, c ws.Closed) {
					if state == "yes" {
						deaf <- c
					}
				},
			})
			modes := []string{"batch", "inbox"}
			say, heard := make([]chan<- string, 2), make([]<-chan string, 2)
			for m, mode := range modes {
				say[m], heard[m] = dial().talk()
				for i := range 5 {
					say[m] <- fmt.Sprintf(`{"event":%q,"data":%d}`, mode, i)
				}
			}
			slow := dial()
			slow.send(`{"event":"long"}`)
			hurry, took := make(chan struct{}), make(chan error, 1)
			go func() { took <- slow.download(long, hurry) }()
			dial("X-Deaf: yes").send(`{"event":"long"}`)

			outlives(t, dial, 2)
			close(release)
			close(hurry)
			for m, mode := range modes {
				for i := range 5 {
					if got := <-heard[m]; got != fmt.Sprintf(`{"event":%q,"data":%d}`, mode, i) {
						t.Errorf("%s: got %q", mode, got)
					}
				}
				close(say[m])
			}
			if err := await(t, "the download", took); err != nil {
				t.Error(err)
			}
			if c := await(t, "the deaf one is given up", deaf); c.Code != ws.CloseAbnormal || c.Err == nil {
				t.Errorf("%+v", c)
			}
		})
	}
}

// download takes a message of n bytes and some, slowly until hurry is closed,
// and answers the pings before it.
func (p *peer) download(n int, hurry <-chan struct{}) error {
	slowly := time.NewTicker(20 * time.Millisecond)
	defer slowly.Stop()
	for head, _ := p.r.Peek(2); len(head) == 2 && head[0] == ping; head, _ = p.r.Peek(2) {
		_, payload, _ := p.read()
		_, _ = p.conn.Write(frame(pong, payload))
	}
	for buf := make([]byte, 8<<10); n > 0; {
		some, err := p.r.Read(buf)
		if n -= some; err != nil {
			return fmt.Errorf("with %d bytes to come: %w", n, err)
		}
		select {
		case <-hurry:
		case <-slowly.C:
		}
	}
	return nil
}

// TestStopped: a process that is stopped for longer than the idle timeout, or
// that gets a tenth of its time again and again, gives up no peer that answers.
func TestStopped(t *testing.T) {
	if os.Getenv("WS_STOPPED") != "" {
		s := ws.NewServer(ws.Options{PingInterval: 500 * time.Millisecond, IdleTimeout: 2 * time.Second, Logger: slog.New(slog.DiscardHandler)})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(l.Addr())
		go func() { _ = http.Serve(l, ws.NewRouter(gateway{}.endpoint(s))) }() //nolint:gosec // for this test
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestStopped$")
	cmd.Env = append(os.Environ(), "WS_STOPPED=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr = strings.TrimSpace(addr)
	var lost atomic.Int32
	var pings [50]atomic.Int32
	for i := range pings {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		p, res := handshake(t, conn, addr, "/ws")
		if p == nil {
			t.Fatal(res)
		}
		ended := p.answers(&pings[i], always)
		go func() { <-ended; lost.Add(1) }()
	}
	allPinged := func(what string) {
		t.Helper()
		for i := range pings {
			pings[i].Store(0)
		}
		eventually(t, what, func() bool {
			for i := range pings {
				if pings[i].Load() < 6 && lost.Load() == 0 {
					return false
				}
			}
			return true
		})
		if n := lost.Load(); n > 0 {
			t.Fatalf("%s: %d clients were given up", what, n)
		}
	}
	stop := func(stopped, runs time.Duration) {
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		<-time.After(stopped)
		_ = cmd.Process.Signal(syscall.SIGCONT)
		<-time.After(runs)
	}
	stop(4*time.Second, 0)
	allPinged("after it was stopped")
	for range 6 {
		stop(900*time.Millisecond, 100*time.Millisecond)
	}
	allPinged("after it was starved")
	_ = in.Close()
	_ = cmd.Wait()
}
