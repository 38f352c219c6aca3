package app

import (
	"net/http"
	"net/url"
	"strings"
)

// siblings lets the pages of other nodes in: a page whose node is gone goes on at another, of the same
// host and on another port. It takes such a page for one of this node's own.
func siblings(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if !sibling(origin, r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Headers", "Content-Type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		r = r.Clone(r.Context())
		r.Header.Set("Origin", "http://"+r.Host)
		r.Header.Del("Sec-Fetch-Site")
		next.ServeHTTP(w, r)
	})
}

// sibling reports whether an origin is on the host, whatever the ports.
func sibling(origin, host string) bool {
	from, err := url.Parse(origin)
	if err != nil || from.Scheme != "http" || from.Hostname() == "" {
		return false
	}
	to, err := url.Parse("http://" + host)
	return err == nil && strings.EqualFold(from.Hostname(), to.Hostname())
}
