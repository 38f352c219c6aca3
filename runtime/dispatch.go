package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// received takes a message from the read loop: it is handled here, or queued
// for the connection's worker. The message's memory is given back with
// message.Close when it is done with.
func (c *conn) received(text bool, data []byte, message io.Closer) {
	if c.closing.Load() {
		_ = message.Close()
		return
	}
	c.server.stats.received.Add(1)
	var frame envelope.Frame
	err := envelope.ErrNotObject
	if text {
		err = frame.Parse(data)
	}
	handler := -1
	if err == nil {
		handler = c.endpoint.lookup(frame.Event)
	}
	if handler < 0 && err == nil && isCancel(&frame) {
		if frame.ID != nil { // at once, before what waits
			c.cancelCall(frame.ID)
			_ = message.Close()
			return
		}
		err = errCancelID
	}
	busy, used := c.inbox.look(frame.ID)
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
	if c.endpoint.rates != nil {
		if over := c.limited(handler); over != nil {
			err = over
		}
	}
	here := !busy && (h == nil || h.Mode == Inline || err != nil)
	if here && (h == nil || err != nil || frame.Meta == nil && !h.Stream) {
		c.handle(handler, &frame, err, true, nil)
		_ = message.Close()
	} else if t := c.newTask(handler, &frame, err, len(data), message); here {
		t.run(true)
	} else {
		// What must run beside the read loop queues, and so does everything
		// behind it: answers leave in the order of the questions.
		c.uncork()
		c.inbox.put(t, c.endpoint.opts.InboxMessages, c.endpoint.opts.InboxBytes)
	}
	if c.corkDue() {
		c.uncork()
	}
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
		c.answerError(frame, e.refuse(c, "", 0, errEventName(e.opts.MaxEventBytes)), inline)
		return
	case handler < 0 && !frame.Valid():
		c.answerError(frame, e.refuse(c, "", 0, NewError(CodeBadFrame, envelope.ErrNotObject.Error())), inline)
		return
	case handler < 0:
		c.answerError(frame, e.refuse(c, string(frame.Event), 0, NewError(CodeUnknownEvent, "unknown event")), inline)
		return
	}
	var begun time.Time
	observe := c.server.opts.Observer.Handled
	if observe != nil {
		begun = time.Now()
	}
	if t != nil {
		t.begun = begun
	}
	call, pooled := c.newCall(inline)
	call.begin(c, t, handler, frame, inline)
	panicked, err := c.call(handler, call)
	var refusal *Error
	switch {
	case err != nil:
		refusal = call.refuse(e.handlers[handler].Event, err, panicked)
	case t != nil && t.streaming:
		// Its last frame is the answer.
	case !call.replied && frame.ID != nil:
		_ = call.Reply(nil) // the ack; null encodes
	}
	if panicked {
		c.close(panicCause)
	}
	call.end()
	if pooled {
		calls.Put(call)
	}
	if observe != nil && (t == nil || !t.streaming) {
		if refusal == nil && t != nil {
			refusal = t.refused()
		}
		observe(c.asClient(), e.handlers[handler].Event, time.Since(begun), refusal)
	}
}

// refuse answers with what the handler returned. A call that has an answer
// already gets no other: what is news is logged then.
func (c *Call) refuse(event string, err error, panicked bool) *Error {
	e, t := c.conn.endpoint, c.task
	if t == nil {
		refusal := e.refuse(c.conn, event, 0, err)
		c.conn.answerError(&c.frame, refusal, c.inline)
		return refusal
	}
	if t.claim(nil) {
		t.end() // a stream that has begun sends nothing behind this
		refusal := e.refuse(c.conn, event, 0, t.explain(err))
		t.answerError(refusal, c.inline)
		return refusal
	}
	if panicked || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		_ = e.refuse(c.conn, event, 0, err)
	}
	return t.refused()
}

// call runs the guards and the handler, and returns what they refused with: if
// they panicked, that.
func (c *conn) call(handler int, call *Call) (panicked bool, err error) {
	event := c.endpoint.handlers[handler].Event
	returned := false
	defer func() {
		switch p := recover(); {
		case p != nil:
			panicked, err = true, newPanic("handler of "+event, p)
		case !returned: // runtime.Goexit: nobody is left who could answer
			_ = c.endpoint.refuse(c, event, 0, errGoexit)
			c.close(panicCause)
		}
	}()
	err = c.run(handler, event, call)
	returned = true
	return false, err
}

func (c *conn) run(handler int, event string, call *Call) error {
	for _, guard := range c.endpoint.guards[handler] {
		if err := guard.GuardMessage(call.Context(), call.message(event)); err != nil {
			return err
		}
	}
	if c.endpoint.handlers[handler].NoData && !call.frame.Valid() {
		return NewError(CodeBadFrame, envelope.ErrNotObject.Error())
	}
	if handler == len(c.endpoint.spec.Handlers) {
		return c.refresh(call)
	}
	if c.endpoint.next != nil {
		return c.endpoint.pass(handler, call)
	}
	return c.endpoint.spec.Call(handler, call)
}

// refuseBad answers a frame that is none, or one too many.
func (c *conn) refuseBad(frame *envelope.Frame, bad error, inline bool) {
	event := ""
	over, limited := errors.AsType[*Error](bad)
	switch {
	case !limited:
		over = NewError(CodeBadFrame, bad.Error())
	case len(frame.Event) > c.endpoint.opts.MaxEventBytes:
		frame.Event = nil // neither echoed nor logged
	default:
		event = string(frame.Event)
	}
	c.answerError(frame, c.endpoint.refuse(c, event, 0, over), inline)
}

func errEventName(most int) error {
	return NewError(CodeBadFrame, fmt.Sprintf("the name of an event has at most %d bytes", most))
}

var errGoexit = errors.New("the handler ended its goroutine (runtime.Goexit)")
