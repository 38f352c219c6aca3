package ws

import (
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
		frame, err = envelope.Parse(data)
	}
	handler := -1
	if err == nil {
		handler = c.endpoint.lookup(frame.Event)
	}
	if !c.inbox.busy() && (handler < 0 || c.endpoint.handlers[handler].Mode == Inline) {
		c.handle(handler, frame, err, true)
		_ = message.Close()
		if c.corkDue() {
			c.uncork()
		}
		return
	}
	c.uncork()
	c.enqueue(handler, frame, err, len(data), message)
}

// enqueue leaves a message to the connection's worker. What must run beside
// the read loop queues, and so does everything behind it: answers leave in the
// order of the questions.
func (c *conn) enqueue(handler int, frame envelope.Frame, err error, size int, message io.Closer) {
	if c.inbox == nil {
		c.mu.Lock()
		c.inbox = new(inbox)
		if c.closing.Load() {
			c.inbox.stop()
		}
		c.mu.Unlock()
	}
	o := &c.endpoint.opts
	c.inbox.put(job{size: size, run: func() {
		c.handle(handler, frame, err, false)
		_ = message.Close()
	}}, o.InboxMessages, o.InboxBytes)
}

// handle answers one message: handler -1 is an unknown event, err a frame that
// is none.
func (c *conn) handle(handler int, frame envelope.Frame, err error, inline bool) {
	e := c.endpoint
	switch {
	case err != nil:
		c.answerError(frame, e.refuse(c, "", 0, NewError(CodeBadFrame, err.Error())), inline)
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
	call := calls.Get().(*Call)
	call.begin(c, frame, inline)
	var refusal *Error
	panicked, err := c.call(handler, call)
	switch {
	case err != nil:
		refusal = e.refuse(c, e.handlers[handler].Event, 0, err)
		c.answerError(frame, refusal, inline)
	case !call.replied && frame.ID != nil:
		_ = call.Reply(nil) // the ack; null encodes
	}
	if panicked {
		c.close(panicCause)
	}
	call.end()
	if observe != nil {
		observe(&c.client, e.handlers[handler].Event, time.Since(begun), refusal)
	}
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
		if err := guard.GuardMessage(call.Context(), Message{Client: &c.client, Event: event, Data: call.frame.Data}); err != nil {
			return err
		}
	}
	if c.endpoint.handlers[handler].NoData && !call.frame.Valid() {
		return NewError(CodeBadFrame, envelope.ErrNotObject.Error())
	}
	if handler == len(c.endpoint.spec.Handlers) {
		return c.refresh(call)
	}
	return c.endpoint.spec.Call(handler, call)
}

func errEventName(most int) error {
	return NewError(CodeBadFrame, fmt.Sprintf("the name of an event has at most %d bytes", most))
}

var errGoexit = errors.New("the handler ended its goroutine (runtime.Goexit)")
