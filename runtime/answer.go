package ws

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it, and it keeps no secret
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// acceptGUID is what the key of a handshake is answered with (RFC 6455, section
// 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// answer accepts a handshake (RFC 6455, section 4.2.2) that checkHandshake has
// let pass.
func (c *conn) answer(r *http.Request, a *arrival) error {
	if t := c.tunnel(); t != nil {
		return c.accept(t, r, a)
	}
	b := make([]byte, 0, 256)
	accept := sha1.Sum(append(append(b, r.Header.Get("Sec-WebSocket-Key")...), acceptGUID...)) //nolint:gosec // see the import
	b = append(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	b = base64.StdEncoding.AppendEncode(b, accept[:])
	if a.protocol != "" {
		b = append(append(b, "\r\nSec-WebSocket-Protocol: "...), a.protocol...)
	}
	if c.deflate {
		b = appendExtensions(append(b, "\r\nSec-WebSocket-Extensions: "...), r)
	}
	b = append(appendOwn(append(b, "\r\n"...), a.header), "\r\n"...)
	if err := c.wire.Conn.SetWriteDeadline(deadline(c.endpoint.opts.HandshakeTimeout)); err != nil {
		return err
	}
	if _, err := c.wire.Conn.Write(b); err != nil {
		return err
	}
	return c.wire.Conn.SetWriteDeadline(time.Time{})
}

// appendExtensions appends what is agreed on: permessage-deflate, with a window
// only if the client asked for one (RFC 7692, section 7.1).
func appendExtensions(b []byte, r *http.Request) []byte {
	b = append(b, deflateExtension...)
	if _, window := acceptsDeflate(r.Header); window {
		b = append(b, "; "+serverWindow+"=15"...)
	}
	return append(b, "; server_no_context_takeover; client_no_context_takeover"...)
}

// appendOwn appends the application's headers to those of a 101. net/http
// writes them: a name that is none is left out, and no value has a line end.
func appendOwn(b []byte, h http.Header) []byte {
	if len(h) == 0 {
		return b
	}
	not := map[string]bool{}
	for name := range h {
		if reserved(name) || ofContent(name) {
			not[name] = true
		}
	}
	out := bytes.NewBuffer(b)
	_ = h.WriteSubset(out, not) // a Buffer takes everything
	return out.Bytes()
}

// reserved reports whether a header is the handshake's, or the connection's
// (RFC 9110, section 7.6.1): the application's would break the answer.
func reserved(name string) bool {
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

// answer writes a refusal as HTTP: the body is what an error frame's data is.
// What the application has put into the header goes with it.
func (b *refusedHandshake) answer(w http.ResponseWriter, e *Error) {
	h := w.Header()
	closes := hasToken(h, "Connection", "close")
	maps.DeleteFunc(h, func(name string, _ []string) bool { return reserved(name) })
	if closes {
		h.Set("Connection", "close")
	}
	maps.Copy(h, b.header)
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(e.RetryAfter)/float64(time.Second)))))
	}
	if b.status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(b.status)
	_ = json.NewEncoder(w).Encode(e.body(""))
}

// unhijackable is the refusal of a request whose socket a ResponseWriter does
// not give away.
func unhijackable(w http.ResponseWriter, err error) *refusedHandshake {
	w, hijacks := steady.Innermost(w)
	text := fmt.Sprintf("the ResponseWriter %T has neither Hijack nor Unwrap, so the connection cannot be taken over: "+
		"give it a method Unwrap() http.ResponseWriter, or serve the gateway outside of the middleware that makes it", w)
	if hijacks {
		text = fmt.Sprintf("the ResponseWriter %T does not give the connection away: see to its method Hijack", w)
	}
	return &refusedHandshake{
		status: http.StatusInternalServerError,
		err:    NewError(CodeInternal, text).WithCause(newReference(err)),
	}
}
