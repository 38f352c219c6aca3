//go:build !linux

package socket

import (
	"errors"
	"net"
)

// Peeks is whether this system has Peek.
const Peeks = false

// Peek fails.
func Peek(net.Conn, func() []byte, func()) (int, error) { return 0, errors.ErrUnsupported }

// Look knows nothing.
func Look(net.Conn) (parted, unread bool) { return false, false }
