package socket

import (
	"syscall"
	"unsafe"
)

// Of poll(2).
const (
	pollIn     = 0x1
	pollOut    = 0x4
	pollErr    = 0x8
	pollHup    = 0x10
	pollRDHup  = 0x2000
	pollParted = pollErr | pollHup | pollRDHup // the peer sends nothing more, or has gone
)

// pollWritable asks poll(2) whether a descriptor can be written to without
// waiting, which is what the runtime's own poller waits for.
func pollWritable(fd uintptr) (takes, known bool) {
	is, known := pollNow(fd, pollOut)
	return is != 0, known
}

// pollNow asks poll(2) which of some events a descriptor has now.
func pollNow(fd uintptr, events int16) (is int16, known bool) {
	ask := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd), events: events}
	var now [2]int64 // a timespec of any width that says not to wait
	for {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&ask)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0) //nolint:gosec // the only way to a system call
		if errno != syscall.EINTR {
			return ask.revents, errno == 0
		}
	}
}

// sysYield lets another thread have the processor (sched_yield(2)): runtime.Gosched
// knows of goroutines alone.
func sysYield() { _, _, _ = syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
