//go:build linux && 386

package socket

import "unsafe"

// getsockopt returns false: package syscall knows it only as a part of
// socketcall(2) on 386.
func getsockopt(uintptr, int, int, unsafe.Pointer, *uint32) bool { return false }

// freeOf returns 0, for the same reason: nothing is known to be free.
func freeOf(uintptr) int { return 0 }
