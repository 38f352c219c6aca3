package hub

import (
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// TestLonePush: a push to a single member is written when Push returns, unless
// another came just before: then it is left to a worker.
func TestLonePush(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // no worker runs before this has looked
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = far.Close() }()
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := far.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	k := newMaker(t)
	p := &peer{overflow: ShedNewest}
	p.member.ID = 1
	p.member.Socket.Open(k.profile, p, near, nil, false)
	if !k.hub.Add(&p.member, "") {
		t.Fatal("not registered")
	}
	p.member.Socket.Resume()
	defer p.member.Socket.End()
	text := frame.Text("a push")
	push := func(atOnce bool) {
		t.Helper()
		k.push(set{All: true}, How{}, text)
		got := make([]byte, len(text))
		n := 0
		_ = raw.Read(func(fd uintptr) bool {
			n, _, _ = syscall.Recvfrom(int(fd), got, syscall.MSG_DONTWAIT)
			return true
		})
		if (n == len(text)) != atOnce {
			t.Errorf("%d bytes have come when Push has returned; all: want %t", n, atOnce)
		}
		if n = max(n, 0); n < len(text) {
			if _, err := far.Read(got[n:]); err != nil {
				t.Fatal(err)
			}
		}
	}
	k.engine.Skip(2 * apart)
	push(true)
	push(false)
	k.engine.Skip(2 * apart)
	push(true)
}
