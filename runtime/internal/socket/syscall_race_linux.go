//go:build linux && (race || 386)

package socket

import "syscall"

// readNow and writeNow are calls of package syscall. They tell the race
// detector that bytes which were written before a message was sent are seen by
// its receiver. They serve 386 as well, for which package syscall does not know
// recv(2) and send(2).

func readNow(fd uintptr, p []byte) (int, syscall.Errno) { return retryEINTR(syscall.Read, fd, p) }

func writeNow(fd uintptr, p []byte) (int, syscall.Errno) { return retryEINTR(syscall.Write, fd, p) }

// retryEINTR makes a system call, again and again while a signal interrupts it.
func retryEINTR(do func(int, []byte) (int, error), fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, err := do(int(fd), p)
		errno, _ := err.(syscall.Errno)
		if errno != syscall.EINTR {
			return n, errno
		}
	}
}
