package ws

import (
	"fmt"
	"io"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// Received takes a message from the read loop: it is handled here, or queued
// for the connection's worker. The message's memory is given back with
// message.Close when it is done with.
func (c *conn) Received(text bool, data []byte, message io.Closer) {
	if c.member.Socket.Closes() {
		_ = message.Close()
		return
	}
	c.endpoint.server.stats.received.Add(1)
	var frame envelope.Frame
	var err error = envelope.ErrNotObject
	if text {
		err = c.endpoint.protocol.parse(&frame, data)
	}
	handler := -1
	if err == nil {
		handler = c.endpoint.lookup(frame.Event)
	}
	if handler < 0 && err == nil && c.endpoint.protocol.cancels(&frame) {
		if frame.ID != nil { // at once, before what waits
			c.cancelCall(frame.ID)
			_ = message.Close()
			return
		}
		err = errCancelID
	}
	busy, used := c.inbox.Load().Look(frame.ID)
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
	leaves := drains && err == nil
	if leaves && h != nil {
		err = errLeaving()
	}
	switch routeOf(h, &frame, err, busy, leaves) {
	case runNow:
		c.handle(handler, &frame, err, true, nil)
		if h == nil || !c.endpoint.lends(handler, &frame) {
			_ = message.Close()
		}
	case runTask:
		c.newTask(handler, &frame, err, len(data), message).run(true)
	case queueTask:
		// What must run beside the read loop queues, and so does everything
		// behind it: answers leave in the order of the questions.
		t := c.newTask(handler, &frame, err, len(data), message)
		c.member.Socket.Uncork()
		c.inbox.Load().Put(t, c.endpoint.opts.InboxMessages, c.endpoint.opts.InboxBytes)
	}
	if drains {
		c.Resting() // a client that sends and sends would hold the connection
	}
}

// route is where a message is handled.
type route uint8

const (
	runNow    route = iota // on the read loop: as a call, or a refusal, and no more
	runTask                // on the read loop, as a task
	queueTask              // beside the read loop, as a task
)

// routeOf returns the route of a message: h is its handler, nil for none, and bad
// what is wrong with it. busy says that others wait, and leaves that the
// connection drains, so that what it sends is refused before what waits.
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

// handle answers one message: handler -1 is an unknown event, bad what is wrong
// with the frame, t its task if it has one.
func (c *conn) handle(handler int, frame *envelope.Frame, bad error, inline bool, t *task) {
	e := c.endpoint
	switch {
	case bad != nil:
		c.refuseBad(frame, bad, inline)
		return
	case handler < 0 && len(frame.Event) > e.opts.MaxEventBytes:
		c.answerError("", frame.ID, e.refuse(c, "", 0, errEventName(e.opts.MaxEventBytes)), inline)
		return
	case handler < 0 && !frame.Valid():
		c.answerError("", frame.ID, e.refuse(c, "", 0, NewError(CodeBadFrame, string(envelope.ErrNotObject))), inline)
		return
	case handler < 0:
		event := string(frame.Event)
		c.answerError(event, frame.ID, e.refuse(c, event, 0, NewError(CodeUnknownEvent, "unknown event")), inline)
		return
	}
	var begun time.Time
	observed := c.endpoint.server.observed()
	if observed {
		begun = time.Now()
	}
	if t != nil {
		t.begun = begun
	}
	call, pooled := c.newCall(inline)
	timed := inline && (pooled || e.suspects.timed.Load() > 0)
	var from time.Duration
	if timed {
		from = c.timing()
	}
	call.begin(c, t, handler, frame, inline)
	panicked, err := c.call(handler, call)
	var refusal *Error
	switch {
	case err != nil:
		refusal = call.refuse(e.handlers[handler].Event, err, panicked)
	case t != nil && t.streaming:
		// Its last frame is the answer.
	case !call.answered() && frame.ID != nil:
		call.passage = nil  // which lets nobody answer any more
		_ = call.Reply(nil) // the ack; null encodes
	}
	if panicked {
		c.close(panicCause)
	}
	if timed && !call.waited {
		c.tellSlow(handler, c.endpoint.server.clock()-from)
	}
	call.end()
	if pooled {
		calls.Put(call)
	}
	if observed && (t == nil || !t.streaming) {
		if refusal == nil && t != nil {
			refusal = t.refused()
		}
		c.handled(e.handlers[handler].Event, begun, refusal)
	}
}

// refuse answers with what the handler returned. A call that has an answer
// already gets no other: what is news is logged then.
func (c *Call) refuse(event string, err error, panicked bool) *Error {
	e, t := c.conn.endpoint, c.task
	x := examine(err)
	if t == nil {
		refusal := e.refuseKnown(c.conn, event, 0, x)
		c.conn.answerError(event, c.frame.ID, refusal, c.inline)
		return refusal
	}
	if !c.answered() && t.claim(nil) {
		t.end() // a stream that has begun sends nothing behind this
		refusal := e.refuseKnown(c.conn, event, 0, t.explain(x))
		t.answerError(refusal, c.inline)
		return refusal
	}
	if panicked || !x.canceled && !x.late {
		_ = e.refuseKnown(c.conn, event, 0, x)
	}
	return t.refused()
}

// run asks the message guards, and then calls interceptors and handler.
func (c *conn) run(handler int, event string, call *Call) error {
	call.show()
	if err := c.guardMessage(handler, event, call); err != nil {
		return err
	}
	if c.endpoint.handlers[handler].NoData && !call.frame.Valid() {
		return NewError(CodeBadFrame, string(envelope.ErrNotObject))
	}
	if c.endpoint.next != nil {
		return c.endpoint.pass(call)
	}
	return c.endpoint.deliver(handler, call)
}

// refuseBad answers a frame that is none, or one too many. The name of its event
// is neither echoed nor logged if it is too long, or may be none.
func (c *conn) refuseBad(frame *envelope.Frame, bad error, inline bool) {
	event := ""
	refusal, limited := bad.(*Error)
	switch {
	case !limited:
		fault, _ := bad.(envelope.Fault)
		refusal = NewError(CodeBadFrame, string(fault))
	case len(frame.Event) <= c.endpoint.opts.MaxEventBytes:
		event = string(frame.Event)
	}
	c.answerError(event, frame.ID, c.endpoint.refuse(c, event, 0, refusal), inline)
}

// errEventName refuses the name of an event that has more than most bytes.
func errEventName(most int) error {
	return NewError(CodeBadFrame, fmt.Sprintf("the name of an event has at most %d bytes", most))
}
