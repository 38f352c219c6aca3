package socket

import (
	"io"
	"net"
	"syscall"
)

// Peeks is whether this system has Peek.
const Peeks = true

// Peek waits for the first bytes of a connection that is Peekable, copies them into what room returns, and
// returns how many they are: they are in the socket still. It does not wait for more:
// nothing says of a socket from which nothing is read that its peer will not send the
// rest. The read deadline counts.
//
// room is called when there may be something, and drop if there was nothing then, so
// that no memory waits along.
func Peek(c net.Conn, room func() []byte, drop func()) (n int, err error) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	ended := raw.Read(func(fd uintptr) bool {
		into := room()
		for err = syscall.EINTR; err == syscall.EINTR; {
			n, _, err = syscall.Recvfrom(int(fd), into, syscall.MSG_PEEK)
		}
		if err == nil && n > 0 {
			return true
		}
		drop()
		if err == nil {
			err = io.EOF
		}
		return err != syscall.EAGAIN
	})
	if ended != nil {
		return 0, ended
	}
	return n, err
}

// Look reports, of a connection that is Peekable, whether its peer has gone or will send
// nothing more, and whether something that it has sent waits to be read.
func Look(c net.Conn) (parted, unread bool) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return true, false
	}
	if raw.Control(func(fd uintptr) {
		is, known := pollNow(fd, pollIn|pollRDHup)
		parted, unread = !known || is&pollParted != 0, is&pollIn != 0
	}) != nil {
		parted = true
	}
	return parted, unread
}
