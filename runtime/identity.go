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
// principal, kept and usage are fixed after the handshake. usage is made by the read
// goroutine.
type identity struct {
	principal atomic.Pointer[Principal] // nil: nobody known
	remote    netip.AddrPort            // if it is another than the socket's
	path      []string                  // values of the wildcards in the gateway's path
	from      visitor
	trace     string                       // that the upgrade belonged to; "" is none
	usage     *rates.Usage                 // made with the first message, if rates are limited
	kept      atomic.Pointer[http.Request] // the upgrade request, for $refresh; nil: the principal does not expire, or it was too long
}

// addrOf returns the address of a TCP socket's peer.
func addrOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return unmapped(tcp.AddrPort())
	}
	return netip.AddrPort{}
}

// unmapped returns a with an IPv4 address in place of an IPv6 address that
// stands for one.
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

// pathValue returns the value of a wildcard; wildcards are the names in the
// gateway's path, in its order.
func (i *identity) pathValue(name string, wildcards []string) string {
	if at := slices.Index(wildcards, name); at >= 0 {
		return i.path[at]
	}
	return ""
}

// inTrace returns the id of the trace that the upgrade belonged to, "" for
// none.
func (i *identity) inTrace() string {
	if i == nil {
		return ""
	}
	return i.trace
}

// cameFrom returns whom the upgrade request was from.
func (i *identity) cameFrom() visitor {
	if i == nil {
		return visitor{}
	}
	return i.from
}

// visitor says whom a request is from.
type visitor struct {
	addr    netip.Addr // as Options.ClientAddr says; the zero Addr: it says nothing
	network netip.Addr // the network that it is counted under; the zero Addr: there is no limit per address
}
