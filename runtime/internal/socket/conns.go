package socket

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// early is a connection of which more was read early than a block holds.
type early struct {
	net.Conn
	read []byte
}

// CloseWrite calls the connection's CloseWrite, if it has one.
func (e *early) CloseWrite() error { return closeWrite(e.Conn) }

// Read returns the bytes that were read early, and then the connection's.
func (e *early) Read(p []byte) (int, error) {
	if len(e.read) == 0 {
		return e.Conn.Read(p)
	}
	n := copy(p, e.read)
	e.read = e.read[n:]
	return n, nil
}

// NetConn returns the connection, as the method of a tls.Conn does.
func (e *early) NetConn() net.Conn { return e.Conn }

// underneath returns the connection that a TLS connection goes over, and any
// other as it came from net/http.
func underneath(c net.Conn) net.Conn {
	if under, ok := overTLS(c); ok {
		return under
	}
	if e, ok := c.(*early); ok {
		c = e.Conn
	}
	return steady.Behind(c)
}

// overTLS returns the connection that c goes over, if c is a TLS connection.
func overTLS(c net.Conn) (under net.Conn, ok bool) {
	if s, secured := c.(*secured); secured {
		return s.under, true
	}
	if e, early := c.(*early); early {
		c = e.Conn
	}
	over, ok := steady.Behind(c).(*tls.Conn)
	if !ok {
		return nil, false
	}
	return over.NetConn(), true
}

// closeWrite tells the peer that nothing follows, where the transport can.
func closeWrite(n net.Conn) error {
	if half, ok := n.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// gone is a link that has ended.
type gone struct{ local, remote net.Addr }

func (gone) Read([]byte) (int, error)            { return 0, net.ErrClosed }
func (gone) Write([]byte) (int, error)           { return 0, net.ErrClosed }
func (gone) Close() error                        { return nil }
func (g gone) LocalAddr() net.Addr               { return g.local }
func (g gone) RemoteAddr() net.Addr              { return g.remote }
func (gone) SetDeadline(time.Time) error         { return net.ErrClosed }
func (gone) SetReadDeadline(time.Time) error     { return net.ErrClosed }
func (gone) SetWriteDeadline(at time.Time) error { return net.ErrClosed }
