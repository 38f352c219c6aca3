package handshake

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it, and it keeps no secret
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
)

// acceptGUID is hashed with the key of a handshake for the answer (RFC 6455,
// section 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Answer answers a request that Check has let pass.
type Answer struct {
	Protocol string      // the subprotocol that it names; "" is none
	Deflate  bool        // permessage-deflate is agreed on
	Header   http.Header // the application's part
}

// Switch returns the 101 (RFC 6455, section 4.2.2).
func (a *Answer) Switch(r *http.Request) []byte {
	b := make([]byte, 0, 256)
	accept := sha1.Sum(append(append(b, r.Header.Get("Sec-WebSocket-Key")...), acceptGUID...)) //nolint:gosec // see the import
	b = append(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	b = base64.StdEncoding.AppendEncode(b, accept[:])
	if a.Protocol != "" {
		b = append(append(b, "\r\nSec-WebSocket-Protocol: "...), a.Protocol...)
	}
	if a.Deflate {
		b = appendExtensions(append(b, "\r\nSec-WebSocket-Extensions: "...), r)
	}
	return append(appendOwn(append(b, "\r\n"...), a.Header), "\r\n"...)
}

// Tunnel writes the header of the 200 to an extended CONNECT into h. A tunnel has
// no content, and so no header of it (RFC 9110, section 9.3.6).
func (a *Answer) Tunnel(r *http.Request, h http.Header) {
	maps.Copy(h, a.Header)
	maps.DeleteFunc(h, func(name string, _ []string) bool { return Reserved(name) || ofContent(name) })
	if a.Protocol != "" {
		h.Set("Sec-WebSocket-Protocol", a.Protocol)
	}
	if a.Deflate {
		h.Set("Sec-WebSocket-Extensions", string(appendExtensions(nil, r)))
	}
}

// appendExtensions appends the extension that is agreed on: permessage-deflate,
// with a window only if the client asked for one (RFC 7692, section 7.1).
func appendExtensions(b []byte, r *http.Request) []byte {
	b = append(b, DeflateExtension...)
	if _, window := AcceptsDeflate(r.Header); window {
		b = append(b, "; "+serverWindow+"=15"...)
	}
	return append(b, "; server_no_context_takeover; client_no_context_takeover"...)
}

// appendOwn appends the application's headers to those of a 101. net/http
// writes them: a name that is not valid is left out, and no value has a line
// end.
func appendOwn(b []byte, h http.Header) []byte {
	if len(h) == 0 {
		return b
	}
	not := map[string]bool{}
	for name := range h {
		if Reserved(name) || ofContent(name) {
			not[name] = true
		}
	}
	out := bytes.NewBuffer(b)
	_ = h.WriteSubset(out, not) // a Buffer takes everything
	return out.Bytes()
}

// Reserved reports whether a header is the handshake's, or the connection's
// (RFC 9110, section 7.6.1): the application's would break the answer.
func Reserved(name string) bool {
	switch name = http.CanonicalHeaderKey(name); name {
	case "Connection", "Upgrade", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Content-Length":
		return true
	}
	return strings.HasPrefix(name, "Sec-Websocket-")
}

// ofContent reports whether a header describes content, which a 101 has not.
func ofContent(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Type", "Content-Encoding", "Content-Range":
		return true
	}
	return false
}
