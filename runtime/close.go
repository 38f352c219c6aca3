package ws

import (
	"errors"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// CloseCode is a WebSocket close code (RFC 6455, section 7.4).
type CloseCode uint16

// The codes that wsgen closes with (docs/reference/protocol.md, "Closing"), and
// the two that only describe how a connection ended.
const (
	CloseNormal          CloseCode = 1000
	CloseAway            CloseCode = 1001 // shutdown or lifetime: reconnect
	CloseProtocol        CloseCode = 1002
	CloseUnsupported     CloseCode = 1003
	CloseNoStatus        CloseCode = 1005 // never sent: the peer's Close had no code
	CloseAbnormal        CloseCode = 1006 // never sent: no Close was received
	CloseInvalid         CloseCode = 1007 // text that is not UTF-8
	ClosePolicy          CloseCode = 1008 // slow consumer, or a refusal
	CloseTooLarge        CloseCode = 1009
	CloseInternal        CloseCode = 1011 // panic, or an error that is not an *Error
	CloseRestart         CloseCode = 1012
	CloseOverloaded      CloseCode = 1013 // a refusal that is worth another try, later
	CloseReturning       CloseCode = 4000 // a client's: it will be back
	CloseBadConnect      CloseCode = 4400 // $connect was wrong, or something else in its place
	CloseUnauthenticated CloseCode = 4401
	CloseForbidden       CloseCode = 4403
	CloseNoConnect       CloseCode = 4408 // $connect did not come in time
	CloseTaken           CloseCode = 4409 // another socket has the session now
	CloseRateLimited     CloseCode = 4429
)

// Closed says how a connection ended; it is what the disconnect hook gets.
type Closed struct {
	Code   CloseCode
	Reason string // at most 123 bytes; the server's own begin with a word and a colon
	// Remote is true if the peer closed, or vanished.
	Remote bool
	// Err is what broke the connection; nil after a Close frame of either side.
	Err error
}

// The causes for which this package closes connections. Package socket has
// its own.
var (
	shutdownCause = Closed{Code: CloseAway, Reason: "shutdown: the server is going away"}
	abuseCause    = Closed{Code: CloseRateLimited, Reason: "rate_limited: too many messages, again and again"}
	slowCause     = Closed{Code: ClosePolicy, Reason: socket.SlowConsumer}
	expiredCause  = Closed{Code: CloseUnauthenticated, Reason: "expired: the credential has expired, connect with a new one"}
	lifetimeCause = Closed{Code: CloseAway, Reason: "lifetime: connection lifetime reached, connect again"}
	panicCause    = Closed{Code: CloseInternal, Reason: "internal: internal error"}
)

// socket returns c as package socket's type.
func (c Closed) socket() socket.Cause {
	return socket.Cause{Code: frame.CloseCode(c.Code), Reason: c.Reason, Remote: c.Remote, Err: c.Err}
}

// attrs returns the attributes that the log has of c.
func (c Closed) attrs() []any {
	attrs := []any{"code", uint16(c.Code), "remote", c.Remote}
	if c.Reason != "" {
		attrs = append(attrs, "reason", c.Reason)
	}
	if c.Err != nil {
		attrs = append(attrs, "error", c.Err)
	}
	return attrs
}

// closedBy returns a cause of package socket's as a Closed.
func closedBy(k *socket.Cause) Closed {
	return Closed{Code: CloseCode(k.Code), Reason: k.Reason, Remote: k.Remote, Err: k.Err}
}

var errCloseCode = errors.New("ws: a close code that may be sent is 1000 to 1003, 1007 to 1014, or 3000 to 4999")

// closeFor returns how a connection is closed that a guard or the connect
// hook refused (docs/guide/addressing.md, "Who may connect, and for how
// long").
func closeFor(e *Error) Closed {
	code := ClosePolicy
	switch e.Code {
	case CodeUnauthenticated:
		code = CloseUnauthenticated
	case CodeForbidden:
		code = CloseForbidden
	case CodeRateLimited:
		code = CloseRateLimited
	case CodeUnavailable, CodeTimeout:
		code = CloseOverloaded
	case CodeInternal:
		code = CloseInternal
	}
	return Closed{Code: code, Reason: string(e.Code) + ": " + e.Message}
}
