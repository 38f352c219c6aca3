package wstest

import (
	"net"
	"net/netip"
	"sync"
)

// pipe returns a listener that accepts one connection, which is in memory, and
// its client's end.
func pipe(from netip.AddrPort) (net.Listener, net.Conn) {
	client, server := net.Pipe()
	p := &pipes{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	p.conns <- &addressed{server, net.TCPAddrFromAddrPort(from)}
	return p, client
}

// addressed is a net.Conn from an address.
type addressed struct {
	net.Conn

	from net.Addr
}

// RemoteAddr returns the address.
func (a *addressed) RemoteAddr() net.Addr { return a.from }

type pipes struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
