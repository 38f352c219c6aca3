package socket

import (
	"syscall"
	"unsafe"
)

// pollWritable asks poll(2) whether a descriptor can be written to without
// waiting, which is what the runtime's own poller waits for.
func pollWritable(fd uintptr) (takes, known bool) {
	const pollOut = 0x4
	ask := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd), events: pollOut}
	var now [2]int64 // a timespec of any width that says not to wait
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&ask)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0) //nolint:gosec // the only way to a system call
		if errno != syscall.EINTR {
			return n == 1, errno == 0
		}
	}
}

// sysYield lets another thread have the processor.
func sysYield() { _, _, _ = syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
