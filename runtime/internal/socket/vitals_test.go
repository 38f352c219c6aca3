//go:build linux && !386

package socket

import (
	"net"
	"runtime"
	"testing"
	"time"
)

// TestVitals has the kernel tell of a peer that does not read, reads, writes and leaves.
func TestVitals(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	socket, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	s := open(t, socket, nil)
	until := func(what string, holds func(vitals) bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
			v, ok := s.vitals()
			if !ok {
				t.Fatal("the kernel does not answer")
			}
			if holds(v) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %+v", what, v)
			}
		}
	}

	written := 0
	for written == 0 { // until it takes no more; on a busy machine the time may be up before it takes anything
		_ = socket.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		written, _ = socket.Write(make([]byte, 64<<20))
	}
	var before vitals
	until("all but what fits is unsent", func(v vitals) bool { before = v; return v.unsent > 0 && !v.gone && v.unread == 0 })
	go func() { // as much as fits
		buf := make([]byte, 64<<10)
		for written > 0 {
			n, err := peer.Read(buf)
			if err != nil {
				return
			}
			written -= n
		}
		_, _ = peer.Write([]byte("abc"))
		_ = peer.Close()
	}()
	until("everything is taken", func(v vitals) bool { return v.unsent == 0 && v.acked > before.acked })
	until("what the peer wrote is unread, and it is gone", func(v vitals) bool { return v.unread >= 3 && v.gone })
}
