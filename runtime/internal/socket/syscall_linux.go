//go:build linux && !race && !386

package socket

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are the runtime's own system calls, on sockets that do
// not block. syscall.RawSyscall6 does not tell the scheduler, which is right for
// a call that returns at once: syscall.Write costs 12 % more CPU in a broadcast.
// recv(2) and send(2) are read(2) and write(2) without what those do for files
// (docs/performance.md).

func readNow(fd uintptr, p []byte) (int, syscall.Errno) {
	return retryEINTR(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

func writeNow(fd uintptr, p []byte) (int, syscall.Errno) {
	return retryEINTR(syscall.SYS_SENDTO, fd, p, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

// retryEINTR makes a system call, again and again while a signal interrupts it.
func retryEINTR(trap, fd uintptr, p []byte, flags uintptr) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0) //nolint:gosec // the only way to a system call
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}
