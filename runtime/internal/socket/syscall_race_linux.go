//go:build linux && (race || 386)

package socket

import "syscall"

// Under the race detector the calls are package syscall's, which tells it that
// what was written before a message was sent is seen by who receives it; and on
// 386, for which it does not know recv(2) and send(2).

func readNow(fd uintptr, p []byte) (int, syscall.Errno) { return retryEINTR(syscall.Read, fd, p) }

func writeNow(fd uintptr, p []byte) (int, syscall.Errno) { return retryEINTR(syscall.Write, fd, p) }

func retryEINTR(do func(int, []byte) (int, error), fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, err := do(int(fd), p)
		errno, _ := err.(syscall.Errno)
		if errno != syscall.EINTR {
			return n, errno
		}
	}
}
