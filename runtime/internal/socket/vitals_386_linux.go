//go:build linux && 386

package socket

import "unsafe"

// getsockopt: package syscall knows it only as a part of socketcall(2) there.
func getsockopt(uintptr, int, int, unsafe.Pointer, *uint32) bool { return false }
