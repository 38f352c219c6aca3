package wsclient

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// The codes that a client gives itself, beside those of package ws.
const (
	// CodeClosed is that of a call on a client that is closed for good. Its cause is
	// what Client.Err returns.
	CodeClosed ws.Code = "closed"
	// CodeDisconnected is that of a call which was sent, and whose session was lost:
	// nobody knows whether it was handled.
	CodeDisconnected ws.Code = "disconnected"
	// CodeOverflow is that of a call which finds Options.Queue full, and of a stream
	// whose server sends more than it may.
	CodeOverflow ws.Code = "overflow"
)

// ErrClosed is why a client is closed whose Close was called.
var ErrClosed = errors.New("wsclient: closed")

// Why a client gives a connection up.
var (
	errNoProtocol  = errors.New("wsclient: the server does not speak " + protocol + ": is it one of wsgen, and is this the path of a gateway?")
	errNoConnected = errors.New("wsclient: no $connected came in time")
	errNotInTime   = errors.New("wsclient: no connection was made in time")
	errSilent      = errors.New("wsclient: the server is silent")
)

// CloseError is a Close frame of the server's. After the one that Client.Err returns
// the client does not come back: it would be refused again (docs/reference/protocol.md,
// "Closing").
type CloseError struct {
	Code   ws.CloseCode // 4403
	Reason string       // the server's own begin with a word and a colon
}

// Error returns the code and the reason.
func (e *CloseError) Error() string {
	return "wsclient: the server has closed with " + strconv.Itoa(int(e.Code)) + " " + e.Reason
}

// HandshakeError is a handshake that the server, or what stands in front of it, has
// refused by HTTP. 401 and 403 end the client. Any other Status of 400 to 499, but for
// 408 and 429, ends one that was never open: there is no such gateway, or the client is
// wrong. One that was open before tries again, since a proxy may answer so while what
// is behind it restarts.
type HandshakeError struct {
	Status  int       // of the answer: 401
	Refusal *ws.Error // what the gateway says; nil if somebody else has answered
	// RetryAfter is the least time to wait, of at most a day: the Refusal's, or else that
	// of the header Retry-After (RFC 9110, section 10.2.3). 0: neither says.
	RetryAfter time.Duration
}

// Error returns the status and the refusal.
func (e *HandshakeError) Error() string {
	text := "wsclient: the handshake was refused with " + strconv.Itoa(e.Status)
	if e.Refusal != nil {
		text += ": " + string(e.Refusal.Code) + ": " + e.Refusal.Message
	}
	return text
}

// Unwrap returns the refusal, if there is one.
func (e *HandshakeError) Unwrap() error {
	if e.Refusal == nil {
		return nil
	}
	return e.Refusal
}

// final reports whether the same handshake would be refused the next time. before says
// that the client was open before.
func (e *HandshakeError) final(before bool) bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return true
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return e.Status >= 400 && e.Status < 500 && !before
}

// final reports whether a client must not come back after this Close
// (docs/reference/protocol.md, "Closing").
func (e *CloseError) final() bool {
	const noExtension, noProtocol = 1010, 4406
	switch e.Code {
	case ws.CloseNormal, ws.CloseProtocol, ws.CloseUnsupported, ws.CloseInvalid, noExtension,
		ws.CloseBadConnect, ws.CloseForbidden, noProtocol, ws.CloseTaken:
		return true
	case ws.ClosePolicy: // who read too slowly is let in again
		return !strings.HasPrefix(e.Reason, "slow_consumer")
	}
	return false
}

// refusal is the data of an error frame, and the body of a refused handshake
// (docs/reference/protocol.md, "Errors").
type refusal struct {
	Code         ws.Code     `json:"code"`
	Message      string      `json:"message"`
	Details      []ws.Detail `json:"details"`
	RetryAfterMs int64       `json:"retryAfterMs"`
	Ref          string      `json:"ref"`
}

// asError returns what it says. A reference to the server's log stands behind the
// message.
func (r *refusal) asError() *ws.Error {
	if r.Ref != "" {
		r.Message += " (" + r.Ref + ")"
	}
	e := ws.NewError(r.Code, r.Message)
	e.Details, e.RetryAfter = r.Details, milliseconds(r.RetryAfterMs)
	return e
}

// readRefusal returns the *ws.Error that the data of an error frame says.
func readRefusal(data []byte) *ws.Error {
	var r refusal
	if json.Unmarshal(data, &r) != nil || r.Code == "" {
		return ws.NewError(ws.CodeInternal, "the server's refusal does not decode")
	}
	return r.asError()
}

// maxWait bounds what a server may have a client wait.
const maxWait = 24 * time.Hour

// milliseconds returns a time that a server says, between 0 and maxWait.
func milliseconds(n int64) time.Duration {
	return time.Duration(min(max(n, 0), maxWait.Milliseconds())) * time.Millisecond
}

// lastAttempt is why Dial has failed: its context has ended, and the attempts before
// that have failed, too.
type lastAttempt struct{ err, last error }

// Error returns both texts.
func (e *lastAttempt) Error() string {
	return "wsclient: " + steady.Text(e.err) + "; the last attempt: " + steady.Text(e.last)
}

// Unwrap returns both errors.
func (e *lastAttempt) Unwrap() []error { return []error{e.err, e.last} }
