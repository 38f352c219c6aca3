// Package handshake reads and answers the opening handshake (RFC 6455, section 4;
// over HTTP/2, RFC 8441): is this request one, from an allowed origin, with which
// subprotocol and extension, and what the answer says. Its functions look at a
// request and change nothing.
package handshake

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// Refusal says why a request does not become a connection.
type Refusal struct {
	Status int
	Header http.Header // of the answer; may be nil
	Text   string      // for the client
}

// Check returns why a request is no handshake (RFC 6455, section 4.2.1); nil if
// it is one.
func Check(r *http.Request) *Refusal {
	bad := func(status int, text string, header ...string) *Refusal {
		b := &Refusal{Status: status, Header: http.Header{}, Text: text}
		for i := 0; i+1 < len(header); i += 2 {
			b.Header.Set(header[i], header[i+1])
		}
		return b
	}
	if Extended(r) {
		return checkConnect(r)
	}
	switch {
	case !r.ProtoAtLeast(1, 1), r.ProtoMajor > 1: // in HTTP/2 there is no 426, and no Upgrade (RFC 9113, section 8.6)
		return bad(http.StatusHTTPVersionNotSupported, "a WebSocket handshake needs HTTP/1.1, and this request came over "+
			r.Proto+": have the client, or the proxy before this server, use HTTP/1.1")
	case r.Method != http.MethodGet:
		return bad(http.StatusMethodNotAllowed, "a WebSocket handshake is a GET", "Allow", "GET")
	case !HasToken(r.Header, "Connection", "upgrade") || !HasToken(r.Header, "Upgrade", "websocket"):
		return bad(http.StatusUpgradeRequired, "this is a WebSocket endpoint: connect with a WebSocket client",
			"Connection", "Upgrade", "Upgrade", "websocket")
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return bad(http.StatusUpgradeRequired, "the WebSocket version must be 13",
			"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0: // it would be read as frames
		return bad(http.StatusBadRequest, "a WebSocket handshake has no body", "Connection", "close") // and it is not waited for
	}
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	if err != nil || len(key) != 16 || len(r.Header.Values("Sec-WebSocket-Key")) > 1 {
		return bad(http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
	}
	return nil
}

// HasToken reports whether a comma-separated header holds a token, in any case.
func HasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
