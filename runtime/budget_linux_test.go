//go:build linux && !race

package ws_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// The budgets, in bytes of heap for each connection: its own part, net's
// descriptor, the goroutine's, and its place in the registry; and, once it has
// said what takes gws, gws's part.
const (
	maxListenerHeap = 1300
	maxIdleHeap     = 1900
)

// TestBudgetListenerHeap: a connection that only listens, and answers pings, is
// a listener for ever.
func TestBudgetListenerHeap(t *testing.T) {
	budgetHeap(t, maxListenerHeap, listens(), "")
}

// listens returns what a connection says that only listens.
func listens() string { return string(frame(pong, []byte("still here"))) }

// TestBudgetLaconicHeap: a connection whose messages are short has no more heap than
// one that only listens.
func TestBudgetLaconicHeap(t *testing.T) {
	const said = `{"event":"echo","data":1}`
	budgetHeap(t, maxListenerHeap, string(frame(text, []byte(said))), said)
}

func TestBudgetIdleHeap(t *testing.T) {
	const said = `{"event":"echo","data":1}`
	budgetHeap(t, maxIdleHeap, string(pieces(said)), said)
}

// budgetHeap holds the budget of connections that say something once (weigh).
func budgetHeap(t *testing.T, budget int, say, hear string) {
	if !alone(t) {
		return
	}
	if each := weigh(t, say, hear); each > budget {
		t.Errorf("%d bytes of heap for each, the budget is %d", each, budget)
	}
}

// weigh returns how many bytes of heap each of many connections has that say
// something once and read until they have heard an answer. They stay until the
// test ends. The clients are bare descriptors, so that all that is on the heap is
// the server's.
func weigh(t *testing.T, say, hear string, header ...string) (each int) {
	const crowd = 1000
	s := serve(t, ws.Options{Logger: slog.New(slog.DiscardHandler)}, gateway{on: map[string]handler{"echo": inline(echo)}})
	addr := netip.MustParseAddrPort(s.http.Listener.Addr().(*net.TCPAddr).String())
	var fds []int
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	})
	connect := func(n int) {
		for range n {
			fds = append(fds, bareClient(t, addr, say, hear, header...))
		}
	}
	connect(50) // allocations that happen once are no connection's
	before := heap()
	connect(crowd)
	eventually(t, "all are silent", func() bool { return s.ConnectionCount() == crowd+50 })
	each = (heap() - before) / crowd
	t.Logf("%d bytes of heap for each", each)
	runtime.KeepAlive(fds)
	return each
}

// TestBudgetQuiet: a connection that has spoken and gone quiet weighs what a listener
// weighs, with its stack, also if its message took gws.
func TestBudgetQuiet(t *testing.T) {
	budgetQuiet(t, pieces, func(spokenHeap, spokenStack, idleHeap, idleStack int) {
		if spokenHeap < idleHeap+500 || spokenStack < idleStack+1000 {
			t.Error("a message weighs nothing: that shows little")
		}
	})
}

// TestBudgetLaconic: a connection whose messages are short has a larger stack at most
// behind them, which a collection makes smaller, and what a listener has when it is quiet.
func TestBudgetLaconic(t *testing.T) {
	whole := func(message string) []byte { return frame(text, []byte(message)) }
	budgetQuiet(t, whole, func(spokenHeap, spokenStack, idleHeap, idleStack int) {
		if spokenHeap*10 > idleHeap*11 || spokenStack > idleStack+maxLaconicStack {
			t.Errorf("a short message weighs %d of heap and %d of stack, at most %d and %d", spokenHeap-idleHeap, spokenStack-idleStack, idleHeap/10, maxLaconicStack)
		}
	})
}

// maxLaconicStack is how much more stack a connection has behind short messages and some
// collections, in bytes.
const maxLaconicStack = 2500

// budgetQuiet holds what many connections weigh that have spoken and gone quiet to what
// they weighed before. spoken is told of both, right behind the message, and before it.
func budgetQuiet(t *testing.T, message func(string) []byte, spoken func(spokenHeap, spokenStack, idleHeap, idleStack int)) {
	if !alone(t) {
		return
	}
	const crowd, first = 3000, 50
	const said = `{"event":"echo","data":{"a":[1,{"b":"c"}]}}`
	s := serve(t, ws.Options{PingInterval: time.Second, IdleTimeout: time.Hour, Logger: slog.New(slog.DiscardHandler)}, gateway{on: map[string]handler{"echo": inline(echo)}})
	addr := netip.MustParseAddrPort(s.http.Listener.Addr().(*net.TCPAddr).String())
	var fds []int
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	})
	for range first { // allocations that happen once are no connection's
		fds = append(fds, bareClient(t, addr, listens(), ""))
	}
	heapBefore, stackBefore := heap(), stacks()
	weight := func() (heaped, stack int) { return (heap() - heapBefore) / crowd, (stacks() - stackBefore) / crowd }
	for range crowd {
		fds = append(fds, bareClient(t, addr, listens(), ""))
	}
	eventually(t, "all are silent", func() bool { return s.ConnectionCount() == crowd+first && parkedReaders() >= crowd+first })
	idleHeap, idleStack := weight()
	for _, fd := range fds[first:] {
		writeAndHear(t, fd, string(message(said)), said)
	}
	spokenHeap, spokenStack := weight()
	quietHeap, quietStack := 0, 0
	defer func() {
		t.Logf("heap and stack of each: %d and %d idle, %d and %d behind a message, %d and %d two pings later", idleHeap, idleStack, spokenHeap, spokenStack, quietHeap, quietStack)
	}()
	eventually(t, "all are quiet", seldom(func() bool {
		quietHeap, quietStack = weight()
		return quietHeap*10 <= idleHeap*11 && quietStack*10 <= idleStack*11
	}))
	spoken(spokenHeap, spokenStack, idleHeap, idleStack)
	for _, fd := range fds { // it speaks as before
		writeAndHear(t, fd, string(message(said)), said)
	}
	runtime.KeepAlive(fds)
}

