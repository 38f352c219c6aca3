package ws

import (
	"context"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/pointer"
)

// This file describes gateways for generated code; nobody else needs it. A
// file that wsgen generates names the version of what it calls, so whatever
// adds a name that generated code calls adds a version as well. Older
// versions stay, with all that files of their time call: generated_v1.go and
// generated_v2.go have the names that only those do.

// GeneratedV3 is named by every file that wsgen generates now, so that a file
// and a runtime that do not fit together fail to compile at a line that says so.
// Since this version generated code asks clients, and says which codes handlers
// declare and what clients were generated of.
const GeneratedV3 = true

// Spec is a gateway as generated code describes it.
type Spec struct {
	Gateway  string // package and type, for logs: "chat.ChatGateway"
	Path     string // ServeMux pattern without method or host
	Protocol string // what messages mean; "" is events, and there is no other
	// Contract is the digest of what generated clients rely on. A client that was
	// generated of another contract is told so by $connected. "" is none: nobody
	// is told anything.
	Contract string

	Handlers []Handler
	// Lookup returns the index of an event's handler, -1 if there is none.
	Lookup func(event []byte) int
	// Call decodes, calls handler i, and replies.
	Call func(i int, c *Call) error

	// Connect and Disconnect are the hooks of the gateway; nil: it has none.
	Connect    func(ctx context.Context, c *Client, r *http.Request) (state any, err error)
	Disconnect func(ctx context.Context, c *Client, state any, cause Closed)

	ConnGuards []ConnGuard
	Guards     []MessageGuard // of all handlers

	// Configure changes a copy of the Server's options for this gateway; it is
	// called once, by NewEndpoint. Nil: the Server's options as they are.
	Configure func(*Options)
}

// Handler describes a handler to the runtime.
type Handler struct {
	Event  string
	Params []string // names, if data is an object by parameter name
	NoData bool     // data is not decoded
	Mode   Mode
	Guards []MessageGuard // of this handler

	// Stream says that the results are a stream, sent with Stream, Stream2 or
	// StreamChan. A message without an id is refused then.
	Stream bool
	// Timeout is how long guards, handler and stream may take together,
	// from when it is the message's turn. Then the message is answered
	// with CodeTimeout, and the result of the handler is dropped. Default
	// 0: for ever. It does not hold for Inline handlers, which must not
	// wait for anything.
	Timeout time.Duration
	// Max is how many calls of a Parallel handler one connection may have
	// at a time. The next one waits, and so do the messages behind it.
	// Default 8; Unlimited lifts it.
	Max int
	// Errors are the codes that handler, guards and interceptors may refuse
	// with, besides those that every call may be refused with
	// (docs/reference/protocol.md, "Errors"). An *Error with another code
	// travels as CodeInternal with a reference, and is logged. Nil: with any;
	// an empty list that is not nil: with no other.
	Errors []Code
}

// defaultParallel is Handler.Max where it is zero.
const defaultParallel = 8

// Mode says where a handler runs.
type Mode uint8

// The modes. The messages of Inline and Serial handlers of one connection are
// handled in the order they came, each when the handler of the one before has
// returned. A stream may go on after that. A message of a Parallel handler is
// taken in its turn, and then its goroutine begins when the scheduler has it.
// So two that came one after the other may begin, and end, the other way
// round, and a later message of another handler may be first.
const (
	// Inline handlers run on the read loop: they must not block.
	Inline Mode = iota
	// Serial handlers run beside it, so that pings, Close and cancellation
	// are seen while they wait.
	Serial
	// Parallel handlers run beside it and beside each other, up to Handler.Max.
	// They may overlap with anything of their connection but its disconnect
	// hook, so its state needs a lock if they use it.
	Parallel
)

// Resultless returns t for a push method without results. The loss of a push
// to one connection is then logged with the cure, since its caller is not
// told.
func Resultless(t Target) Target {
	t.resultless = true
	return t
}

// Missing returns the refusal of a payload without a required parameter.
func Missing(name string) error {
	return NewError(CodeInvalidPayload, "missing "+name).
		WithDetails(Detail{Path: pointer.Of(name), Rule: "required"})
}
