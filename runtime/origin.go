package ws

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// allowsOrigin is the defence against cross-site WebSocket hijacking (RFC
// 6455, section 10.2): browsers send cookies to any origin's WebSocket, and
// only the Origin header tells whose page it was.
func (o *Options) allowsOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	switch {
	case o.InsecureSkipOriginCheck || len(origins) == 0:
		return true
	case len(origins) > 1:
		return false
	}
	origin := origins[0]
	if slices.ContainsFunc(o.Origins, func(allowed string) bool { return strings.EqualFold(allowed, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false // "null" is one of these
	}
	switch u.Scheme {
	case "http":
		return sameHost(u.Host, r.Host, ":80")
	case "https":
		return sameHost(u.Host, r.Host, ":443")
	}
	return false
}

// sameHost compares two hosts, of which either may leave out the port that the
// origin's scheme implies. The request's own scheme is not known: a proxy may
// have taken the TLS off.
func sameHost(origin, host, port string) bool {
	return strings.EqualFold(strings.TrimSuffix(origin, port), strings.TrimSuffix(host, port))
}
