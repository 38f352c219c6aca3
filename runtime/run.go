package ws

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// handle answers one message. handler -1 is an unknown event, bad is the
// error of a bad frame or one too many, and t is its task if it has one.
func (c *conn) handle(handler int, frame *envelope.Frame, bad error, inline bool, t *task) {
	e := c.endpoint
	switch {
	case bad != nil:
		c.refuseBad(frame, bad, inline)
		return
	case handler < 0 && len(frame.Event) > e.opts.MaxEventBytes:
		c.refuse("", frame.ID, e.report(c, "", 0, errEventName(e.opts.MaxEventBytes)), inline)
		return
	case handler < 0 && !frame.Valid():
		c.refuse("", frame.ID, e.report(c, "", 0, NewError(CodeBadFrame, string(envelope.ErrNotObject))), inline)
		return
	case handler < 0:
		event := string(frame.Event)
		c.refuse(event, frame.ID, e.report(c, event, 0, NewError(CodeUnknownEvent, "unknown event")), inline)
		return
	}
	var begun time.Duration
	observed := c.endpoint.server.observed.Load()
	if observed {
		begun = c.begins(inline)
	}
	if observed && t != nil {
		t.begun = begun + 1
	}
	call, pooled := c.newCall(inline)
	timed := inline && (pooled || e.suspects.timed.Load() > 0)
	var from time.Duration
	if timed {
		from = c.timing()
	}
	call.begin(c, t, handler, frame, inline)
	panicked, err := c.runGuarded(handler, call, begun, observed)
	var refusal *Error
	switch {
	case err != nil:
		refusal = call.refuse(e.handlers[handler].Event, err, panicked)
	case t != nil && t.streaming:
		// Its last frame is the answer.
	case !call.answered() && frame.ID != nil:
		call.passage = nil  // it is over, and would refuse the reply
		_ = call.Reply(nil) // the ack; null encodes
	}
	if panicked {
		c.close(panicCause)
	}
	if timed && !call.waited {
		c.tellSlow(handler, c.endpoint.server.clock()-from)
	}
	if observed {
		if refusal == nil && t != nil {
			refusal = t.refused()
		}
		if t == nil || !t.streaming {
			c.handled(call.Context(), handler, begun, refusal, call.ended)
		}
	}
	call.end()
	if pooled {
		callPool.Put(call)
	}
}

// begins returns when a message begins to be handled. One that came alone
// is handled as soon as it has come: then the clock, which costs as much as a small
// handler, need not be read.
func (c *conn) begins(inline bool) time.Duration {
	if inline {
		if at := c.member.Socket.Came(); at != 0 {
			return at
		}
	}
	return c.endpoint.server.clock()
}

// handled tells the Observer, and a Logger for debugging, of a message that
// was handled. ended is what the Observer wanted to be called then.
func (c *conn) handled(ctx context.Context, handler int, begun time.Duration, refusal *Error, ended func(time.Duration, *Error)) {
	e := c.endpoint
	took := max(e.server.clock()-begun, 0)
	event := e.handlers[handler].Event
	c.tellHandled(event, took, refusal, ended)
	if s := e.server; s.debugs.Load() {
		s.lineIn(ctx, c.asClient(), c.traceIn(ctx), slog.LevelDebug, "ws: handled", "gateway", e.spec.Gateway, "event", event, "took", took, "code", codeOf(refusal))
	}
}

// codeOf returns the code of a refusal, "ok" for none.
func codeOf(refusal *Error) string {
	if refusal == nil {
		return "ok"
	}
	return string(refusal.Code)
}

// refuse answers with the error that the handler returned. A call that has an
// answer already gets no other: its error is logged, unless it only says that
// the call was over.
func (c *Call) refuse(event string, err error, panicked bool) *Error {
	e, t := c.conn.endpoint, c.task
	h := &e.handlers[c.handler]
	x := examine(err)
	x.of = c.Context()
	if t == nil {
		refusal := e.reportKnown(c.conn, event, 0, h.declared(x))
		c.conn.refuse(event, c.frame.ID, refusal, c.inline)
		return refusal
	}
	if !c.answered() && t.claim(nil) {
		t.end() // a stream that has begun sends nothing behind this
		refusal := e.reportKnown(c.conn, event, 0, h.declared(t.explain(x)))
		t.answer(refusal, c.inline)
		return refusal
	}
	if panicked || !x.canceled && !x.late {
		_ = e.reportKnown(c.conn, event, 0, x)
	}
	return t.refused()
}

// runGuarded runs guards, interceptors and handler, and returns their error.
// If one of them panicked, that is the error. If one ends the goroutine, nothing
// comes after this: so who observes the message, begun then, is told here.
func (c *conn) runGuarded(handler int, call *Call, begun time.Duration, observed bool) (panicked bool, err error) {
	event := c.endpoint.handlers[handler].Event
	returned := false
	defer steady.Ended(&returned, "handler of ", event, func(f *steady.Failure) {
		panicked, err = true, f
		refusal := c.gaveUp(call.Context(), event, f)
		if refusal != nil && observed && (call.task == nil || !call.task.streaming) {
			c.handled(call.Context(), handler, begun, refusal, call.ended)
		}
	})
	err = c.run(handler, event, call)
	returned = true
	return false, err
}

// run asks the message guards, and then calls interceptors and handler.
func (c *conn) run(handler int, event string, call *Call) error {
	if c.endpoint.server.observed.Load() {
		call.tellStarting(event)
	}
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

// refuseBad answers a bad frame, or one too many. The name of its event is
// neither echoed nor logged if it is too long, or if the frame is bad, so
// that it may be no name.
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
	c.refuse(event, frame.ID, c.endpoint.report(c, event, 0, refusal), inline)
}

// errEventName returns the refusal of an event whose name has more than most
// bytes.
func errEventName(most int) error {
	return NewError(CodeBadFrame, fmt.Sprintf("the name of an event has at most %d bytes", most))
}
