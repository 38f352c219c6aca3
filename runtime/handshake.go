package ws

import (
	"context"
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
)

// refusedHandshake is a request that does not become a connection.
type refusedHandshake struct {
	status int
	header http.Header // of the answer, may be nil
	err    error
}

func refusal(status int, code Code, format string, args ...any) *refusedHandshake {
	return &refusedHandshake{status: status, err: NewError(code, fmt.Sprintf(format, args...))}
}

// arrival is what admission found out about a connection.
type arrival struct {
	from      visitor
	principal Principal
	kept      *http.Request // for Endpoint.guardConn, again; nil: it is not needed again
}

// admit decides about a request, in this order: is it a handshake (RFC 6455,
// section 4.2.1), from an allowed origin, with the guards' consent, in a
// protocol we speak.
func (e *Endpoint) admit(r *http.Request, a *arrival) *refusedHandshake {
	if bad := checkHandshake(r); bad != nil {
		return bad
	}
	if !e.opts.allowsOrigin(r) {
		return refuseOrigin(r)
	}
	principal, bad := e.guardConn(r.Context(), r, token(r))
	if bad != nil {
		return bad
	}
	a.principal = principal
	if !principal.Expires.IsZero() {
		a.kept = withoutCredential(r)
	}
	return checkProtocol(r)
}

func checkHandshake(r *http.Request) *refusedHandshake {
	bad := func(status int, text string, header ...string) *refusedHandshake {
		b := refusal(status, CodeBadFrame, "%s", text)
		b.header = http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			b.header.Set(header[i], header[i+1])
		}
		return b
	}
	switch {
	case !r.ProtoAtLeast(1, 1), r.ProtoMajor > 1: // in HTTP/2 there is no 426, and no Upgrade (RFC 9113, section 8.6)
		return bad(http.StatusHTTPVersionNotSupported, "a WebSocket handshake needs HTTP/1.1, and this request came over "+
			r.Proto+": have the client, or the proxy before this server, use HTTP/1.1")
	case r.Method != http.MethodGet:
		return bad(http.StatusMethodNotAllowed, "a WebSocket handshake is a GET", "Allow", "GET")
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return bad(http.StatusUpgradeRequired, "this is a WebSocket endpoint: connect with a WebSocket client",
			"Connection", "Upgrade", "Upgrade", "websocket")
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return bad(http.StatusUpgradeRequired, "the WebSocket version must be 13",
			"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0: // it would be read as frames
		return bad(http.StatusBadRequest, "a WebSocket handshake has no body", "Connection", "close") // and nobody waits for it
	}
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	if err != nil || len(key) != 16 || len(r.Header.Values("Sec-WebSocket-Key")) > 1 {
		return bad(http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
	}
	return nil
}

// acceptGUID is what the key of a handshake is answered with (RFC 6455, section
// 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// answer accepts a handshake (RFC 6455, section 4.2.2) that checkHandshake has
// let pass. Of extensions it names permessage-deflate at most, with a window
// only if the client asked for one (RFC 7692, section 7.1).
func (c *conn) answer(r *http.Request) error {
	b := make([]byte, 0, 256)
	accept := sha1.Sum(append(append(b, r.Header.Get("Sec-WebSocket-Key")...), acceptGUID...)) //nolint:gosec // see the import
	b = append(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	b = base64.StdEncoding.AppendEncode(b, accept[:])
	if c.deflate {
		b = append(b, "\r\nSec-WebSocket-Extensions: "+deflateExtension...)
		if _, window := acceptsDeflate(r.Header); window {
			b = append(b, "; "+serverWindow+"=15"...)
		}
		b = append(b, "; server_no_context_takeover; client_no_context_takeover"...)
	}
	b = append(b, "\r\n\r\n"...)
	if err := c.wire.Conn.SetWriteDeadline(deadline(c.endpoint.opts.HandshakeTimeout)); err != nil {
		return err
	}
	if _, err := c.wire.Conn.Write(b); err != nil {
		return err
	}
	return c.wire.Conn.SetWriteDeadline(time.Time{})
}

// checkProtocol refuses a request that offers subprotocols: there is none yet,
// and a browser whose offer gets no echo fails without a reason.
func checkProtocol(r *http.Request) *refusedHandshake {
	offered := strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ", ")
	if offered == "" {
		return nil
	}
	return refusal(http.StatusBadRequest, CodeBadFrame,
		"subprotocol %.100q is not spoken here; connect without one", offered)
}

// hasToken reports whether a comma-separated header holds a token, in any case.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// guardConn asks the connection guards, global ones first.
func (e *Endpoint) guardConn(ctx context.Context, r *http.Request, token string) (p Principal, bad *refusedHandshake) {
	if len(e.connGuards) == 0 {
		return Principal{}, nil
	}
	if d := e.opts.HandshakeTimeout; d != noLimit {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	u := &Upgrade{Request: r.WithContext(ctx), Token: token}
	for _, guard := range e.connGuards {
		err := ask(guard, u)
		if err == nil {
			continue
		}
		x := examine(err)
		if x.late && ctx.Err() != nil {
			late := Error{Code: CodeTimeout, Message: "deciding about the connection took too long", RetryAfter: time.Second, cause: err}
			return Principal{}, &refusedHandshake{status: http.StatusServiceUnavailable, err: &late}
		}
		if x.canceled && r.Context().Err() != nil { // nobody is left to be answered
			gone := NewError(CodeCanceled, "the client has gone").WithCause(err)
			return Principal{}, &refusedHandshake{status: http.StatusServiceUnavailable, err: gone}
		}
		return Principal{}, &refusedHandshake{status: x.status(), err: err}
	}
	if expires := u.Principal.Expires; !expires.IsZero() && !time.Now().Before(expires) {
		return Principal{}, refusal(http.StatusUnauthorized, CodeUnauthenticated, "the credential has expired")
	}
	return u.Principal, nil
}

// token returns what Upgrade.Token documents.
func token(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(value)
	}
	return r.URL.Query().Get(tokenParameter)
}

const tokenParameter = "access_token"

// status is the HTTP status of a guard's refusal; ConnGuard documents it.
func (x *examined) status() int {
	if x.known == nil {
		return http.StatusInternalServerError
	}
	switch x.known.Code {
	case CodeBadFrame, CodeInvalidPayload, CodeValidationFailed:
		return http.StatusBadRequest
	case CodeUnauthenticated:
		return http.StatusUnauthorized
	case CodeNotFound:
		return http.StatusNotFound
	case CodeConflict:
		return http.StatusConflict
	case CodeRateLimited:
		return http.StatusTooManyRequests
	case CodeTooLarge: // a handshake has nothing else that could be
		return http.StatusRequestHeaderFieldsTooLarge
	case CodeInternal:
		return http.StatusInternalServerError
	case CodeTimeout, CodeUnavailable, CodeCanceled:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}

// answer writes a refusal as HTTP: the body is what an error frame's data is.
func (b *refusedHandshake) answer(w http.ResponseWriter, e *Error) {
	h := w.Header()
	maps.Copy(h, b.header)
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(e.RetryAfter)/float64(time.Second)))))
	}
	if b.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(b.status)
	_ = json.NewEncoder(w).Encode(e.body(""))
}
