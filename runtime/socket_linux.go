//go:build linux

package ws

import (
	"net"
	"syscall"
	"unsafe"
)

// This file is the runtime's system calls: reads and writes on a socket that
// never wait in the kernel. syscall.RawSyscall does not tell the scheduler,
// which is right for a call that returns at once and saves an eighth of a
// broadcast's CPU (docs/performance.md).

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

// sysRead reads what is there: again says that nothing is, n is 0 and err nil
// at the end of the stream.
func sysRead(fd uintptr, p []byte) (n int, again bool, err error) {
	return sysCall(syscall.SYS_READ, fd, p)
}

// sysWrite writes what the socket takes: again says that it takes nothing now.
func sysWrite(fd uintptr, p []byte) (n int, again bool, err error) {
	return sysCall(syscall.SYS_WRITE, fd, p)
}

func sysCall(trap, fd uintptr, p []byte) (n int, again bool, err error) {
	for {
		r, _, errno := syscall.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(r), false, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, true, nil
		default:
			return 0, false, errno
		}
	}
}
