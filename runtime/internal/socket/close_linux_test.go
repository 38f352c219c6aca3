package socket

import (
	"net"
	"testing"
	"time"
)

// TestBrokenWhileReading: replies are written inside a read that finds nothing
// (cork.go). If the peer is gone at that moment the socket is closed. That
// waits for reads to end, and must not wait for its own.
func TestBrokenWhileReading(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = peer.Close() }()
	socket, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, socket, nil)
	returned := make(chan error, 1)
	go func() {
		returned <- s.raw.Read(func(uintptr) bool {
			s.writeEnded(true)
			return true
		})
	}()
	select {
	case err := <-returned:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("closing the socket waits for the read that it is called in")
	}
	// The socket is closed all the same.
	_ = peer.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := peer.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the peer read %d, %v", n, err)
	}
}
