package ws

import (
	"io"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// askAgain is after how many messages the Logger is asked again whether it
// wants to know of each.
const askAgain = 256

// Received takes a message from the read loop: it is handled at once, or
// queued for the connection's worker. The message's memory is given back with
// message.Close when it is done with. Read goroutine only.
func (c *conn) Received(text bool, data []byte, message io.Closer) {
	if c.member.Socket.Closes() {
		_ = message.Close()
		return
	}
	c.member.Socket.Spoke()
	if s := c.endpoint.server; s.stats.received.Add(1)%askAgain == 0 {
		s.listen()
	}
	var frame envelope.Frame
	var err error = envelope.ErrNotObject
	if text {
		err = c.endpoint.protocol.parse(&frame, data)
	}
	if err == envelope.ErrID && c.answered(data) { // before the messages that wait
		_ = message.Close()
		return
	}
	handler := -1
	if err == nil {
		handler = c.endpoint.lookup(frame.Event)
	}
	if handler < 0 && err == nil {
		var taken bool
		if taken, err = c.obey(&frame); taken {
			_ = message.Close()
			return
		}
	}
	busy, used := c.inbox().Look(frame.ID)
	var h *Handler
	switch {
	case used:
		// An error frame with this id would be the answer to the other call.
		handler, err, frame.ID = -1, errIDInUse, nil
	case handler >= 0:
		h = &c.endpoint.handlers[handler]
		if h.Stream && frame.ID == nil {
			err = errStreamID
		}
	}
	if c.endpoint.rates != nil || handler == len(c.endpoint.spec.Handlers) {
		if over := c.limited(handler); over != nil {
			err = over
		}
	}
	drains := c.member.Socket.Drains()
	leaves := drains && err == nil && c.refuses()
	if leaves && h != nil {
		err = errLeaving()
	}
	switch routeOf(h, &frame, err, busy, leaves) {
	case runNow:
		c.handle(handler, &frame, err, true, nil)
		if h == nil || !c.endpoint.lends(&frame) {
			_ = message.Close()
		}
	case runTask:
		c.newTask(handler, &frame, err, len(data), message, true).run(true)
	case queueTask:
		// A message that must run beside the read loop queues, and so do all
		// behind it: answers leave in the order of the questions.
		t := c.newTask(handler, &frame, err, len(data), message, false)
		c.member.Socket.Uncork()
		c.inbox().Put(t, c.endpoint.opts.InboxMessages, c.endpoint.opts.InboxBytes)
	}
	if drains {
		c.Resting() // a client that sends and sends would hold the connection
	}
}

// route says where a message is handled.
type route uint8

const (
	runNow    route = iota // on the read loop: as a call, or a refusal, and no more
	runTask                // on the read loop, as a task
	queueTask              // beside the read loop, as a task
)

// routeOf returns the route of a message. h is its handler, nil for none, and
// bad is the error that it is refused with, nil for none. busy says that
// others wait. leaves says that the connection drains: then a message is
// refused before those that wait are handled.
func routeOf(h *Handler, frame *envelope.Frame, bad error, busy, leaves bool) route {
	refused := h == nil || bad != nil
	switch here := leaves || !busy && (refused || h.Mode == Inline); {
	case !here:
		return queueTask
	case refused || frame.Meta == nil && !h.Stream:
		return runNow
	}
	return runTask
}
