//go:build linux && !race

package ws_test

import (
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// maxIdleHeap is the budget, in bytes, of a connection that has said a word
// and is silent again: the connection, gws's part, net's descriptor, the
// goroutine's, and its place in the registry.
const maxIdleHeap = 1900

// TestBudgetIdleHeap holds the budget. The clients are bare descriptors, so that all
// that is on the heap is the server's.
func TestBudgetIdleHeap(t *testing.T) {
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
			fds = append(fds, bareClient(t, addr))
		}
	}
	connect(50) // what is made once is not a connection's
	before := heap()
	connect(crowd)
	eventually(t, "all are silent", func() bool { return s.ConnectionCount() == crowd+50 })
	each := (heap() - before) / crowd
	t.Logf("%d bytes of heap for each idle connection", each)
	if each > maxIdleHeap {
		t.Errorf("%d bytes of heap for each idle connection, the budget is %d", each, maxIdleHeap)
	}
	runtime.KeepAlive(fds)
}

// heap returns what is in use once garbage, and what pools hold, is collected.
func heap() int {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// bareClient connects, says one message, and reads the answers.
func bareClient(t *testing.T, addr netip.AddrPort) (fd int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	request := "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	exchange := func(out, until string) {
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
	exchange(request, "\r\n\r\n")
	exchange(string(frame(text, []byte(`{"event":"echo","data":1}`))), `{"event":"echo","data":1}`)
	return fd
}
