package ws_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestTLS: over TLS everything is as without, large frames, bad frames and
// closing included.
func TestTLS(t *testing.T) {
	s := ws.NewServer(ws.Options{})
	server := httptest.NewTLSServer(ws.NewRouter(gateway{on: map[string]handler{"echo": inline(echo)}}.endpoint(s)))
	defer server.Close()
	dial := func() *peer {
		t.Helper()
		conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		p, res := handshake(t, conn, "example.com", "/ws", "Origin: https://example.com")
		if p == nil {
			t.Fatal(res)
		}
		return p
	}
	a, b := dial(), dial()
	big := strings.Repeat("x", 300_000)
	for i := range 20 {
		if n, err := s.Broadcast("e", fmt.Sprintf("%d %s", i, big)); n != 2 || err != nil {
			t.Fatal(i, n, err)
		}
		a.want(fmt.Sprintf(`{"event":"e","data":"%d %s"}`, i, big))
		b.want(fmt.Sprintf(`{"event":"e","data":"%d %s"}`, i, big))
	}
	a.send(`{"event":"echo","id":1}`)
	a.want(`{"event":"echo","id":1,"data":null}`)
	a.send(`{"event":"echo","data":"%s"}`, big[:60_000])
	a.want(fmt.Sprintf(`{"event":"echo","data":"%s"}`, big[:60_000]))
	a.raw([]byte{0xff, 0xff})
	a.raw(make([]byte, 12))
	a.wantClose(ws.CloseProtocol)
	go func() { _ = s.Shutdown(context.Background()) }()
	b.wantClose(ws.CloseAway)
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
