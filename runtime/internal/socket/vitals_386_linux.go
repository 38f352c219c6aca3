//go:build linux && 386

package socket

import "unsafe"

// getsockopt returns false: package syscall knows it only as a part of
// socketcall(2) on 386.
func getsockopt(uintptr, int, int, unsafe.Pointer, *uint32) bool { return false }
