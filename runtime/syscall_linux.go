//go:build linux && !race

package ws

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are the runtime's own system calls, on sockets that do
// not block. syscall.RawSyscall does not tell the scheduler, which is right for
// a call that returns at once: syscall.Write costs 12 % more CPU in a
// broadcast (docs/performance.md).

func readNow(fd uintptr, p []byte) (int, syscall.Errno) {
	return call(syscall.SYS_READ, fd, p)
}

func writeNow(fd uintptr, p []byte) (int, syscall.Errno) {
	return call(syscall.SYS_WRITE, fd, p)
}

func call(trap, fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))) //nolint:gosec // the only way to a system call
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}
