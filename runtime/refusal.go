package ws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// errorEvent is the event of an error frame; it belongs to the protocol.
const errorEvent = "error"

var panicCause = Closed{Code: CloseInternal, Reason: "internal: internal error"}

// panicError is a panic of user code.
type panicError struct {
	where string
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic in %s: %v", p.where, p.value) }

func newPanic(where string, value any) *panicError {
	return &panicError{where: where, value: value, stack: debug.Stack()}
}

// recovered is deferred around user code. A panic is logged with its stack, by
// refuse or here, and given to then; nil then logs it.
func (c *conn) recovered(where string, then func(error)) {
	p := recover()
	if p == nil {
		return
	}
	err := newPanic(where, p)
	if then != nil {
		then(err)
		return
	}
	c.server.log.Error("ws: "+err.Error(), "gateway", c.endpoint.spec.Gateway, "conn", c.id, "stack", string(err.stack))
}

// errorBody is the data of an error frame, in the order of its members
// (protocol.md, "events").
type errorBody struct {
	Code         Code     `json:"code"`
	Message      string   `json:"message"`
	Event        string   `json:"event,omitempty"`
	Details      []Detail `json:"details,omitempty"`
	RetryAfterMs int64    `json:"retryAfterMs,omitempty"`
	Ref          string   `json:"ref,omitempty"`
}

func (e *Error) body(event string) errorBody {
	if e.Code == CodeBadFrame {
		event = "" // what is not a frame has no event
	}
	b := errorBody{Code: e.Code, Message: e.Message, Event: event, Details: e.Details, RetryAfterMs: wholeMs(e.RetryAfter)}
	if ref := (*reference)(nil); errors.As(e.cause, &ref) {
		b.Ref = ref.ref
	}
	return b
}

// wholeMs rounds up: a client that comes back too early is refused again.
func wholeMs(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d > time.Duration(ms)*time.Millisecond {
		ms++
	}
	return max(ms, 0)
}

// reference is the cause of an opaque error: what the client is told, so that
// someone with the log finds the line.
type reference struct {
	ref string
	err error
}

func (r *reference) Error() string { return textOf(r.err) }
func (r *reference) Unwrap() error { return r.err }

// refuse makes err presentable: an *Error as it is, anything else opaque, and
// shows it in the log and to the Observer. status is the HTTP status of a
// refused handshake, and c nil there.
func (e *Endpoint) refuse(c *conn, event string, status int, err error) *Error {
	s := e.server
	s.stats.refused.Add(1)
	refusal, level := presentable(c, err), slog.LevelWarn
	attrs := []any{"gateway", e.spec.Gateway, "code", string(refusal.Code)}
	r := Refusal{Gateway: e.spec.Gateway, Event: event, Status: status, Err: refusal}
	if c != nil {
		r.Client = c.asClient()
		attrs = append(attrs, "conn", c.id)
	}
	if event != "" {
		attrs = append(attrs, "event", event)
	}
	if refusal.Code == CodeCanceled {
		level = slog.LevelDebug // it is what the client wanted
	}
	if ref := (*reference)(nil); errors.As(refusal, &ref) {
		level = slog.LevelError
		attrs = append(attrs, "ref", ref.ref)
	}
	if p := (*panicError)(nil); errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.stack))
	}
	s.log.Log(context.Background(), level, "ws: refused", append(attrs, "error", textOf(err))...)
	if f := s.opts.Observer.Refused; f != nil {
		f(r)
	}
	return refusal
}

// presentable returns what of err a client may see.
func presentable(c *conn, err error) *Error {
	var known *Error
	switch {
	case errors.As(err, &known) && known != nil:
		return known
	case errors.Is(err, context.Canceled) && c != nil && c.closing.Load():
		return NewError(CodeCanceled, "canceled").WithCause(err)
	}
	return NewError(CodeInternal, "internal error").WithCause(&reference{rand.Text()[:12], err})
}

// answerError answers a message with an error frame.
func (c *conn) answerError(frame *envelope.Frame, refusal *Error, inline bool) {
	text, err := encodeFrame(errorEvent, frame.ID, refusal.body(string(frame.Event)))
	if err == nil { // strings and numbers always encode
		c.reply(text, inline)
	}
}

// refuseFrame reports a frame that ends the connection.
func (c *conn) refuseFrame(bad *frameError) {
	_ = c.endpoint.refuse(c, "", 0, NewError(CodeBadFrame, bad.text))
}
