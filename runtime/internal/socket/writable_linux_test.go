package socket

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// pair returns both ends of a TCP connection.
func pair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return near, far
}

// wrapped is a net.Conn of a user's, none of whose methods may be called.
type wrapped struct{ net.Conn }

func (wrapped) NetConn() net.Conn                     { panic("called") }
func (wrapped) SyscallConn() (syscall.RawConn, error) { panic("called") }

// TestWritable: a socket is asked whether it takes something, also behind TLS
// and as Hijack gives it to us. A connection of the user's making is not.
func TestWritable(t *testing.T) {
	near, far := pair(t)
	under := map[string]net.Conn{
		"plain":   near,
		"TLS":     tls.Server(near, &tls.Config{}),
		"guarded": steady.Conn(tls.Server(near, &tls.Config{}), nil),
	}
	ask := func(want bool) {
		t.Helper()
		for name, c := range under {
			if takes, known := writable(c); !known || takes != want {
				t.Errorf("%s: takes %t, known %t, want %t", name, takes, known, want)
			}
		}
	}
	ask(true)
	raw, n := rawOf(near), 0
	for full := false; !full; n++ {
		if err := raw.Control(func(fd uintptr) { _, full, _ = sysWrite(fd, make([]byte, 64<<10)) }); err != nil || n > 10_000 {
			t.Fatal(n, err)
		}
	}
	ask(false)
	_ = far
	pipe, _ := net.Pipe()
	defer pipe.Close()
	for name, c := range map[string]net.Conn{"a pipe": pipe, "a user's": wrapped{near}, "TLS over a user's": tls.Server(wrapped{near}, &tls.Config{})} {
		if _, known := writable(c); known {
			t.Errorf("%s was asked", name)
		}
	}
}
