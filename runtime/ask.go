package ws

import (
	"context"

	"github.com/wsgen/wsgen/runtime/internal/stdjson"
)

// Ask asks single connections: E is an interface of yours marked //ws:ask, whose
// implementation wsgen generates. A method that chooses a connection returns an
// E, and each call of its methods sends a question there and waits for the
// answer. An Ask is a value; all methods are safe for concurrent use.
//
//	ok, err := ask.Client(c).Confirm(ctx, Question{Text: "Delete it?"})
//
// A question fails with ErrClosed if there is no such connection, or none any
// more; with ErrFull if its outbox has no room; and with an *Error of code
//
//   - unavailable if its client does not speak the protocol of answers, or it is
//     on another node,
//   - rate_limited if it has Options.MaxAsks questions to answer already,
//   - timeout if ctx's deadline, or without one Options.AskTimeout, comes first,
//   - invalid_payload if what is answered does not decode,
//   - any other: that is the client's refusal; unknown_event if nobody answers
//     such questions there.
//
// If ctx is cancelled that is ctx's error. An answer is a client's word, and so is
// the text of a refusal: believe them as little as data. The answer is read beside
// the handlers, so a handler may ask its own client, but not one that runs on the
// read loop (Inline), and not a connect hook, before whose end nothing is read.
type Ask[E any] struct {
	server *Server
	bind   func(Asked) E
}

// NewAsk returns an Ask of a Server's connections. Generated code calls it; a test
// may, with a nil Server and a fake E.
func NewAsk[E any](s *Server, bind func(Asked) E) Ask[E] { return Ask[E]{s, bind} }

// Client asks a connection.
func (a Ask[E]) Client(c *Client) E { return a.Conn(c.ID()) }

// Sender asks the connection of a Sender.
func (a Ask[E]) Sender(s Sender) E { return a.Conn(s.ID()) }

// Conn asks the connection with this id.
func (a Ask[E]) Conn(id ConnID) E { return a.bind(Asked{a.server, id}) }

// Asked is the connection that a question goes to.
type Asked struct {
	server *Server
	id     ConnID
}

// ID returns the connection's id, for a fake that wants to know who is asked.
func (a Asked) ID() ConnID { return a.id }

// AskOne asks a connection and returns its answer, for generated code. It fails as
// Ask says.
func AskOne[R any](ctx context.Context, to Asked, event string, data any) (R, error) {
	raw, err := to.ask(ctx, event, data)
	if err != nil {
		var none R
		return none, err
	}
	return answerStd[R](raw)
}

// answerStd decodes the data of an answer with encoding/json.
func answerStd[R any](raw []byte) (R, error) {
	var answer, none R
	if err := decodeAnswer(raw, &answer); err != nil {
		return none, err
	}
	return answer, nil
}

// AskAck asks a connection for a bare answer, for generated code: any data of it
// are left alone. It fails as Ask says.
func AskAck(ctx context.Context, to Asked, event string, data any) error {
	_, err := to.ask(ctx, event, data)
	return err
}

// ask sends a question and returns the data of its answer, nil if there are none.
func (a Asked) ask(ctx context.Context, event string, data any) ([]byte, error) {
	if err := checkEvent(event); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, unanswered(err)
	}
	if !a.server.made() {
		return nil, ErrClosed
	}
	if m := a.server.hub.Get(uint64(a.id)); m != nil {
		return ownerOf(m).ask(ctx, event, data)
	}
	if a.server.cluster != nil && a.id != 0 && a.id.node() != a.server.ids.first() {
		return nil, NewError(CodeUnavailable, "the connection is not on this node, and only its own node can ask it")
	}
	return nil, ErrClosed
}

// unanswered returns what a question fails with whose context has ended.
func unanswered(err error) error {
	if err == context.DeadlineExceeded { //nolint:errorlint // a context's own
		return NewError(CodeTimeout, "the client has not answered in time").WithCause(err)
	}
	return err
}

// decodeAnswer decodes the data of an answer into v, which is zero. null, and no
// data, are an answer where they are the zero value's JSON.
func decodeAnswer(raw []byte, v any) error {
	if raw != nil && string(raw) != "null" {
		return decode(raw, v)
	}
	e := stdjson.NewEncoder()
	defer e.Release()
	if zero, err := e.Encode(e.AvailableBuffer(), v, ""); err == nil && string(zero) == "null" {
		return nil
	}
	return errNoAnswer()
}

// errNoAnswer returns the refusal of an answer that is missing or null.
func errNoAnswer() error {
	return NewError(CodeInvalidPayload, "the answer is missing or null").WithDetails(Detail{Rule: "required"})
}
