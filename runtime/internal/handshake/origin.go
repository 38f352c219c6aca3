package handshake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// AllowsOrigin reports whether a page of the request's origin may connect: one
// of the server's own, or of an origin in also. It is the defence against
// cross-site WebSocket hijacking (RFC 6455, section 10.2): browsers send cookies
// to any origin's WebSocket, and only the Origin header tells whose page it was.
// A request without one is not from a browser, and passes.
func AllowsOrigin(r *http.Request, also []string) bool {
	origins := r.Header.Values("Origin")
	switch len(origins) {
	case 0:
		return true
	case 1:
	default:
		return false
	}
	origin := origins[0]
	if slices.ContainsFunc(also, func(allowed string) bool { return foldASCII(allowed, origin) }) {
		return true
	}
	scheme, authority, _ := strings.Cut(origin, "://")
	switch {
	case foldASCII(scheme, "http"):
		if r.TLS != nil { // a page that anybody on the way may have written
			return false
		}
		return sameHost(authority, r.Host, ":80")
	case foldASCII(scheme, "https"):
		return sameHost(authority, r.Host, ":443")
	}
	return false // "null" among others
}

// RefuseOrigin returns the refusal of a request by its origin. It names what
// was compared: behind a proxy the Host is seldom the one that people expect.
func RefuseOrigin(r *http.Request) *Refusal {
	over := ""
	if r.TLS != nil {
		over = " over TLS"
	}
	return &Refusal{Status: http.StatusForbidden, Text: fmt.Sprintf("origin %.100q may not connect to host %.100q%s; allow it by Options.Origins",
		r.Header.Get("Origin"), r.Host, over)}
}

// sameHost compares two hosts, of which either may leave out the port that the
// origin's scheme implies. Without TLS the request's own scheme is not known: a
// proxy may have taken it off. The origin is compared as it stands: nothing of it
// is parsed that a browser might parse otherwise.
func sameHost(origin, host, port string) bool {
	origin, host = strings.TrimSuffix(origin, port), strings.TrimSuffix(host, port)
	return origin != "" && foldASCII(origin, host)
}

// foldASCII reports whether two texts are the same but for the case of ASCII
// letters. strings.EqualFold would take the Kelvin sign for a k.
func foldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
