package ws

import (
	"context"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/stdjson"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// Call is one message on its way through its handler, for generated code. It
// is only valid during Spec.Call, and for one goroutine.
type Call struct {
	conn    *conn
	ctx     context.Context // chosen by the Observer or an interceptor; nil: none did
	passage *passage        // the way through the interceptors; nil: there are none
	task    *task           // nil: it is a call on the read loop, and no more
	handler int             // its index
	frame   envelope.Frame
	shown   []byte        // frame.Data as guards and interceptors see it
	kept    []byte        // room for copies of data (keep)
	reader  wsjson.Reader // of frame.Data; here, since a local one would escape
	writer  wsjson.Writer // of the reply; its buffer serves one call after the other
	utf8    bool          // frame.Data is UTF-8: the message that it is of was checked
	owned   bool          // frame.Data is in memory that nobody writes to any more
	inline  bool          // on the read loop
	replied bool
	bare    bool // data had no name when it came
	waited  bool // the reply has waited for room

	ended func(time.Duration, *Error) // what the Observer wants to be told when the message is handled; may be nil
}

var callPool = sync.Pool{New: func() any { return new(Call) }}

// newCall returns a Call for the next message; pooled says that it is to be
// given back.
func (c *conn) newCall(inline bool) (call *Call, pooled bool) {
	if inline {
		if keep := c.member.Socket.Scratch(); keep != nil {
			call, again := (*keep).(*Call)
			if !again {
				call = new(Call)
				*keep = call
			}
			return call, false
		}
	}
	return callPool.Get().(*Call), true
}

// begin sets c for a message. It assigns one by one: an assignment of several
// copies the frame twice, and loads what is still on its way to the cache,
// which makes 24 instead of 14 ns for begin and end.
func (c *Call) begin(of *conn, t *task, handler int, frame *envelope.Frame, inline bool) {
	c.frame = *frame
	c.conn, c.handler, c.inline, c.replied, c.bare, c.waited = of, handler, inline, false, false, false
	c.utf8, c.owned = true, false
	if t != nil {
		c.task = t
	}
}

// end drops the references that c must not keep alive.
func (c *Call) end() {
	c.frame = envelope.Frame{}
	c.conn = nil
	c.reader.Release()
	c.writer.Release()
	if c.shown != nil {
		c.shown = nil
	}
	if c.ctx != nil {
		c.ctx = nil
	}
	if c.ended != nil {
		c.ended = nil
	}
	if c.task != nil { // few have one, interceptors none without, and each write costs while garbage is collected
		c.task, c.passage = nil, nil
	}
}

// Context returns the context for the handler. A message has one of its own,
// which ends with the handler, or its stream, if it has meta, or a time
// limit, or an id and its handler runs beside the read loop or streams. Any
// other message has the connection's.
func (c *Call) Context() context.Context {
	switch {
	case c.ctx != nil:
		return c.ctx
	case c.task != nil && c.task.own:
		return c.task
	}
	return connContext{&c.conn.Client}
}

// message returns the Message that guards and interceptors see.
func (c *Call) message(event string) Message {
	m := Message{Client: c.conn.asClient(), Event: event, Data: c.shown, bare: c.bare}
	if c.task != nil {
		m.Meta = c.task.allMeta()
	}
	return m
}

// front returns what the replies of the handler begin with.
func (c *Call) front() []byte { return c.conn.endpoint.fronts[c.handler] }

// Client returns the connection.
func (c *Call) Client() *Client { return c.conn.asClient() }

// Sender returns a storable handle to the connection.
func (c *Call) Sender() Sender { return Sender{&c.conn.Client} }

// State returns what the connect hook returned.
func (c *Call) State() any {
	if c.passage != nil {
		return c.passage.state
	}
	return c.conn.ownState()
}

// ownState returns what the connect hook returned.
func (c *conn) ownState() any {
	if w := c.work.Load(); w != nil {
		return w.state
	}
	return nil
}

// Decode decodes data into v, and refuses null and absent data.
func (c *Call) Decode(v any) error {
	if !c.frame.HasData() {
		return errNoData()
	}
	return decode(c.frame.Data, v)
}

// DecodeNullable decodes data into v; null and absent data leave it as it is.
func (c *Call) DecodeNullable(v any) error {
	if !c.frame.HasData() {
		return nil
	}
	return decode(c.frame.Data, v)
}

// DecodeParam decodes a lone named parameter: an object into object, which has
// a field of its name, and any other data into bare. It refuses null and
// absent data.
func (c *Call) DecodeParam(object, bare any) error {
	if !c.frame.HasData() {
		return errNoData()
	}
	return c.DecodeNullableParam(object, bare)
}

// DecodeNullableParam is DecodeParam for an optional parameter.
func (c *Call) DecodeNullableParam(object, bare any) error {
	if c.frame.HasData() && c.frame.Data[0] == '{' {
		return asSent(decode(c.frame.Data, object), c.bare)
	}
	return c.DecodeNullable(bare)
}

// Reply sends a handler's result. It waits for room in the outbox, which
// pauses reading from this connection. A message that was cancelled or whose
// time is up has an answer already: the result is dropped. It fails if the
// value cannot be encoded.
func (c *Call) Reply(v any) error {
	e := stdjson.NewEncoder()
	defer e.Release()
	if c.inline && c.lends() {
		e.Lend(outbox.Block)
	}
	frame, err := c.conn.endpoint.protocol.encodeReply(e, c.front(), c.frame.ID, v)
	if err != nil {
		return err
	}
	c.send(frame, e.Lent()) // which has none that are longer than a block
	return nil
}

// send sends a reply. lent says that it is in memory that is used again, unless send
// says that it was taken.
func (c *Call) send(frame []byte, lent bool) (taken bool) {
	c.replied = true
	if c.passage != nil && !c.passage.claim() || c.task != nil && !c.task.claim(nil) {
		return false // cancelled, or too late
	}
	frame = c.conn.single(frame)
	if lent {
		c.waited, taken = c.conn.member.Socket.ReplyLent(frame, c.inline)
	} else {
		c.waited = c.conn.member.Socket.Reply(frame, c.inline)
	}
	return taken
}

// replyAside is Reply without a result, by a frame that does not count.
func (c *Call) replyAside() {
	c.replied = true
	if c.passage != nil && !c.passage.claim() || c.task != nil && !c.task.claim(nil) {
		return
	}
	frame, _ := c.conn.endpoint.protocol.encode(c.conn.endpoint.handlers[c.handler].Event, c.frame.ID, nil)
	c.conn.member.Socket.ReplyAside(c.conn.single(frame), c.inline)
}

// lends reports whether a reply is sent out of memory that is used again. That costs
// less than memory of its own, if the write does not wait.
func (c *Call) lends() bool { return c.conn.member.Socket.Lends(c.inline) }

// answered reports whether the handler has replied.
func (c *Call) answered() bool {
	if c.passage != nil {
		return c.passage.isAnswered()
	}
	return c.replied
}

// errNoData returns the refusal of data that is missing or null.
func errNoData() error {
	return NewError(CodeInvalidPayload, "data is missing or null").WithDetails(Detail{Rule: "required"})
}
