//go:build !linux

package socket

import "net"

// Peeks is whether this system has Peek.
const Peeks = false

// Peek returns ErrNoPeek.
func Peek(net.Conn, func() []byte, func()) (int, error) { return 0, ErrNoPeek }
