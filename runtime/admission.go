package ws

import (
	"net/http"
	"net/netip"
	"time"
)

// How many connections there may be: in total, and from one address. They are
// counted from before the guards until the socket is done with, so that what
// is being opened or closed has its place, too.

// visitor is what a connection is counted by: the zero visitor where no address
// is limited.
type visitor struct{ network netip.Addr }

// visit admits a request, or says why not.
func (s *Server) visit(r *http.Request) (visitor, *refusedHandshake) {
	var v visitor
	if s.opts.limitsAddrs() {
		v.network = network(s.opts.addrOf(r))
	}
	switch s.registry.admit(v, s.opts.MaxConnections, s.opts.MaxConnectionsPerAddr) {
	case admitted:
		return v, nil
	case tooManyHere:
		return v, refuseFor(http.StatusTooManyRequests, CodeRateLimited, "too many connections from this address", 5*time.Second)
	case tooMany:
		return v, refuseFor(http.StatusServiceUnavailable, CodeUnavailable, "the server is full", 5*time.Second)
	default:
		return v, refuseFor(http.StatusServiceUnavailable, CodeUnavailable, "the server is shutting down", time.Second)
	}
}

// refuseFor is a refusal that is worth another try after a while.
func refuseFor(status int, code Code, text string, after time.Duration) *refusedHandshake {
	return &refusedHandshake{status: status, err: &Error{Code: code, Message: text, RetryAfter: after}}
}

func (o *Options) limitsAddrs() bool { return o.MaxConnectionsPerAddr != unlimited }

// addrOf returns whom a request is from; the zero Addr if it is from no IP
// address. Such requests count as one address.
func (o *Options) addrOf(r *http.Request) netip.Addr {
	if o.ClientAddr != nil {
		if addr := o.ClientAddr(r); addr.IsValid() {
			return addr.Unmap()
		}
	}
	addr, _ := netip.ParseAddrPort(r.RemoteAddr)
	return addr.Addr().Unmap()
}

// network returns what is counted as one address: of IPv6, the 64 bits that a
// subscriber is given, and can choose freely among.
func network(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		prefix, _ := addr.Prefix(64)
		return prefix.Addr()
	}
	return addr
}
