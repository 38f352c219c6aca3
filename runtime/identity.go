package ws

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/rates"
)

// identity holds what is known about the peer; nil if nothing is. All fields but
// principal and usage are fixed after the handshake. usage is made by the read
// goroutine.
type identity struct {
	principal atomic.Pointer[Principal] // nil: nobody known
	remote    netip.AddrPort            // if it is another than the socket's
	path      []string                  // values of the wildcards in the gateway's path
	from      visitor
	usage     *rates.Usage  // made with the first message, if rates are limited
	kept      *http.Request // of the upgrade, for $refresh; nil: the principal does not expire
}

// addrOf returns the address of a TCP socket's peer.
func addrOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return unmapped(tcp.AddrPort())
	}
	return netip.AddrPort{}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// who returns the principal; nil is nobody known.
func (i *identity) who() *Principal {
	if i == nil {
		return nil
	}
	return i.principal.Load()
}

// userID returns the id that Server.Users finds the connection by; "" for none.
func (i *identity) userID() string {
	if p := i.who(); p != nil {
		return p.ID
	}
	return ""
}

// pathValue returns the value of a wildcard, of those that the gateway's path has.
func (i *identity) pathValue(name string, wildcards []string) string {
	if at := slices.Index(wildcards, name); at >= 0 {
		return i.path[at]
	}
	return ""
}

// cameFrom returns what the connection is counted by.
func (i *identity) cameFrom() visitor {
	if i == nil {
		return visitor{}
	}
	return i.from
}

// visitor is whom a request is from.
type visitor struct {
	addr    netip.Addr // as Options.ClientAddr says; the zero Addr: it says nothing
	network netip.Addr // what it is counted as; the zero Addr where none is limited
}
