package ws

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// How many connections there may be: in total, and from one address. They are
// counted from before the guards until the socket is done with, so that what
// is being opened or closed has its place, too.

// visitor is whom a request is from.
type visitor struct {
	addr    netip.Addr // as Options.ClientAddr says; the zero Addr: it says nothing
	network netip.Addr // what it is counted as; the zero Addr where none is limited
}

// visit admits a request, or says why not.
func (s *Server) visit(r *http.Request) (visitor, *refusedHandshake) {
	var v visitor
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
		return v, refuseFor(http.StatusTooManyRequests, CodeRateLimited, "too many connections from this address", 5*time.Second)
	case hub.TooMany:
		return v, refuseFor(http.StatusServiceUnavailable, CodeUnavailable, "the server is full", 5*time.Second)
	default:
		return v, refuseFor(http.StatusServiceUnavailable, CodeUnavailable, "the server is shutting down", time.Second)
	}
}

// refuseFor is a refusal that is worth another try after a while.
func refuseFor(status int, code Code, text string, after time.Duration) *refusedHandshake {
	return &refusedHandshake{status: status, err: &Error{Code: code, Message: text, RetryAfter: after}}
}

// network returns what is counted as one address: of IPv6, the 64 bits that a
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
