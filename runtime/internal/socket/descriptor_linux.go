//go:build linux

package socket

import (
	"net"
	"syscall"
)

// rawOf returns the way to a TCP socket's descriptor; nil for any other
// connection, which is then read and written as a net.Conn.
func rawOf(c net.Conn) syscall.RawConn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// sysRead reads the bytes that are there. again says that there are none. At
// the end of the stream n is 0 and err nil.
func sysRead(fd uintptr, p []byte) (n int, again bool, err error) {
	return settled(readNow(fd, p))
}

// sysWrite writes the bytes that the socket takes. again says that it takes
// none now.
func sysWrite(fd uintptr, p []byte) (n int, again bool, err error) {
	return settled(writeNow(fd, p))
}

func settled(n int, errno syscall.Errno) (int, bool, error) {
	switch errno {
	case 0:
		return n, false, nil
	case syscall.EAGAIN:
		return 0, true, nil
	}
	return 0, false, errno
}

// writable reports whether the socket below a connection would take something
// now. known is false if there is none that can be asked. It calls no method of
// a user's type: a lock of the caller's may be held.
func writable(c net.Conn) (takes, known bool) {
	var raw syscall.RawConn
	var err error
	switch c := underneath(c).(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	default:
		return false, false
	}
	if err != nil || raw.Control(func(fd uintptr) { takes, known = pollWritable(fd) }) != nil {
		return false, false
	}
	return takes, known
}
