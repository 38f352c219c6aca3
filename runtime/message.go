package ws

import (
	"context"
	"encoding/json"
)

// MessageGuard decides about a message before its payload is decoded. An
// *Error is answered as an error frame; the connection stays. It is called
// concurrently, for different connections.
//
// A guard reads the text that the handler decodes. Where that has parameters,
// it is the object by parameter name, each name as it is declared and at most
// once, whatever form the client chose; null and absent data have no
// parameters. Where the handler takes a type of the application's, decode into
// a struct whose fields have the same JSON names: encoding/json takes "ROOM" for
// a field called room, and a map does not. Data that a guard cannot read it
// should refuse: return what Message.Decode returned.
type MessageGuard interface {
	GuardMessage(ctx context.Context, m Message) error
}

// Message is a message as a MessageGuard or an Interceptor sees it, before it is
// decoded.
type Message struct {
	Client *Client
	Event  string
	// Data is what the handler will decode: of a handler with parameters the
	// object by parameter name, see MessageGuard. It may be kept, since a guard or
	// interceptor with a time limit may leave something that still reads it, but
	// must not be changed; nil if the frame has none.
	Data json.RawMessage
	// Meta is what accompanies the message, as the function Meta returns it.
	Meta map[string]string

	way  way  // to its handler; nil: it is no interceptor's
	bare bool // Data had no name when it came
}

// way is what leads a Message of an interceptor's to its handler.
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

// Next is the rest of a message's way: what of the interceptors is left, then
// decoding, validation, the handler and its reply. The error is what the
// client will be refused with. Of a stream it returns when the stream has begun.
//
// ctx is what the handler gets, so it must be derived from the one that came
// in; m.Data is what is decoded. The other fields of m are for reading.
type Next func(ctx context.Context, m Message) error

// Interceptor wraps the way of every message that passed its guards: for
// traces, metrics, transactions, for turning errors into others. It is called
// for each gateway before that serves anything, and the Next that it returns
// for each message, concurrently for different connections:
//
//	func logged(next ws.Next) ws.Next {
//		return func(ctx context.Context, m ws.Message) error {
//			err := next(ctx, m)
//			slog.InfoContext(ctx, "handled", "event", m.Event, "error", err)
//			return err
//		}
//	}
//
// A Next may call the next one again after an error, and it may not call it at
// all: nil acknowledges the message then. It may also return before the next
// one has, as a time limit does: what it returns is the answer then, and what
// the handler still does is not sent, neither a reply nor a stream. Once it has
// returned, the message is gone and the next one fails.
//
// Interceptors may block, so no handler behind one runs on the read loop.
type Interceptor func(next Next) Next
