//go:build linux

package ws

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// TestWritable: the socket is asked below TLS, too, and through the door that
// such a connection is used by; a pipe has none.
func TestWritable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	over := tls.Server(socket, &tls.Config{})
	for _, c := range []net.Conn{socket, over, steady.Conn(over, nil)} {
		if takes, known := writable(c); !takes || !known {
			t.Errorf("%T: takes %v, known %v", c, takes, known)
		}
	}
	one, other := net.Pipe()
	defer one.Close()
	defer other.Close()
	if _, known := writable(steady.Conn(one, nil)); known {
		t.Error("a pipe was asked")
	}
}