// parkedReaders returns how many goroutines wait for a socket. One that was just begun has
// not the stack yet that it needs to read.
func parkedReaders() int {
	all := make([]byte, 16<<20)
	return bytes.Count(all[:runtime.Stack(all, true)], []byte("[IO wait"))
}

// seldom asks at most twice between two pings. To weigh is to collect, and of the
// goroutines that begin among collections some take larger stacks.
func seldom(ok func() bool) func() bool {
	var asked time.Time
	return func() bool {
		if time.Since(asked) < time.Second/2 {
			return false
		}
		defer func() { asked = time.Now() }()
		return ok()
	}
}

// alone reports whether the test is the only one of its process. If it is not
// it runs once more in a process of its own, and is done here: memory that
// earlier tests have left, and the runtime uses again, would not be counted.
func alone(t *testing.T) bool {
	const mark = "WS_BUDGET_ALONE"
	if os.Getenv(mark) != "" {
		return true
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "1m")
	again.Env = append(os.Environ(), mark+"=1")
	out, err := again.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	return false
}

// heap returns how much is in use once garbage, and the contents of pools, are
// collected.
func heap() int {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// stacks returns how many bytes the stacks of goroutines take.
func stacks() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.StackInuse)
}

// bareClient connects, says something, and reads until it has heard an answer.
func bareClient(t *testing.T, addr netip.AddrPort, say, hear string, header ...string) (fd int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	request := "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + strings.Join(append(header, "\r\n"), "\r\n")
	writeAndHear(t, fd, request, "\r\n\r\n")
	writeAndHear(t, fd, say, hear)
	return fd
}

// writeAndHear writes something to a bare client's descriptor, and reads until it has
// heard an answer.
func writeAndHear(t *testing.T, fd int, out, until string) {
	t.Helper()
	if _, err := syscall.Write(fd, []byte(out)); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	buf := make([]byte, 1024)
	for !strings.Contains(got.String(), until) {
		n, err := syscall.Read(fd, buf)
		if err != nil || n == 0 {
			t.Fatalf("%q, then %v", got.String(), err)
		}
		got.Write(buf[:n])
	}
}

// maxSessionHeap is how much more a session weighs than a plain listener, also
// when it has asked whether the server is there.
const maxSessionHeap = 120

func TestBudgetSessionHeap(t *testing.T) {
	if !alone(t) {
		return
	}
	listener := weigh(t, listens(), "")
	session := weigh(t, string(frame(text, []byte(`{"event":"$connect"}`)))+
		string(frame(text, []byte(`{"event":"$ping","data":{"seq":0}}`))), `{"event":"$pong"`, v1)
	if more := session - listener; more > maxSessionHeap {
		t.Errorf("%d bytes of heap more for each, the budget is %d", more, maxSessionHeap)
	}
}

// maxDetachedHeap is what a session weighs whose client has vanished, as long as
// there was no traffic.
const maxDetachedHeap = 4 << 10

// maxLapsedHeap is what may be left of it when it is over: maps stay as large as
// they were, and so do Go's lists of goroutines.
const maxLapsedHeap = 512

// TestBudgetDetachedHeap: as many as MaxDetached says vanish, and are gone when
// ResumeWindow is over.
func TestBudgetDetachedHeap(t *testing.T) {
	if !alone(t) {
		return
	}
	const crowd, first = 10_000, 50
	s := serve(t, ws.Options{ResumeWindow: time.Hour, MaxDetached: crowd + first, Logger: slog.New(slog.DiscardHandler)}, gateway{})
	addr := netip.MustParseAddrPort(s.http.Listener.Addr().(*net.TCPAddr).String())
	vanish := func(n int) {
		for range n {
			_ = syscall.Close(bareClient(t, addr, string(frame(text, []byte(`{"event":"$connect"}`))), `{"event":"$connected"`, v1))
		}
		eventually(t, "all are noted", func() bool { return s.Stats().Admitted == 0 })
	}
	vanish(first) // allocations that happen once are no session's
	before, begun := heap(), time.Now()
	vanish(crowd)
	if n := s.Stats().Detached; n != crowd+first {
		t.Errorf("%d have no socket", n)
	}
	each := (heap() - before) / crowd
	t.Logf("%d bytes of heap for each; %v a session", each, time.Since(begun)/crowd)
	if each > maxDetachedHeap {
		t.Errorf("%d bytes of heap for each, the budget is %d", each, maxDetachedHeap)
	}
	s.Skip(time.Hour)
	eventually(t, "all are gone", func() bool { return s.Stats().Connections == 0 })
	left := heap() - before
	for end := time.Now().Add(patience / 4); left > crowd*maxLapsedHeap && time.Now().Before(end); left = heap() - before {
		runtime.Gosched() // what ends with a socket may take a second
	}
	t.Logf("%d bytes of heap are left of each", left/crowd)
	if left > crowd*maxLapsedHeap {
		t.Errorf("%d bytes of heap are left of each, at most %d", left/crowd, maxLapsedHeap)
	}
}
