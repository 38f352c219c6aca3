//go:build linux && !386

package socket

import (
	"syscall"
	"unsafe"
)

func getsockopt(fd uintptr, level, name int, value unsafe.Pointer, size *uint32) bool {
	_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, uintptr(level), uintptr(name), uintptr(value), uintptr(unsafe.Pointer(size)), 0) //nolint:gosec // the only way to a system call
	return errno == 0
}
