package ws_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestPlainHTTP2: a request over HTTP/2 is answered as HTTP/2 allows, without
// an Upgrade and the status that demands one, and is told the cure.
func TestPlainHTTP2(t *testing.T) {
	s := ws.NewServer(ws.Options{})
	server := httptest.NewUnstartedServer(ws.NewRouter(gateway{}.endpoint(s)))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		req, _ := http.NewRequest(method, server.URL+"/ws", nil)
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.ProtoMajor != 2 || res.StatusCode != http.StatusHTTPVersionNotSupported || method != http.MethodHead && !strings.Contains(string(body), "use HTTP/1.1") {
			t.Errorf("%s: %s %s %s", method, res.Proto, res.Status, body)
		}
		for _, name := range []string{"Connection", "Upgrade", "Keep-Alive", "Transfer-Encoding"} {
			if res.Header[name] != nil {
				t.Errorf("%s: the answer has %s: %q (RFC 9113, section 8.2.2)", method, name, res.Header[name])
			}
		}
	}
}

// TestMount: the gateways take no more of a mux than handshakes have, so that
// they stand beside the patterns of an application.
func TestMount(t *testing.T) {
	for _, c := range []struct {
		beside       string // a pattern of the application's
		method, path string
		status       int
		allow        string
	}{
		{"GET /", "GET", "/", 200, ""},
		{"GET /", "GET", "/ws/7", 426, ""},
		{"GET /", "POST", "/ws/7", 405, "CONNECT, GET, HEAD"},
		{"GET /{any...}", "GET", "/other/7", 200, ""},
		{"POST /ws/{room}", "POST", "/ws/7", 200, ""},
		{"POST /ws/{room}", "DELETE", "/ws/7", 405, "CONNECT, GET, HEAD, POST"},
		{"/", "POST", "/ws/7", 200, ""}, // the application has taken every other method
		{"/{a}/{b}", "GET", "/ws/7", 426, ""},
	} {
		s := serve(t, ws.Options{}, gateway{path: "/ws/{room}"})
		mux := http.NewServeMux()
		mux.HandleFunc(c.beside, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the application's") })
		s.router.Mount(mux)
		s.http.Config.Handler = mux
		s.dial(t, "/ws/7")
		_, _, res := s.request(t, c.method+" "+c.path+" HTTP/1.1", "Host: x\r\n", "")
		if res.StatusCode != c.status || res.Header.Get("Allow") != c.allow {
			t.Errorf("%s beside %q: %s %s: %s, Allow %q", "/ws/{room}", c.beside, c.method, c.path, res.Status, res.Header.Get("Allow"))
		}
	}
}

// TestOriginRefusal: the refusal names what was compared, quoted and not
// without end. Over TLS the scheme is compared, too.
func TestOriginRefusal(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{})
	_, _, res := s.request(t, "GET /ws HTTP/1.1", strings.Replace(upgradeLines, "Host: x", "Host: b.example:8080", 1)+"Origin: https://a.example\r\n", "")
	body, _ := io.ReadAll(res.Body)
	if want := `{"code":"forbidden","message":"origin \"https://a.example\" may not connect to host \"b.example:8080\"; allow it by Options.Origins"}`; strings.TrimSpace(string(body)) != want {
		t.Errorf("got %s", body)
	}
	_, _, res = s.request(t, "GET /ws HTTP/1.1", strings.Replace(upgradeLines, "Host: x", "Host: "+strings.Repeat("b", 10_000), 1)+"Origin: https://a.example\r\n", "")
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 403 || len(body) > 1000 {
		t.Errorf("%s, %d bytes", res.Status, len(body))
	}

	secure := httptest.NewTLSServer(s.router)
	defer secure.Close()
	for origin, ok := range map[string]bool{
		"https://example.com": true, "https://example.com:443": true, "HTTPS://EXAMPLE.com": true,
		"http://example.com": false, "HTTP://example.com": false, "http://example.com:80": false, "http://example.com:443": false, "https://example.com:80": false,
	} {
		conn, err := tls.Dial("tcp", secure.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		p, res := handshake(t, conn, "example.com", "/ws", "Origin: "+origin)
		if (p != nil) != ok {
			t.Errorf("%s over TLS: connected %v", origin, p != nil)
		}
		if want := `host \"example.com\" over TLS`; res != nil && !strings.Contains(res.body, want) {
			t.Errorf("%s over TLS: %v", origin, res)
		}
		_ = conn.Close()
	}
}
