//go:build linux

package ws

import (
	"crypto/tls"
	"encoding/binary"
	"net"
	"syscall"
	"unsafe"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// vitals is what the kernel knows of a TCP connection, over TLS too: whether
// its peer takes what is sent, and has sent what nobody has read yet. Each look
// is a few system calls: it is for peers that are silent or slow.
type vitals struct {
	acked  uint64 // bytes that the peer's kernel has taken, ever: it grows as long as the peer reads
	unsent int    // bytes that were written and are not taken
	unread int    // bytes that have come and were not read
	gone   bool   // the peer has closed, or reset
}

// vitals looks at the connection; false where the kernel cannot be asked.
func (c *conn) vitals() (v vitals, ok bool) {
	raw := c.raw
	if raw == nil {
		raw = rawOf(underneath(c.wire.Conn))
	}
	if raw == nil {
		return v, false
	}
	err := raw.Control(func(fd uintptr) { v, ok = vitalsOf(fd) })
	return v, ok && err == nil
}

// underneath returns the connection that a TLS connection goes over, and any
// other as it is.
func underneath(c net.Conn) net.Conn {
	c = steady.Behind(c)
	if over, ok := c.(*tls.Conn); ok {
		return over.NetConn()
	}
	return c
}

// Where the members of struct tcp_info lie (linux/tcp.h): its layout only grows.
const (
	tcpInfoState = 0
	tcpInfoAcked = 120 // tcpi_bytes_acked, since Linux 4.1
	tcpInfoSize  = 128

	tcpEstablished = 1
)

func vitalsOf(fd uintptr) (v vitals, ok bool) {
	var info [tcpInfoSize]byte
	size := uint32(len(info))
	if !getsockopt(fd, syscall.IPPROTO_TCP, syscall.TCP_INFO, unsafe.Pointer(&info), &size) || size < tcpInfoSize { //nolint:gosec // the only way to a system call
		return v, false
	}
	v.gone = info[tcpInfoState] != tcpEstablished
	v.acked = binary.NativeEndian.Uint64(info[tcpInfoAcked:])
	v.unsent, v.unread = queued(fd, syscall.TIOCOUTQ), queued(fd, syscall.TIOCINQ)
	return v, true
}

// queued asks SIOCOUTQ or SIOCINQ (tcp(7)), which have the numbers of the
// terminal's.
func queued(fd, request uintptr) int {
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&n))); errno != 0 { //nolint:gosec // the only way to a system call
		return 0
	}
	return int(n)
}
