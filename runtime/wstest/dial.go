package wstest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/kit"
)

// Dial connects to a gateway that h serves: an Endpoint, a Router, or any
// http.Handler around one. It fails the test if the handshake is refused. When
// the test ends the connection closes with 1001, as a page does that is left,
// and its handlers and hooks are waited for. It starts an HTTP server for each
// call.
func Dial(t testing.TB, h http.Handler, opts ...DialOption) *Conn {
	t.Helper()
	d := options(t, h, opts)
	s := serve(t, h, d)
	t.Cleanup(s.stop)
	return open(t, s, d)
}

// open completes a handshake that must be accepted.
func open(t testing.TB, s *site, d *dialing) *Conn {
	t.Helper()
	d.bear()
	r, header := s.upgrade(t, d)
	_ = s.client.SetDeadline(time.Time{})
	c := newConn(t, d)
	c.use(s, r, nil, header).run()
	t.Cleanup(c.end)
	return c
}

// upgrade sends a handshake that must be accepted. The deadline of it stays.
func (s *site) upgrade(t testing.TB, d *dialing) (*bufio.Reader, http.Header) {
	t.Helper()
	r, res := s.shake(t, d)
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("wstest: %s is no connection: %s\n%s", d.path, res.Status, bodyOf(res))
	}
	if got := res.Header.Get("Sec-WebSocket-Accept"); got != acceptKey {
		t.Fatalf("wstest: the answer's Sec-WebSocket-Accept is %q, want %q", got, acceptKey)
	}
	return r, res.Header
}

// bear puts the token into the header.
func (d *dialing) bear() {
	if d.token != "" {
		d.header.Set("Authorization", "Bearer "+d.token)
	}
}

// Refused is an answer to a handshake that became no connection.
type Refused struct {
	Status int
	Header http.Header
	// Error is what the body says; the zero Error if somebody else than a gateway
	// has answered.
	Error ws.Error
	Body  string
}

// ExpectRefused is Dial for a handshake that must be refused by HTTP with a
// status: it fails the test otherwise.
func ExpectRefused(t testing.TB, h http.Handler, status int, opts ...DialOption) Refused {
	t.Helper()
	d := options(t, h, opts)
	d.bear()
	s := serve(t, h, d)
	t.Cleanup(s.stop)
	_, res := s.shake(t, d)
	out := Refused{Status: res.StatusCode, Header: res.Header}
	if res.StatusCode != http.StatusSwitchingProtocols {
		out.Body = bodyOf(res)
	}
	var e refusal
	if json.Unmarshal([]byte(out.Body), &e) == nil {
		out.Error = *e.error()
	}
	if out.Status != status {
		t.Fatalf("wstest: %s is answered %s, want %d\n%s", d.path, res.Status, status, out.Body)
	}
	return out
}

func options(t testing.TB, h http.Handler, opts []DialOption) *dialing {
	t.Helper()
	d := dialingOf(opts)
	if d.path == "" {
		d.path = ownPath(h)
	}
	switch {
	case d.path == "":
		t.Fatalf("wstest: %T has not one path without wildcards: say which by wstest.Path", h)
	case d.tls != nil:
		t.Fatal("wstest: TLS is for DialURL: what Dial serves has none")
	case d.port && d.from.IsValid():
		t.Fatal("wstest: From is for connections in memory: a port has an address of its own")
	case !d.from.IsValid():
		d.from = somewhere()
	}
	return d
}

func dialingOf(opts []DialOption) *dialing {
	d := &dialing{header: http.Header{}, patience: patience}
	for _, o := range opts {
		o.dialing(d)
	}
	return d
}

// somewhere is where clients come from who do not say.
func somewhere() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 1234)
}

// ownPath returns the path of the one gateway that h is, or has; "" if it cannot
// be known.
func ownPath(h http.Handler) string {
	var pattern string
	switch h := h.(type) {
	case interface{ Pattern() string }:
		pattern = h.Pattern()
	case interface{ Endpoints() []*ws.Endpoint }:
		if all := h.Endpoints(); len(all) == 1 {
			pattern = all[0].Pattern()
		}
	}
	pattern = strings.TrimSuffix(pattern, "{$}")
	if strings.Contains(pattern, "{") {
		return ""
	}
	return pattern
}

// Of RFC 6455, section 1.3.
const (
	key       = "dGhlIHNhbXBsZSBub25jZQ=="
	acceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// shake sends the handshake, and returns the answer and what it was read by.
func (s *site) shake(t testing.TB, d *dialing) (*bufio.Reader, *http.Response) {
	t.Helper()
	host := "example.com"
	if given := d.header.Get("Host"); given != "" {
		host = given
	}
	var text strings.Builder
	text.WriteString("GET " + d.path + " HTTP/1.1\r\nHost: " + host + "\r\n")
	header := d.header.Clone()
	header.Del("Host")
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key} {
		if header.Get(name) == "" {
			header.Set(name, value)
		}
	}
	_ = header.Write(&text) // to a Builder
	_ = s.client.SetDeadline(time.Now().Add(d.patience))
	if _, err := io.WriteString(s.client, text.String()+"\r\n"); err != nil {
		t.Fatalf("wstest: sending the handshake to %s: %v", d.path, err)
	}
	r := bufio.NewReader(s.client)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("wstest: the handshake to %s has no answer: %v", d.path, err)
	}
	return r, res
}

func bodyOf(res *http.Response) string {
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return string(body)
}

// site is an HTTP server for one connection.
type site struct {
	client net.Conn
	guest  *kit.Guest // nil: it is another program's (DialURL)
	stop   func()     // ends it
}

// released waits until no goroutine of the server's has to do with the connection
// any more; false if that takes longer than within. A session that has lost its
// socket is ended first.
func (s *site) released(within time.Duration) bool {
	if s.guest == nil {
		return true
	}
	late := time.After(within)
	select {
	case <-s.guest.Released():
		return true
	case <-s.guest.Parted():
		s.guest.Lapse()
	case <-late:
		return false
	}
	select {
	case <-s.guest.Released():
		return true
	case <-late:
		return false
	}
}

// serve starts it.
func serve(t testing.TB, h http.Handler, d *dialing) *site {
	t.Helper()
	s := &site{guest: kit.NewGuest(d.principal)}
	var l net.Listener
	if d.port {
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatalf("wstest: %v", err)
		}
		if s.client, err = net.Dial("tcp", l.Addr().String()); err != nil {
			_ = l.Close()
			t.Fatalf("wstest: %v", err)
		}
	} else {
		l, s.client = pipe(d.from)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(s.guest.With(r.Context())))
		}),
		ReadHeaderTimeout: d.patience,
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // until Close
	}()
	s.stop = func() {
		_ = s.client.Close()
		_ = server.Close()
		<-served
	}
	return s
}
