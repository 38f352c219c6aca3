package ws

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// This file bounds how many connections there may be, in total and from one
// address. A connection counts from before its guards until its socket is
// closed, so that one which is being opened or closed has its place, too.

// visit admits a request and counts it, or returns the refusal.
func (s *Server) visit(r *http.Request) (visitor, *refusedHandshake) {
	var v visitor
	if s.opts.Cluster.PublishOnly {
		return v, newRefusal(http.StatusServiceUnavailable, CodeUnavailable, "this process holds no connections (Cluster.PublishOnly)")
	}
	if s.cluster != nil && s.cluster.clashes() {
		return v, newRetryRefusal(http.StatusServiceUnavailable, CodeUnavailable, "another node has the ids of this one", 5*time.Second)
	}
	var err error
	if v.addr, err = s.clientAddr(r); err != nil {
		return v, &refusedHandshake{status: http.StatusInternalServerError, err: err}
	}
	if s.opts.MaxConnectionsPerAddr != unlimited {
		v.network = network(v.addr, r)
	}
	switch s.hub.Admit(v.network, s.opts.MaxConnections, s.opts.MaxConnectionsPerAddr) {
	case hub.Admitted:
		return v, nil
	case hub.TooManyHere:
		return v, newRetryRefusal(http.StatusTooManyRequests, CodeRateLimited, "too many connections from this address", 5*time.Second)
	case hub.TooMany:
		return v, newRetryRefusal(http.StatusServiceUnavailable, CodeUnavailable, "the server is full", 5*time.Second)
	default:
		return v, &refusedHandshake{status: http.StatusServiceUnavailable, err: shuttingDown()}
	}
}

// shuttingDown returns the refusal of a connection that came too late.
func shuttingDown() *Error {
	return &Error{Code: CodeUnavailable, Message: "the server is shutting down", RetryAfter: time.Second}
}

// newRetryRefusal returns a refusal whose request is worth another try after
// a while.
func newRetryRefusal(status int, code Code, text string, after time.Duration) *refusedHandshake {
	return &refusedHandshake{status: status, err: &Error{Code: code, Message: text, RetryAfter: after}}
}

// network returns what an address is counted as: of IPv6, the 64 bits that a
// subscriber is given, and can choose freely among. Requests that are from no
// IP address count as one.
func network(addr netip.Addr, r *http.Request) netip.Addr {
	if !addr.IsValid() {
		peer, _ := netip.ParseAddrPort(r.RemoteAddr)
		addr = peer.Addr().Unmap()
	}
	if addr.Is6() {
		prefix, _ := addr.Prefix(64)
		return prefix.Addr()
	}
	return addr
}

// identify returns the identity of the peer of an upgrade; nil if there is
// nothing to remember.
func (e *Endpoint) identify(n net.Conn, r *http.Request, a *arrival) *identity {
	remote := elsewhere(n, r, a.from)
	trace := e.server.traceOf(r)
	if !a.known() && trace == "" && !remote.IsValid() && len(e.wildcards) == 0 && !a.from.network.IsValid() && e.rates == nil {
		return nil
	}
	id := &identity{remote: remote, from: a.from, trace: trace}
	id.isOf(a)
	for _, name := range e.wildcards {
		id.path = append(id.path, r.PathValue(name))
	}
	return id
}

// known reports whether the guards have said who connects.
func (a *arrival) known() bool {
	p := &a.principal
	return p.ID != "" || p.Value != nil || len(p.Scopes) > 0 || !p.Expires.IsZero()
}

// isOf notes whom the guards have let in.
func (i *identity) isOf(a *arrival) {
	i.kept.Store(a.kept)
	if a.known() {
		i.principal.Store(&a.principal)
	}
}

// elsewhere returns the peer's address as the request has it; the zero
// AddrPort if it is the socket's. Options.ClientAddr, or a middleware, may
// know better than the socket.
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
