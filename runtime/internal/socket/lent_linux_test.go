package socket

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// TestReplyLent: the memory of a reply may be used again as soon as it was handed over,
// whether the peer takes it at once, in part, or not at all; and replies keep their
// order.
func TestReplyLent(t *testing.T) {
	for name, c := range map[string]struct {
		length int
		small  bool // the buffers of the sockets
		full   bool // the peer has taken nothing of what came before
	}{
		"short":      {length: 100},
		"at once":    {length: outbox.Block + 1},
		"in part":    {length: 128 << 10, small: true},
		"not at all": {length: 64 << 10, full: true},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t)
			if c.small {
				shrink(t, near, far)
			}
			s := open(t, near, nil)
			s.Resume()
			skip := 0
			if c.full {
				skip = fill(t, near)
			}
			var want []byte
			room := make([]byte, c.length+frame.HeadRoom)
			for i := range 3 {
				short := frame.Text("short " + string(rune('a'+i)))
				s.Reply(short, true) // is held back
				f := frame.Text(strings.Repeat(string(rune('a'+i)), c.length))
				lent := room[:copy(room, f)]
				if waited, taken := s.ReplyLent(lent, true); waited || taken {
					t.Errorf("reply %d has waited: %t, is taken: %t", i, waited, taken)
				}
				clear(room)
				want = append(append(want, short...), f...)
			}
			s.Uncork()
			if err := far.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, skip+len(want))
			if n, err := io.ReadFull(far, got); err != nil {
				t.Fatal(n, err)
			}
			if !bytes.Equal(got[skip:], want) {
				t.Error("what arrives is not what was sent")
			}
		})
	}
}

// TestReplyLentTaken: a long reply that cannot leave is the outbox's, and one behind it
// is copied.
func TestReplyLentTaken(t *testing.T) {
	near, _ := pair(t)
	s := open(t, near, nil) // its outbox is held
	long := frame.Text(strings.Repeat("x", outbox.Block))
	if _, taken := s.ReplyLent(long, true); !taken {
		t.Error("the first is not taken, and does not leave")
	}
	if _, taken := s.ReplyLent(long, true); taken {
		t.Error("the second is taken")
	}
}

// shrink makes the buffers of both ends so small that little is on its way.
func shrink(t *testing.T, near, far net.Conn) {
	t.Helper()
	if err := near.(*net.TCPConn).SetWriteBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	if err := far.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
}

// fill writes to a socket until it takes no more, and returns how many bytes that were.
func fill(t *testing.T, near net.Conn) (bytes int) {
	t.Helper()
	raw := rawOf(near)
	for full := false; !full; {
		if err := raw.Control(func(fd uintptr) {
			var n int
			n, full, _ = sysWrite(fd, make([]byte, 64<<10))
			bytes += max(n, 0)
		}); err != nil || bytes > 1<<30 {
			t.Fatal(bytes, err)
		}
	}
	return bytes
}
