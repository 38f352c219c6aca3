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

// freeOf returns how many bytes of memory a socket has for what is written next, as the
// kernel counts it; 0 if the peer's kernel has not taken all that was written before:
// what waits may be as much as the system allows (TCP_NOTSENT_LOWAT), whatever is free.
// It asks SO_MEMINFO, since Linux 4.12, which takes no lock.
func freeOf(fd uintptr) int {
	const (
		memInfo = 55 // SO_MEMINFO
		limit   = 3  // SK_MEMINFO_SNDBUF
		queued  = 5  // SK_MEMINFO_WMEM_QUEUED
	)
	var info [queued + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := syscall.RawSyscall6(syscall.SYS_GETSOCKOPT, fd, syscall.SOL_SOCKET, memInfo, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // the only way to a system call
	if errno != 0 || size < uint32(unsafe.Sizeof(info)) || info[queued] > 0 {
		return 0
	}
	return int(info[limit])
}
