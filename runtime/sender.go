package ws

import (
	"errors"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Sender is a handle to one connection that may be stored, copied, compared
// and used as a map key. All methods are safe for concurrent use, and none
// blocks on the peer. Once the connection is closing they fail with ErrClosed.
// The zero Sender is a closed connection.
type Sender struct{ conn *conn }

var errNotUTF8 = errors.New("ws: a text message must be valid UTF-8 (RFC 6455, section 5.6)")

// ID returns the connection's id; 0 for the zero Sender.
func (s Sender) ID() ConnID {
	if s.conn == nil {
		return 0
	}
	return s.conn.id()
}

// Send sends text as one message, as it is: outside the events protocol. It
// fails with ErrFull if the outbox has no room, and for text that is not UTF-8.
func (s Sender) Send(text string) error {
	if s.conn == nil {
		return ErrClosed
	}
	if !utf8.ValidString(text) {
		return errNotUTF8
	}
	return s.conn.pushOne("", frame.Text(text))
}

// SendJSON sends v, encoded as JSON, as one message: outside the events
// protocol. It fails with ErrFull if the outbox has no room, and if v cannot
// be encoded.
func (s Sender) SendJSON(v any) error {
	frame, err := encodeValue(v)
	if err != nil {
		return steady.Wrap("ws: nothing was sent", err)
	}
	if s.conn == nil {
		return ErrClosed
	}
	return s.conn.pushOne("", frame)
}

// Emit pushes an event; as Client.Emit.
func (s Sender) Emit(event string, data any) error {
	frame, err := encodePush(event, data)
	if err != nil {
		return err
	}
	if s.conn == nil {
		return ErrClosed
	}
	return s.conn.pushOne(event, frame)
}

// Close closes the connection; as Client.Close.
func (s Sender) Close(code CloseCode, reason string) error {
	if !frame.Sendable(frame.CloseCode(code)) {
		return errCloseCode
	}
	if s.conn == nil || !s.conn.close(Closed{Code: code, Reason: frame.CutReason(reason)}) {
		return ErrClosed
	}
	return nil
}

// Done returns a channel that is closed when the connection begins to close.
func (s Sender) Done() <-chan struct{} {
	if s.conn == nil {
		return lazy.Canceled().Done()
	}
	return s.conn.context().Done()
}
