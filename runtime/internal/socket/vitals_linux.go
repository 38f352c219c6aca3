//go:build linux

package socket

import (
	"encoding/binary"
	"syscall"
	"unsafe"
)

// vitals says what the kernel knows of a TCP connection, over TLS too: whether
// its peer takes what is sent, and has sent bytes that were not read yet. Each
// look is a few system calls, so it is for peers that are silent or slow.
type vitals struct {
	acked  uint64 // bytes that the peer's kernel has taken, ever: it grows as long as the peer reads
	room   uint64 // how many it would have taken, had there been more
	unsent int    // bytes that were written and are not taken
	unread int    // bytes that have come and were not read
	gone   bool   // the peer has closed, or reset
	over   bool   // nothing will be sent any more
	filled bool   // bytes have waited for the peer to read: its kernel may hold others that it has not
}

// ask asks the kernel about the connection of a descriptor; false where it
// cannot be asked, and if raw is nil.
func ask(raw syscall.RawConn) (v vitals, ok bool) {
	if raw == nil {
		return v, false
	}
	err := raw.Control(func(fd uintptr) { v, ok = vitalsOf(fd) })
	return v, ok && err == nil
}

// Offsets of members of struct tcp_info (linux/tcp.h), whose layout only grows,
// and values of its state.
const (
	tcpInfoState       = 0
	tcpInfoAcked       = 120 // tcpi_bytes_acked, since Linux 4.1
	tcpInfoRoomLimited = 176 // tcpi_rwnd_limited, since Linux 4.9; µs
	tcpInfoRoom        = 228 // tcpi_snd_wnd, since Linux 5.4
	tcpInfoSize        = 232

	tcpInfoLeast = 128 // without what came later, which is zero then

	tcpEstablished = 1
	tcpFinWait1    = 4 // this side has closed
	tcpFinWait2    = 5 // and the peer knows
	tcpClose       = 7
)

func vitalsOf(fd uintptr) (v vitals, ok bool) {
	var info [tcpInfoSize]byte
	size := uint32(len(info))
	if !getsockopt(fd, syscall.IPPROTO_TCP, syscall.TCP_INFO, unsafe.Pointer(&info), &size) || size < tcpInfoLeast { //nolint:gosec // the only way to a system call
		return v, false
	}
	switch info[tcpInfoState] {
	case tcpEstablished, tcpFinWait1, tcpFinWait2:
	default:
		v.gone = true
	}
	v.over = info[tcpInfoState] == tcpClose
	v.acked = binary.NativeEndian.Uint64(info[tcpInfoAcked:])
	v.room = v.acked + uint64(binary.NativeEndian.Uint32(info[tcpInfoRoom:]))
	v.filled = binary.NativeEndian.Uint64(info[tcpInfoRoomLimited:]) > 0
	v.unsent, v.unread = queued(fd, syscall.TIOCOUTQ), queued(fd, syscall.TIOCINQ)
	return v, true
}

// queued asks SIOCOUTQ or SIOCINQ (tcp(7)), which have the numbers of the
// terminal's requests.
func queued(fd, request uintptr) int {
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&n))); errno != 0 { //nolint:gosec // the only way to a system call
		return 0
	}
	return int(n)
}
