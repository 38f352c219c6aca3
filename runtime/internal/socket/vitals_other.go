//go:build !linux

package socket

import "syscall"

// vitals says what a kernel that can be asked knows of a TCP connection.
type vitals struct {
	acked, room        uint64
	unsent, unread     int
	gone, over, filled bool
}

// ask returns false: this kernel is not asked.
func ask(syscall.RawConn) (v vitals, ok bool) { return v, false }
