package ws

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Sender is a handle to one connection that may be stored, copied, compared
// and used as a map key. All methods are safe for concurrent use, and none
// blocks on the peer. Once the connection is closing they fail with ErrClosed.
// The zero Sender is a closed connection.
type Sender struct{ client *Client }

var errNotUTF8 = errors.New("ws: a text message must be valid UTF-8 (RFC 6455, section 5.6)")

// errOwnText refuses a text that a client would take for one of the protocol's, and
// not count.
var errOwnText = errors.New("ws: a text that begins with " + envelope.OwnPrefix + " is the protocol's own, and no application may send it")

// ID returns the connection's id; 0 for the zero Sender.
func (s Sender) ID() ConnID {
	if s.client == nil {
		return 0
	}
	return s.client.ID()
}

// Send sends text as one message, as it is: outside the events protocol. It
// fails with ErrFull if the outbox has no room, for text that is not UTF-8, and
// for text that begins as the protocol's own messages do, with {"event":"$.
func (s Sender) Send(text string) error {
	if s.client == nil {
		return ErrClosed
	}
	switch {
	case !utf8.ValidString(text):
		return errNotUTF8
	case strings.HasPrefix(text, envelope.OwnPrefix):
		return errOwnText
	}
	return s.client.pushOne("", frame.Text(text))
}

// SendJSON sends v, encoded as JSON, as one message: outside the events
// protocol. It fails with ErrFull if the outbox has no room, if v cannot be
// encoded, and if that begins as the protocol's own messages do.
func (s Sender) SendJSON(v any) error {
	frame, err := encodeValue(v)
	if err != nil {
		return steady.Wrap("ws: nothing was sent", err)
	}
	if s.client == nil {
		return ErrClosed
	}
	return s.client.pushOne("", frame)
}

// Emit pushes an event; as Client.Emit.
func (s Sender) Emit(event string, data any) error {
	frame, err := encodePush(event, data)
	if err != nil {
		return err
	}
	if s.client == nil {
		return ErrClosed
	}
	return s.client.pushOne(event, frame)
}

// Close closes the connection; as Client.Close.
func (s Sender) Close(code CloseCode, reason string) error {
	if !frame.Sendable(frame.CloseCode(code)) {
		return errCloseCode
	}
	if s.client == nil || !s.client.close(Closed{Code: code, Reason: frame.CutReason(reason)}) {
		return ErrClosed
	}
	return nil
}

// Done returns a channel that is closed when the connection begins to close.
// For the zero Sender it is closed already.
func (s Sender) Done() <-chan struct{} {
	if s.client == nil {
		return lazy.Canceled().Done()
	}
	return s.client.context().Done()
}

// Sender returns a handle to this connection that may be stored.
func (c *Client) Sender() Sender {
	if c.owner() == nil {
		return Sender{}
	}
	return Sender{c}
}

// Close closes the connection with a code and a reason of at most 123 bytes
// (a longer one is cut), after the frames that are queued for it. It returns
// at once. It fails with ErrClosed if the connection was closing already, and
// for a code that must not be sent (RFC 6455, section 7.4).
func (c *Client) Close(code CloseCode, reason string) error { return c.Sender().Close(code, reason) }

// pushOne is Target.push for a single connection. It flushes on the caller's
// goroutine: a write that cannot wait costs less than waking a worker.
func (c *Client) pushOne(event string, frame []byte) error {
	s := c.Server()
	var n hub.Tally
	v := s.hub.PushOne(&c.member, c.single(frame), &n)
	if v == outbox.Closed {
		return ErrClosed
	}
	s.pushed(event, false, &n, false)
	c.member.Socket.FlushNow(v)
	s.tellSent(Sent{Event: event, Outboxes: n.Sent, Bytes: len(frame)})
	if n.Sent == 0 {
		return ErrFull
	}
	return nil
}
