package wsclient_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// TestDialRefused: who is refused for good is told at once, with what the gateway, or
// somebody in front of it, has said.
func TestDialRefused(t *testing.T) {
	s := serve(t, ws.Options{MaxConnections: 1}, gateway{on: map[string]handler{"echo": inline(echo)}})
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/login"):
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte("<html>who are you</html>"))
		case strings.HasPrefix(r.URL.Path, "/refused"):
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"code":"forbidden","message":"not you","details":[{"path":"/a","rule":"b"}]}`))
		case strings.HasPrefix(r.URL.Path, "/endless"):
			w.WriteHeader(http.StatusForbidden)
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		default:
			http.NotFound(w, r)
		}
	}))
	defer plain.Close()
	for path, want := range map[string]string{
		"/login": "the handshake was refused with 401", "/endless": "the handshake was refused with 403",
		"/refused": "the handshake was refused with 403: forbidden: not you", "": "the handshake was refused with 404",
	} {
		_, err := DialChat(within(t), plain.URL+path, wsclient.Options{})
		var refused *wsclient.HandshakeError
		if !errors.As(err, &refused) || err.Error() != "wsclient: "+want {
			t.Errorf("%s: %v", path, err)
		}
		var refusal *ws.Error
		if errors.As(err, &refusal) != (path == "/refused") {
			t.Errorf("%s: %+v", path, refusal)
		}
	}
	// A refusal that is not for good is told when the time is up.
	first := dial(t, s.url, wsclient.Options{})
	ctx, cancel := context.WithTimeoutCause(context.Background(), 200*time.Millisecond, errCanceled)
	defer cancel()
	_, err := DialChat(ctx, s.url, wsclient.Options{Retry: soon})
	var refused *wsclient.HandshakeError
	if !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable || refused.Refusal == nil || !errors.Is(err, errCanceled) {
		t.Errorf("a server that is full: %v", err)
	}
	closes(t, first)
	_ = dial(t, s.url, wsclient.Options{Retry: soon})
}

// TestDialFails: what is no address, no server, or none of this protocol.
func TestDialFails(t *testing.T) {
	for address, want := range map[string]string{
		"ftp://example.com": "begins with ws://", "example.com": "has no ://", "127.0.0.1:80": "has no ://", "": "has no ://",
		"ws://": "names no host", "ws:///x": "names no host", "ws://\x7f": "the address of the server",
	} {
		if _, err := DialChat(within(t), address, wsclient.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, path := range []string{"/rooms/..", "/a b", "/rooms/%2"} {
		if _, err := wsclient.Dial(within(t), "ws://127.0.0.1:1", wsclient.Gateway{Path: path}, wsclient.Options{}); err == nil || !strings.Contains(err.Error(), "must be escaped") {
			t.Errorf("%q: %v", path, err)
		}
	}
	for name, of := range map[string]struct {
		address string
		o       wsclient.Options
		want    func(error) bool
	}{
		"no such host": {"ws://gateway.invalid", wsclient.Options{Dial: (&net.Dialer{Resolver: nobody}).DialContext}, is[*net.DNSError]},
		"no such port": {"ws://127.0.0.1:1", wsclient.Options{}, is[*net.OpError]},
		"Dial panics": {"ws://example.com", wsclient.Options{Dial: func(context.Context, string, string) (net.Conn, error) { panic("no net") }}, func(err error) bool {
			return strings.Contains(err.Error(), "panic in Options.Dial: no net")
		}},
		"Dial returns nothing": {"ws://example.com", wsclient.Options{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}, func(err error) bool {
			return strings.Contains(err.Error(), "no connection, and no error")
		}},
		"no server of WebSockets": {listening(t, func(_ int, p *peer) error { return p.answer("200 OK", "Content-Length: 2", "", "hi") }), wsclient.Options{}, is[*wsclient.HandshakeError]},
		"no HTTP":                 {listening(t, func(_ int, p *peer) error { _, err := p.conn.Write([]byte("SSH-2.0\r\n")); return err }), wsclient.Options{}, func(err error) bool { return true }},
		"no answer":               {listening(t, func(_ int, p *peer) error { return p.drain() }), wsclient.Options{}, func(err error) bool { return true }},
		"endless header": {listening(t, func(_ int, p *peer) error {
			_, err := p.conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n"))
			for err == nil {
				_, err = p.conn.Write([]byte("X-A: " + strings.Repeat("x", 4000) + "\r\n"))
			}
			return err
		}), wsclient.Options{}, func(err error) bool { return strings.Contains(err.Error(), "short buffer") }},
		"wrong key": {listening(t, func(_ int, p *peer) error {
			return p.answer("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: x", "")
		}), wsclient.Options{}, func(err error) bool { return strings.Contains(err.Error(), "Sec-WebSocket-Accept") }},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(context.Background(), 300*time.Millisecond, errCanceled)
			defer cancel()
			of.o.Retry = soon
			if _, err := DialChat(ctx, of.address, of.o); err == nil || !errors.Is(err, errCanceled) || !of.want(err) {
				t.Errorf("%v", err)
			}
		})
	}
	plain := listening(t, func(_ int, p *peer) error { return p.upgradePlain() })
	if _, err := DialChat(within(t), plain, wsclient.Options{}); err == nil || !strings.Contains(err.Error(), "the server does not speak wsgen.v1.json") {
		t.Errorf("a server without the protocol: %v", err)
	}
}

// nobody knows no host, and asks no network.
var nobody = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("there is no network")
}}

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// trusted is the certificate of a site.
func trusted(s *site) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.http.Certificate())
	return roots
}

// TestDialTLS: over TLS, with certificates that are checked.
func TestDialTLS(t *testing.T) {
	s := serveBy(t, (*httptest.Server).StartTLS, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	c := dial(t, s.http.URL, wsclient.Options{TLS: &tls.Config{RootCAs: trusted(s), NextProtos: []string{"h2"}}})
	if _, err := c.Echo(within(t), 1); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	failed := func(s wsclient.State, _ *ws.Closed) {
		if s == wsclient.Waiting {
			cancel()
		}
	}
	if _, err := DialChat(ctx, s.url, wsclient.Options{OnState: failed}); !is[*tls.CertificateVerificationError](err) {
		t.Errorf("a certificate of nobody's: %v", err)
	}
}
