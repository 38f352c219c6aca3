//go:build linux

package socket

import "syscall"

// yieldThread lets another thread run that waits for this processor (sched_yield(2)).
// runtime.Gosched knows of goroutines alone.
func yieldThread() { _, _, _ = syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
