package wstest

import (
	"encoding/json"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/kit"
)

// Client is a ws.Client without a connection, for unit tests of handlers and
// hooks: it goes where they want a *ws.Client, by its field. What is sent to it
// is kept, and so is why it was closed; Rooms and Context are those of any
// client. All methods are safe for concurrent use.
type Client struct {
	*ws.Client

	lone *kit.Lone

	mu   sync.Mutex // guards sent
	sent []string
}

// ClientOption says who a Client is.
type ClientOption interface{ alone(a *alone) }

// alone is what the options of a NewClient come to.
type alone struct {
	lone   kit.Lone
	server *ws.Server
}

type clientOption func(a *alone)

func (o clientOption) alone(a *alone) { o(a) }

// PathValue is the value of a wildcard in the path of a gateway. Default: none is
// known, and ws.Client.PathValue returns "".
func PathValue(name, value string) ClientOption {
	return clientOption(func(a *alone) {
		a.lone.Wildcards, a.lone.Values = append(a.lone.Wildcards, name), append(a.lone.Values, value)
	})
}

// On is the Server whose registry the Client is in: what is pushed on it comes to
// the Client, as to any other, and its limits hold. Default: a Server of its own.
func On(s *ws.Server) ClientOption { return clientOption(func(a *alone) { a.server = s }) }

// NewClient returns a Client that is open, known as nobody, in no room. Nothing
// is started, and there is nothing to end. Its outbox has no bound, so no push
// fails with ErrFull.
//
//	c := wstest.NewClient(wstest.As(ws.Principal{ID: "ann"}))
//	err := room.Enter(c.Client)
func NewClient(opts ...ClientOption) *Client {
	a := alone{lone: kit.Lone{Remote: somewhere()}}
	for _, o := range opts {
		o.alone(&a)
	}
	if a.server == nil {
		a.server = ws.NewServer(ws.Options{})
	}
	c := &Client{lone: &a.lone}
	c.Client = ws.NewLone(a.server, c.lone)
	return c
}

// Sender returns a ws.Sender of a Client that NewClient makes, for handlers that
// want one, and that Client.
func Sender(opts ...ClientOption) (ws.Sender, *Client) {
	c := NewClient(opts...)
	return c.Client.Sender(), c
}

// Event is an event as a client gets it.
type Event struct {
	Name string
	Data json.RawMessage
}

// Into decodes the event's data, by encoding/json.
func (e Event) Into(v any) error { return json.Unmarshal(e.Data, v) }

// Events returns the events that were sent to the Client, the first one first:
// what it was sent itself, and pushes that reach it. A push that is coalesced
// with a later one is there if Events or Texts was called between the two.
func (c *Client) Events() (all []Event) {
	for _, text := range c.Texts() {
		if m := parse([]byte(text)); m.Event != "" {
			all = append(all, Event{m.Event, m.Data})
		}
	}
	return all
}

// Texts returns all messages that were sent to the Client, as they are, events
// and others.
func (c *Client) Texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, rest, whole := split(c.lone.Take())
	for ; whole; f, rest, whole = split(rest) {
		if f.First == Text {
			c.sent = append(c.sent, string(f.Payload))
		}
	}
	return append([]string(nil), c.sent...)
}

// Closed returns what the Client was closed with; false if it is open.
func (c *Client) Closed() (ws.Closed, bool) {
	cause, closed := c.lone.Closed().(ws.Closed)
	return cause, closed
}
