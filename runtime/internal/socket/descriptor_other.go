//go:build !linux

package socket

import (
	"net"
	"syscall"
)

// rawOf returns nil: on this system every connection is read and written as a
// net.Conn, by goroutines that may wait.
func rawOf(net.Conn) syscall.RawConn { return nil }

func sysRead(uintptr, []byte) (int, bool, error)  { panic("unreachable: rawOf returns nil") }
func sysWrite(uintptr, []byte) (int, bool, error) { panic("unreachable: rawOf returns nil") }

// freeOf returns 0: on this system no socket can be asked.
func freeOf(uintptr) int { return 0 }

// writable returns false: on this system no socket can be asked.
func writable(net.Conn) (takes, known bool) { return false, false }

func sysYield() {}
