//go:build !linux

package socket

// yieldThread does nothing: this system has no such call that is known to help.
func yieldThread() {}
