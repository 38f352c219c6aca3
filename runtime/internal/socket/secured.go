package socket

import (
	"net"
	"sync/atomic"
	"syscall"
)

// This file has a worker write a lone frame to a TLS connection. A goroutine for it
// would cost as much as to encrypt the frame, and its stack has to grow for crypto/tls.
//
// A tls.Conn cannot write as much as the socket takes and keep the rest. So it is left
// to a goroutine, which may wait, unless the kernel has said before that it has room.
// Where several frames wait, a goroutine takes them together: until it runs there may
// be more.

// What the kernel counts for a packet are not its bytes, but the memory that they take.
// A peer may want packets of 48 bytes (Linux, TCP_MIN_SND_MSS), for which that is up to
// 1.3 KB each. So a write surely fits if there is room for 32 times as much.
const (
	maxRecord  = 4 << 10 // frames that are longer are for a goroutine: what that costs is little of the rest
	recordHead = 128     // bytes that TLS may add, and that each write counts for at least
	recordRoom = 32      // bytes of room for each that is sent

	// To ask costs a sixth of a write. So what the answer allows is used up before it is
	// asked again, but for maxUnasked: as little may be allowed to wait unsent
	// (TCP_NOTSENT_LOWAT). Meanwhile nobody else writes, but crypto/tls, which may answer
	// 16 key updates until its Read returns.
	maxUnasked = 8 << 10
	keyUpdates = 24 << 10 // bytes of room
)

// secured is a TLS connection over a TCP socket that can be asked.
type secured struct {
	net.Conn

	under net.Conn
	raw   syscall.RawConn // of under
	reads atomic.Uint32   // that have brought something

	// Only who writes to the connection uses these.
	room int    // bytes that surely fit, as long as nothing else is written
	read uint32 // reads, when that was asked
}

// secure returns a TLS connection that can be asked as a secured, and any other
// connection as it is.
func secure(c net.Conn) net.Conn {
	under, ok := overTLS(c)
	if !ok {
		return c
	}
	raw := rawOf(under)
	if raw == nil {
		return c
	}
	return &secured{Conn: c, under: under, raw: raw}
}

// Read reads from the connection.
func (c *secured) Read(p []byte) (n int, err error) {
	if n, err = c.Conn.Read(p); n > 0 {
		c.reads.Add(1)
	}
	return n, err
}

// Write writes to the connection, and may wait.
func (c *secured) Write(p []byte) (int, error) {
	c.room = 0
	return c.Conn.Write(p)
}

// CloseWrite calls the connection's CloseWrite, if it has one.
func (c *secured) CloseWrite() error { return closeWrite(c.Conn) }

// fits reports whether n bytes surely fit into the socket, which must then be written.
// ask asks a descriptor how much memory it has, and sets free.
func (c *secured) fits(n int, ask func(fd uintptr), free *int) bool {
	n += recordHead
	if read := c.reads.Load(); c.room < n || c.read != read {
		*free, c.room, c.read = 0, 0, read
		if c.raw.Control(ask) == nil {
			c.room = min((*free-keyUpdates)/recordRoom, maxUnasked)
		}
	}
	if c.room < n {
		return false
	}
	c.room -= n
	return true
}
