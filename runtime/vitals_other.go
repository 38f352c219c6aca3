//go:build !linux

package ws

import "syscall"

// vitals is what a kernel that can be asked knows of a TCP connection.
type vitals struct {
	acked, room        uint64
	unsent, unread     int
	gone, over, filled bool
}

// vitals returns false: this kernel is not asked.
func (c *conn) vitals() (v vitals, ok bool) { return v, false }

func (c *conn) rawUnder() syscall.RawConn { return nil }
