package ws

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refusedHandshake is a request that does not become a connection.
type refusedHandshake struct {
	status  int
	header  http.Header // of the answer, may be nil
	err     error
	byClose bool // it is answered by the upgrade and a Close, not by HTTP
}

func refusal(status int, code Code, format string, args ...any) *refusedHandshake {
	return &refusedHandshake{status: status, err: NewError(code, fmt.Sprintf(format, args...))}
}

// arrival is what admission found out about a connection.
type arrival struct {
	from      visitor
	principal Principal
	kept      *http.Request // for Endpoint.guardConn, again; nil: it is not needed again
	protocol  string        // what the answer names as the subprotocol; "" is none
	header    http.Header   // of the answer: the application's part
}

// admit decides about a request, in this order: is it a handshake (RFC 6455,
// section 4.2.1), from an allowed origin, with the guards' consent, in a
// protocol we speak. What the guards refuse may be answered by the upgrade
// (Options.AcceptThenClose), and so only if everything else is right; the
// origin's refusal never is: another site's page gets nothing to talk to.
func (e *Endpoint) admit(r *http.Request, a *arrival) *refusedHandshake {
	if bad := checkHandshake(r); bad != nil {
		return bad
	}
	if !e.opts.allowsOrigin(r) {
		return refuseOrigin(r)
	}
	offer, unspoken := negotiate(r)
	a.protocol = offer.scheme
	principal, bad := e.guardConn(r.Context(), r, token(r, &offer), a.header)
	if bad != nil {
		bad.byClose = e.opts.AcceptThenClose && unspoken == nil
		return bad
	}
	a.principal = principal
	if !principal.Expires.IsZero() {
		a.kept = withoutCredential(r)
	}
	return unspoken
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
	if extendedConnect(r) {
		return checkConnect(r)
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

// guardConn asks the connection guards, global ones first. header is what they
// may put into the answer.
func (e *Endpoint) guardConn(ctx context.Context, r *http.Request, token string, header http.Header) (p Principal, bad *refusedHandshake) {
	if len(e.connGuards) == 0 {
		return Principal{}, nil
	}
	if d := e.opts.HandshakeTimeout; d != noLimit {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	u := &Upgrade{Request: r.WithContext(ctx), Token: token, Header: header}
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
