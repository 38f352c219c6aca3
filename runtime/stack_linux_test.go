//go:build linux && !race

package ws_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// maxFollowerStack is how much more stack a connection has that has come back and
// followed, in bytes: one of 4 KiB in place of one of 2, and some that others had
// before. With one of 8 KiB it is 6000.
const maxFollowerStack = 4000

// TestBudgetFollowerStack: a follower that comes back has all that it has missed from a
// stack of 4 KiB, without a collection that makes a larger one small.
func TestBudgetFollowerStack(t *testing.T) {
	if !alone(t) {
		return
	}
	const crowd, missed = 1000, 100
	g := new(press)
	gw := g.gateway()
	gw.on["follow"] = inline(func(c *ws.Call) error { return g.push.Follow(c.Client(), "a") })
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	g.push = newNews(server, missed)
	// No Observer watches it, as those of other tests: what that prints takes stack.
	s := (&site{Server: server, logs: &logs{}}).listen(t, ws.NewRouter(gw.endpoint(server)))
	first := &reader{s.dial(t, "/ws"), map[string]string{}}
	first.send(`{"event":"follow"}`)
	var joined struct{ Data says }
	if err := json.Unmarshal([]byte(first.next()), &joined); err != nil || joined.Data.Log == "" {
		t.Fatal(joined, err)
	}
	for i := range missed {
		g.said(t, []string{fmt.Sprintf("%d.", i)}, "a")
	}
	claim := fmt.Sprintf(`{"event":"$resume","id":1,"data":{%q:%q}}`, joined.Data.Log, joined.Data.At)
	say := string(frame(text, []byte(claim))) + string(frame(text, []byte(`{"event":"follow"}`)))
	addr := netip.MustParseAddrPort(s.http.Listener.Addr().(*net.TCPAddr).String())
	var fds []int
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	})
	for range crowd {
		fds = append(fds, bareClient(t, addr, listens(), ""))
	}
	eventually(t, "all are silent", func() bool { return parkedReaders() >= crowd })
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := stacks()
	for _, fd := range fds {
		writeAndHear(t, fd, say, fmt.Sprintf(`"%d."`, missed-1))
	}
	if each := (stacks() - before) / crowd; each > maxFollowerStack {
		t.Errorf("each has %d bytes more of stack, at most %d", each, maxFollowerStack)
	} else {
		t.Logf("each has %d bytes more of stack", each)
	}
	if text := first.next(); !strings.Contains(text, `"0."`) {
		t.Error(text) // it is one of those that follow
	}
}

// These are how much stack a handshake takes whose guard is asked, in bytes. With net/http
// it is 4 KiB of its goroutine, what it reads meanwhile, and the guard's own. With 8 KiB
// of net/http's it is 14 000. Behind package front only its goroutine and the guard's are
// there.
const (
	maxHandshakeStack = 12000
	maxFrontStack     = 10000
)

// TestBudgetHandshakeStack: asking the guards takes 4 KiB of net/http's goroutine.
func TestBudgetHandshakeStack(t *testing.T) {
	if alone(t) {
		guardsStack(t, maxHandshakeStack)
	}
}

// TestBudgetFrontStack: it takes 4 KiB of package front's, too.
func TestBudgetFrontStack(t *testing.T) {
	if alone(t) {
		behindFront = func(s *httptest.Server) { putFront(s, new(atomic.Int32)) }
		defer func() { behindFront = nil }()
		guardsStack(t, maxFrontStack)
	}
}

// guardsStack fails the test if a handshake whose guard is asked takes more stack than
// most.
func guardsStack(t *testing.T, most int) {
	t.Helper()
	const crowd = 500
	var asked atomic.Int32
	open := make(chan struct{})
	gw := gateway{connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error {
		asked.Add(1)
		<-open
		return nil
	})}}
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	s := (&site{Server: server, logs: &logs{}}).listen(t, ws.NewRouter(gw.endpoint(server)))
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := stacks()
	for range crowd {
		n, err := net.Dial("tcp", s.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		if _, err := io.WriteString(n, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all guards are asked", func() bool { return asked.Load() == crowd })
	each := (stacks() - before) / crowd
	close(open)
	eventually(t, "all are connected", func() bool { return s.ConnectionCount() == crowd })
	if each > most {
		t.Errorf("each takes %d bytes of stack, at most %d", each, most)
	} else {
		t.Logf("each takes %d bytes of stack", each)
	}
}
