package ws

import (
	"errors"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Code says what kind of refusal an [Error] is. The constants are the codes
// that wsgen itself uses; an application adds its own.
type Code string

// The codes of the wire protocol (docs/reference/protocol.md, "Errors").
const (
	CodeBadFrame         Code = "bad_frame"         // not a frame; the only code without an event
	CodeUnknownEvent     Code = "unknown_event"     // no handler
	CodeInvalidPayload   Code = "invalid_payload"   // data does not decode
	CodeValidationFailed Code = "validation_failed" // data decodes and is refused
	CodeUnauthenticated  Code = "unauthenticated"   // 401, 4401
	CodeForbidden        Code = "forbidden"         // 403, 4403
	CodeNotFound         Code = "not_found"
	CodeConflict         Code = "conflict"
	CodeRateLimited      Code = "rate_limited" // 429, 4429
	CodeTimeout          Code = "timeout"
	CodeCanceled         Code = "canceled"
	CodeTooLarge         Code = "too_large"
	CodeUnavailable      Code = "unavailable"
	CodeInternal         Code = "internal" // everything that is not an *Error
)

// ErrClosed is returned for a connection that is closing or gone.
var ErrClosed = errors.New("ws: connection closed")

// ErrFull is returned by a push to one connection (Client.Emit, Server.Emit,
// Sender.Send, a Target or Push of one id) when its outbox has no room, also
// after trying to write: the frame is shed, nothing of it is sent.
var ErrFull = errors.New("ws: outbox full, frame shed")

// ErrRoomName is the cause of an *Error of code too_large: the name of a room
// is longer than Options.MaxRoomBytes.
var ErrRoomName = errors.New("ws: name of a room too long")

// ErrTooManyRooms is the cause of an *Error of code conflict: a connection is
// in Options.MaxRooms rooms already.
var ErrTooManyRooms = errors.New("ws: too many rooms")

// Error is a refusal that the client may see. Of an Error that a handler,
// hook or guard returns, wrapped or not, the code, message and details are
// sent. Any other error is logged, up to 2 KiB of it, and travels as
// CodeInternal with a reference.
//
// A handler's result type is error, not *Error: a nil *Error in an error is
// not nil, and travels as CodeInternal.
type Error struct {
	Code    Code
	Message string
	Details []Detail
	// RetryAfter, if positive, tells the client when to try again; it is sent
	// as "retryAfterMs", in whole milliseconds, rounded up.
	RetryAfter time.Duration

	cause error
}

// Detail is one fault in a payload.
type Detail struct {
	Path    string `json:"path"`              // JSON pointer (RFC 6901); "" is the whole of data
	Rule    string `json:"rule,omitempty"`    // what was broken: "required", "min"
	Param   string `json:"param,omitempty"`   // the rule's parameter: "1"
	Message string `json:"message,omitempty"` // for people
}

// NewError returns a refusal with a code and a message for the client.
func NewError(code Code, message string) *Error {
	return &Error{Code: code, Message: message}
}

// Error returns the code, the message and the cause's text. Of a nil *Error it
// says that it is one.
func (e *Error) Error() string {
	switch {
	case e == nil:
		return "a nil *ws.Error in an error, which is not nil"
	case e.cause != nil:
		return string(e.Code) + ": " + e.Message + ": " + steady.Text(e.cause)
	}
	return string(e.Code) + ": " + e.Message
}

// Unwrap returns the cause; nil of a nil *Error.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// WithCause returns a copy of e with a cause, which is logged and never sent.
func (e *Error) WithCause(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// WithDetails returns a copy of e with more details.
func (e *Error) WithDetails(d ...Detail) *Error {
	c := *e
	c.Details = append(append([]Detail(nil), e.Details...), d...)
	return &c
}
