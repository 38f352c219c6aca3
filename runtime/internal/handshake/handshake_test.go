package handshake

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"testing"
)

// sample returns the handshake of RFC 6455, section 1.3, changed.
func sample(change func(r *http.Request)) *http.Request {
	r := &http.Request{Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "server.example.com", Header: http.Header{
		"Connection":            {"keep-alive, Upgrade"},
		"Upgrade":               {"WebSocket"},
		"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
		"Sec-Websocket-Version": {"13"},
	}}
	if change != nil {
		change(r)
	}
	return r
}

// TestCheck: a request that is no handshake gets the status that says why.
func TestCheck(t *testing.T) {
	connect := func(r *http.Request) {
		r.Method, r.ProtoMajor, r.ProtoMinor, r.ContentLength = http.MethodConnect, 2, 0, -1
		r.Header = http.Header{":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}}
	}
	for name, c := range map[string]struct {
		change func(r *http.Request)
		status int
	}{
		"the standard's":           {nil, 0},
		"HTTP/1.0":                 {func(r *http.Request) { r.ProtoMinor = 0 }, 505},
		"HTTP/2, not extended":     {func(r *http.Request) { r.ProtoMajor = 2 }, 505},
		"POST":                     {func(r *http.Request) { r.Method = http.MethodPost }, 405},
		"no Upgrade":               {func(r *http.Request) { r.Header.Del("Upgrade") }, 426},
		"Connection without it":    {func(r *http.Request) { r.Header.Set("Connection", "close") }, 426},
		"version 8":                {func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "8") }, 426},
		"a body":                   {func(r *http.Request) { r.ContentLength = 1 }, 400},
		"a body in chunks":         {func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }, 400},
		"a short key":              {func(r *http.Request) { r.Header.Set("Sec-WebSocket-Key", "c2hvcnQ=") }, 400},
		"two keys":                 {func(r *http.Request) { r.Header.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") }, 400},
		"CONNECT":                  {connect, 0},
		"CONNECT of another kind":  {func(r *http.Request) { connect(r); r.Header[":protocol"] = []string{"connect-udp"} }, 501},
		"CONNECT with a version 8": {func(r *http.Request) { connect(r); r.Header.Set("Sec-WebSocket-Version", "8") }, 400},
		"CONNECT that has ended":   {func(r *http.Request) { connect(r); r.ContentLength = 0 }, 400},
	} {
		status := 0
		if bad := Check(sample(c.change)); bad != nil {
			status = bad.Status
			if bad.Text == "" {
				t.Errorf("%s: refused without a word", name)
			}
		}
		if status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
}

// TestAnswer: the 101 has the standard's accept, the extension that is agreed
// on, and those of the application's headers that may be there.
func TestAnswer(t *testing.T) {
	r := sample(func(r *http.Request) {
		r.Header.Set("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=15")
	})
	a := Answer{Protocol: "bearer", Deflate: true, Header: http.Header{
		"Set-Cookie": {"a=b\r\nX-Injected: 1"}, "Upgrade": {"no"}, "Sec-Websocket-Accept": {"no"}, "Content-Type": {"no"}, "no name": {"no"},
	}}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(a.Switch(r))), r)
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		"Sec-Websocket-Protocol":   {"bearer"},
		"Sec-Websocket-Extensions": {"permessage-deflate; server_max_window_bits=15; server_no_context_takeover; client_no_context_takeover"},
		"Set-Cookie":               {"a=b  X-Injected: 1"},
	}
	same := func(got http.Header) bool {
		for name := range want {
			if got.Get(name) != want.Get(name) {
				return false
			}
		}
		return len(got) == len(want)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || !same(res.Header) {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	tunnelled := http.Header{}
	a.Header = http.Header{"X-Own": {"1"}, "Connection": {"no"}, "Content-Encoding": {"no"}}
	a.Tunnel(r, tunnelled)
	for _, name := range []string{"Upgrade", "Connection", "Sec-Websocket-Accept", "Set-Cookie"} {
		delete(want, name)
	}
	want["X-Own"] = []string{"1"}
	if !same(tunnelled) {
		t.Errorf("over HTTP/2: %v", tunnelled)
	}
}

// TestToken: of several places that may hold the token the first counts.
func TestToken(t *testing.T) {
	for _, c := range []struct{ header, protocols, query, token, scheme string }{
		{"Bearer h", "bearer, p", "access_token=q", "h", "bearer"},
		{"Basic h", "Access_Token, p", "access_token=q", "p", "Access_Token"},
		{"", "", "access_token=q", "q", ""},
		{"", "", "", "", ""},
	} {
		r, err := http.NewRequest(http.MethodGet, "http://x/?"+c.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", c.header)
		r.Header.Set("Sec-WebSocket-Protocol", c.protocols)
		offer, bad := Negotiate(r)
		if bad != nil || offer.Token(r) != c.token || offer.Scheme != c.scheme {
			t.Errorf("%v: %v %q %q", c, bad, offer.Token(r), offer.Scheme)
		}
	}
	for _, offered := range []string{"chat", "bearer", "bearer, a=b", "bearer, token, chat"} {
		if _, bad := Negotiate(&http.Request{Header: http.Header{"Sec-Websocket-Protocol": {offered}}}); bad == nil || bad.Status != 400 {
			t.Errorf("%q is spoken: %v", offered, bad)
		}
	}
}

// TestSessionOffer: the subprotocol of sessions is spoken with who offers it,
// among whatever else, and the answer names nothing else. A name behind "bearer"
// is a token.
func TestSessionOffer(t *testing.T) {
	for _, c := range []struct {
		offered, answer, token string
		session                bool
	}{
		{"wsgen.v1.json", "wsgen.v1.json", "", true},
		{"chat, wsgen.v1.json,soap", "wsgen.v1.json", "", true},
		{"bearer, t, wsgen.v1.json", "wsgen.v1.json", "t", true},
		{"wsgen.v1.json, Bearer, t", "wsgen.v1.json", "t", true},
		{"bearer, wsgen.v1.json", "bearer", "wsgen.v1.json", false},
		{"bearer, t", "bearer", "t", false},
		{"", "", "", false},
	} {
		r := &http.Request{URL: new(url.URL), Header: http.Header{"Sec-Websocket-Protocol": {c.offered}}}
		offer, bad := Negotiate(r)
		if bad != nil || offer.Answer() != c.answer || offer.Token(r) != c.token || offer.Session != c.session {
			t.Errorf("%q: %v, %q %q %v", c.offered, bad, offer.Answer(), offer.Token(r), offer.Session)
		}
	}
	for _, offered := range []string{"wsgen.v1", "WSGEN.v1.json", "wsgen.v1.json=", "wsgen.v1.json a"} {
		if _, bad := Negotiate(&http.Request{Header: http.Header{"Sec-Websocket-Protocol": {offered}}}); bad == nil || bad.Status != 400 {
			t.Errorf("%q is spoken: %v", offered, bad)
		}
	}
}
