package ws

import (
	"context"
	"encoding/json"
)

// MessageGuard decides about a message before its payload is decoded. An
// *Error is answered as an error frame; the connection stays. It is called
// concurrently, for different connections and for Parallel handlers.
//
// A guard reads the text that the handler decodes. Where that has parameters,
// it is the object by parameter name, each name as it is declared and at most
// once, whatever form the client chose; null and absent data have no
// parameters. Where the handler takes a type of the application's, decode
// into a struct whose fields have the same JSON names: encoding/json takes
// "ROOM" for a field called room, and a map does not. A guard should refuse
// data that it cannot read, by returning the error of Message.Decode.
type MessageGuard interface {
	GuardMessage(ctx context.Context, m Message) error
}

// Message is a message as a MessageGuard or an Interceptor sees it, before it is
// decoded.
type Message struct {
	Client *Client
	Event  string
	// Data is the text that the handler will decode: of a handler with
	// parameters the object by parameter name, see MessageGuard. It is
	// nil if the message has none. It may be kept, since a guard or
	// interceptor with a time limit may leave something that still reads
	// it, but must not be changed: the text that the handler gets may be in
	// the same memory.
	Data json.RawMessage
	// Meta has the members of "meta", as the function Meta returns them.
	Meta map[string]string

	way  way  // to its handler; nil: a guard has the Message
	bare bool // Data had no name when it came
}

// way leads a Message of an interceptor's to its handler.
type way interface {
	arrive(ctx context.Context, data json.RawMessage) error
}

// Decode decodes the data into v, as encoding/json does; absent data is null.
// The error is an *Error that a guard may return as it is: the answer is that of
// the handler's own decoder, with encoding/json's error as the cause.
func (m Message) Decode(v any) error {
	if m.Data == nil {
		return decode([]byte("null"), v)
	}
	return asSent(decode(m.Data, v), m.bare)
}

// Next is the rest of a message's way: the interceptors that are left, then
// decoding, validation, the handler and its reply. It returns the error that
// the client will be refused with. For a stream it returns when the stream
// has begun.
//
// The handler gets ctx, so it must be derived from the one that came in, and
// decodes m.Data. The other fields of m are for reading.
type Next func(ctx context.Context, m Message) error

// Interceptor wraps the way of every message that passed its guards: for
// traces, metrics, transactions, for turning errors into others. It is called
// for each gateway, before that serves anything. The Next that it returns is
// called for each message, concurrently for different connections and for
// Parallel handlers:
//
//	func logged(next ws.Next) ws.Next {
//		return func(ctx context.Context, m ws.Message) error {
//			err := next(ctx, m)
//			slog.InfoContext(ctx, "handled", "event", m.Event, "error", err)
//			return err
//		}
//	}
//
// A Next may call the next one again after an error, and it may not call it
// at all: nil acknowledges the message then. It may also return before the
// next one has, as a time limit does. Then its result is the answer, and the
// handler can send neither a reply nor a stream any more. Once it has
// returned, the message is gone and the next one fails.
//
// Interceptors may block, so no handler behind one runs on the read loop.
type Interceptor func(next Next) Next
