package socket

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// TestSayInPieces: of what goes ahead of all that is queued nothing is lost where the
// socket takes a part of it at once.
func TestSayInPieces(t *testing.T) {
	near, far := pair(t)
	o := owned(near, nil)
	if o.socket.raw == nil {
		t.Fatal("it has no descriptor: that shows nothing")
	}
	said := bytes.Repeat([]byte("0123456789abcde"), 1<<20)
	done := make(chan error, 1)
	go func() { done <- o.socket.Say(said) }()
	_ = far.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, len(said))
	if n, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, said) {
		t.Errorf("read %d bytes of %d, as they were said: %t (%v)", n, len(said), bytes.Equal(got, said), err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
