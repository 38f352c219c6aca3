package socket

import "net"

// Bare is a connection of which nothing was read but the request of its handshake, and
// to which nothing was written that its taker does not know of.
type Bare struct{ Conn net.Conn }

// Peekable reports whether Peek can look into a connection: one that may be more than a
// socket, as over TLS, or of a listener that reads something ahead, is none of these.
func Peekable(c net.Conn) bool {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		return Peeks
	}
	return false
}
