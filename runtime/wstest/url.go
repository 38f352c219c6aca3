package wstest

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"testing"
)

// DialURL is Dial for a server that runs already, in this program or another: a
// test of the whole, or of what is deployed. The URL is one of http, https, ws or
// wss, with the path and the query. As, From, Path and OnPort fail the test: who
// connects, and from where, is that server's to say. Unlike Dial, it does not
// wait for the server's hooks when the test ends.
func DialURL(t testing.TB, address string, opts ...DialOption) *Conn {
	t.Helper()
	d, reach := remote(t, address, opts)
	s := reach(d)
	t.Cleanup(s.stop)
	return open(t, s, d)
}

// remote returns what the options come to for a URL, and what connects there.
func remote(t testing.TB, address string, opts []DialOption) (d *dialing, reach func(*dialing) *site) {
	t.Helper()
	d = dialingOf(opts)
	if d.principal != nil || d.from.IsValid() || d.path != "" || d.port {
		t.Fatal("wstest: As, From, Path and OnPort are for Dial: the server at a URL is not the test's")
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("wstest: %v", err)
	}
	secure, known := map[string]bool{"http": false, "ws": false, "https": true, "wss": true}[u.Scheme]
	if !known || u.Host == "" {
		t.Fatalf("wstest: %q is no URL of http, https, ws or wss", address)
	}
	d.path = u.RequestURI()
	if d.header.Get("Host") == "" {
		d.header.Set("Host", u.Host)
	}
	return d, func(d *dialing) *site {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), d.patience)
		defer cancel()
		var conn net.Conn
		var err error
		if secure {
			conn, err = (&tls.Dialer{Config: d.tls}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443")))
		} else {
			conn, err = new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")))
		}
		if err != nil {
			t.Fatalf("wstest: %v", err)
		}
		return &site{client: conn, stop: func() { _ = conn.Close() }}
	}
}
