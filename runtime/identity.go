package ws

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/rates"
)

// identity holds what is known about the peer; nil if nothing is. All fields but
// principal and usage are fixed after the handshake. usage is made by the read
// goroutine.
type identity struct {
	principal atomic.Pointer[Principal] // nil: nobody known
	remote    netip.AddrPort            // if it is another than the socket's
	path      []string                  // values of endpoint.wildcards
	from      visitor
	usage     *rates.Usage  // made with the first message, if rates are limited
	kept      *http.Request // of the upgrade, for $refresh; nil: the principal does not expire
}

// identify returns what has to be remembered of an upgrade; nil is nothing.
func (e *Endpoint) identify(n net.Conn, r *http.Request, a arrival) *identity {
	remote, p := elsewhere(n, r, a.from), &a.principal
	known := p.ID != "" || p.Value != nil || len(p.Scopes) > 0 || !p.Expires.IsZero()
	if !known && !remote.IsValid() && len(e.wildcards) == 0 && !a.from.network.IsValid() && e.rates == nil {
		return nil
	}
	id := &identity{remote: remote, from: a.from, kept: a.kept}
	if known {
		id.principal.Store(p)
	}
	for _, name := range e.wildcards {
		id.path = append(id.path, r.PathValue(name))
	}
	return id
}

// elsewhere returns the peer's address as the request has it, if that is not
// the socket's: ClientAddr, or a middleware, may know better.
func elsewhere(n net.Conn, r *http.Request, from visitor) netip.AddrPort {
	if from.addr.IsValid() {
		return netip.AddrPortFrom(from.addr, 0)
	}
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	if remote = unmapped(remote); remote == addrOf(n.RemoteAddr()) {
		return netip.AddrPort{}
	}
	return remote
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

func (c *conn) remote() netip.AddrPort {
	if c.identity != nil && c.identity.remote.IsValid() {
		return c.identity.remote
	}
	return addrOf(c.member.Socket.RemoteAddr())
}

func (c *conn) pathValue(name string) string {
	if i := slices.Index(c.endpoint.wildcards, name); i >= 0 {
		return c.identity.path[i]
	}
	return ""
}

// principal returns who is connected; nil is nobody known.
func (c *conn) principal() *Principal {
	if c.identity == nil {
		return nil
	}
	return c.identity.principal.Load()
}

// userID returns the id that Server.Users finds the connection by; "" for none.
func (c *conn) userID() string {
	if p := c.principal(); p != nil {
		return p.ID
	}
	return ""
}

// expires returns when the principal does, by Server.clock; noLimit is never.
func (c *conn) expires() time.Duration {
	p := c.principal()
	if p == nil || p.Expires.IsZero() {
		return noLimit
	}
	now, left := c.endpoint.server.clock(), time.Until(p.Expires)
	if left > noLimit-now {
		return noLimit
	}
	return now + left
}

// from returns what the connection is counted by.
func (c *conn) from() visitor {
	if c.identity == nil {
		return visitor{}
	}
	return c.identity.from
}
