package ws

import (
	"net/http"
	"time"
)

// ConnGuard decides about a connection before the upgrade; about one that speaks
// wsgen.v1.json behind it, with the token of $connect. An *Error refuses
// with the HTTP status of its code:
//
//	unauthenticated                                   401
//	not_found                                         404
//	conflict                                          409
//	rate_limited                                      429
//	unavailable, timeout, canceled                    503
//	bad_frame, invalid_payload, validation_failed     400
//	too_large                                         431
//	internal                                          500
//	forbidden, and any other                          403
//
// Another error is answered 500, and logged; the error of the request's context
// is 503. With Options.AcceptThenClose, and with wsgen.v1.json, the answer is a
// Close instead. A guard may
// set the connection's Principal. It is called concurrently.
type ConnGuard interface {
	GuardConn(u *Upgrade) error
}

// Upgrade is a request to connect, as a ConnGuard sees it.
type Upgrade struct {
	// Request is the HTTP request. It must not be kept.
	Request *http.Request
	// Token is the bearer token. It is that of $connect, if there is one, and
	// else it is in the Authorization header (RFC 6750,
	// section 2.1), or, since browsers cannot set one, in the subprotocols, or
	// in the query parameter access_token (section 2.3). The first of these
	// counts, and "" is none. In the subprotocols it is the entry after one
	// that is "bearer" or "access_token". The answer names that one as the
	// subprotocol agreed on:
	//
	//	new WebSocket(url, ["bearer", token])
	//
	// A subprotocol is a token in the sense of HTTP: a JWT is one, base64 with
	// padding is not.
	Token string
	// Header is the header of the answer, a 101 or a refusal. It begins
	// with what middleware has put into the ResponseWriter's; a guard may
	// add to it, a cookie for one:
	//
	//	u.Header.Add("Set-Cookie", cookie.String())
	//
	// Fields of the handshake, of the connection (RFC 9110, section
	// 7.6.1) or, in a 101, of content are left out, and so are names that
	// are not valid. Line ends in a value become spaces. At a $refresh,
	// and behind $connect, there is no answer with a header: the header is
	// lost.
	Header http.Header
	// Principal says who connects. It starts out zero, and a guard sets
	// it; the connection keeps the value that the last guard left.
	Principal Principal
}

// Principal says who is behind a connection. The zero Principal is nobody
// known.
type Principal struct {
	ID      string    // addressed by Server.Users
	Scopes  []string  // what the principal may do
	Expires time.Time // zero: never
	Value   any       // the application's own
}
