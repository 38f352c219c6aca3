package handshake

import (
	"net/http"
	"strings"
)

// protocolHeader is where net/http leaves the pseudo-header of that name, which
// no client can send as a header.
const protocolHeader = ":protocol"

// Extended reports whether a request asks for a protocol on its stream: whether
// it is an extended CONNECT (RFC 8441, section 4).
func Extended(r *http.Request) bool {
	return r.ProtoMajor >= 2 && r.Method == http.MethodConnect && len(r.Header[protocolHeader]) > 0
}

// checkConnect is Check for an extended CONNECT, which has no Upgrade, no
// Connection and no key (RFC 8441, section 5).
func checkConnect(r *http.Request) *Refusal {
	switch {
	case !strings.EqualFold(r.Header.Get(protocolHeader), "websocket"):
		return &Refusal{Status: http.StatusNotImplemented, Text: "this is a WebSocket endpoint: the protocol must be websocket"} // RFC 9220, section 3
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return &Refusal{
			Status: http.StatusBadRequest, // 426 is of HTTP/1.1
			Header: http.Header{"Sec-Websocket-Version": {"13"}},
			Text:   "the WebSocket version must be 13",
		}
	case r.ContentLength >= 0: // it has a length, or the stream has ended
		return &Refusal{Status: http.StatusBadRequest, Text: "a WebSocket handshake has no Content-Length, and its stream stays open"}
	}
	return nil
}
