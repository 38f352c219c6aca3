package ws

import (
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file is the events protocol: a message is an object with an event, and
// may have an id, data and meta. Package envelope reads and writes that text.

// The events that belong to the protocol, and to no gateway.
const (
	errorEvent   = "error"    // of an error frame
	cancelEvent  = "$cancel"  // cancels a call
	creditEvent  = "$credit"  // allows a stream more values (credit.go)
	refreshEvent = "$refresh" // renews the principal of a connection (refresh.go)
	resumeEvent  = "$resume"  // says what a client has had of histories (claims.go)
	joinedEvent  = "$joined"  // says where a client follows a history from (history.go)
	lostEvent    = "$lost"    // says that messages of a history are missing (history.go)
)

// The events of sessions (protocol_v1.go).
const (
	connectEvent   = "$connect"
	connectedEvent = "$connected"
	pingEvent      = "$ping"
	pongEvent      = "$pong"
	goawayEvent    = "$goaway"
	shedEvent      = "$shed"
)

// The faults of a frame whose syntax is right.
const (
	errCancelID envelope.Fault = `"$cancel" needs the id of a call`
	errIDInUse  envelope.Fault = `the id is that of a call that has no answer yet`
	errStreamID envelope.Fault = `a stream needs an id`
)

// ownEvent reports whether a program must not push an event of this name: it
// is the protocol's, or empty.
func ownEvent(event string) bool {
	return event == "" || event == errorEvent || strings.HasPrefix(event, "$")
}

// errorBody is the data of an error frame, in the order of its members
// (docs/reference/protocol.md, "Errors").
type errorBody struct {
	Code         Code     `json:"code"`
	Message      string   `json:"message"`
	Event        string   `json:"event,omitempty"`
	Details      []Detail `json:"details,omitempty"`
	RetryAfterMs int64    `json:"retryAfterMs,omitempty"`
	Ref          string   `json:"ref,omitempty"`
}

// encodeCancel returns the frame that takes a question back.
func (p protocol) encodeCancel(id string) []byte {
	frame, _ := p.encode(cancelEvent, quoted(id), nil) // null encodes
	return frame
}

// quoted returns an id of the server's as it is written. It needs no escapes.
func quoted(id string) []byte { return []byte(`"` + id + `"`) }

// body returns the data of the error frame that answers a message of this
// event with e.
func (e *Error) body(event string) errorBody {
	if e.Code == CodeBadFrame {
		event = "" // a bad frame has no event
	}
	b := errorBody{Code: e.Code, Message: e.Message, Event: event, Details: e.Details, RetryAfterMs: wholeMs(e.RetryAfter)}
	if ref, ok := steady.As[*reference](e.cause); ok {
		b.Ref = ref.ref
	}
	return b
}

// wholeMs returns d in milliseconds, rounded up: a client that comes back too
// early is refused again.
func wholeMs(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d > time.Duration(ms)*time.Millisecond {
		ms++
	}
	return max(ms, 0)
}
