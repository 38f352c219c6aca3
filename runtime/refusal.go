package ws

import (
	"context"
	"log/slog"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// examined holds what the runtime has to know of an error. The error is asked
// once, since its methods are the user's and may do anything.
type examined struct {
	err      error
	of       context.Context // of the message that failed; nil: none did
	known    *Error          // the first in it; nil: there is none
	nodes    []error
	canceled bool // as errors.Is says of context.Canceled
	late     bool // and of context.DeadlineExceeded
}

// examine asks an error.
func examine(err error) examined {
	f := steady.Look[*Error](err, context.Canceled, context.DeadlineExceeded)
	return examined{err: err, known: f.First, nodes: f.Nodes, canceled: f.Is(0), late: f.Is(1)}
}

// presentable returns the part of the error that a client may see, and the
// level of its line in the log. nil stands for an internal error.
func (x *examined) presentable(c *conn) (*Error, slog.Level) {
	switch {
	case x.known != nil && x.known.Code == CodeCanceled:
		return x.known, slog.LevelDebug // it is what the client wanted
	case x.known != nil && x.reference() != nil:
		return x.known, slog.LevelError
	case x.known != nil:
		return x.known, slog.LevelWarn
	case x.canceled && c != nil && c.member.Socket.Closes():
		return NewError(CodeCanceled, "canceled").WithCause(x.err), slog.LevelDebug
	}
	return nil, slog.LevelError
}

// reference returns the reference of an error of ours that has one; else nil.
func (x *examined) reference() *reference {
	for _, node := range x.nodes {
		if ref, is := node.(*reference); is {
			return ref
		}
	}
	return nil
}

// referred returns the error that a client is told in place of an internal
// one. known is that error if it is made already, else nil. If a line is
// logged, the error refers to it.
func (x *examined) referred(known *Error, logged bool) *Error {
	if known == nil {
		known = NewError(CodeInternal, "internal error")
		x.nodes = append(x.nodes, newReference(x.err))
	}
	ref := x.reference()
	if logged {
		return known.WithCause(ref)
	}
	return known.WithCause(ref.err)
}

// attrs returns the attributes that the log has of the error.
func (x *examined) attrs() (attrs []any) {
	text := steady.Text(x.err)
	for _, node := range x.nodes {
		switch n := node.(type) {
		case *reference:
			attrs = append(attrs, "ref", n.ref)
		case *steady.Failure:
			attrs = append(attrs, "stack", n.Stack)
			if x.err != error(n) { // it failed while it was asked
				text += ": " + n.String()
			}
		}
	}
	return append(attrs, "error", text)
}

// report makes err presentable, and shows it in the log and to the Observer.
// An *Error stays as it is, anything else becomes opaque. status is the HTTP
// status of a refused handshake, which has no c; of a message it is 0.
func (e *Endpoint) report(c *conn, event string, status int, err error) *Error {
	return e.reportKnown(c, event, status, examine(err))
}

// reportKnown is report for an error that was examined.
func (e *Endpoint) reportKnown(c *conn, event string, status int, x examined) *Error {
	s := e.server
	s.stats.refused.Add(1)
	if status != 0 {
		s.stats.turnedAway.Add(1)
	}
	refusal, level := x.presentable(c)
	logged := s.admits(level, c.asClient())
	if level == slog.LevelError {
		refusal = x.referred(refusal, logged)
	}
	if logged {
		attrs := []any{"gateway", e.spec.Gateway, "code", string(refusal.Code)}
		if event != "" {
			attrs = append(attrs, "event", event)
		}
		of, trace := context.Background(), ""
		switch {
		case x.of != nil:
			of, trace = x.of, c.traceIn(x.of)
		case c != nil:
			trace = c.identity.inTrace()
		}
		s.lineIn(of, c.asClient(), trace, level, "ws: refused", append(attrs, x.attrs()...)...)
	}
	if s.tellsRefused() { // to look for the event costs something
		s.tellRefused(Refusal{
			Gateway: e.spec.Gateway, Client: c.asClient(), Event: event, Status: status, Err: refusal,
			Declared: event != "" && e.spec.Lookup != nil && e.lookup([]byte(event)) >= 0,
		})
	}
	return refusal
}

// traceIn returns the id of the trace that a message belongs to, "" for none:
// that of its meta, and else that of its connection.
func (c *conn) traceIn(ctx context.Context) string {
	if id := c.endpoint.server.askTrace(ctx); id != "" {
		return id
	}
	if id := traceID(Meta(ctx)[traceMeta]); id != "" {
		return id
	}
	return c.identity.inTrace()
}

// refuse answers a message of an event with a refusal. id is nil if the
// message has none.
func (c *conn) refuse(event string, id []byte, refusal *Error, inline bool) {
	c.member.Socket.Reply(c.endpoint.protocol.encodeRefusal(event, id, refusal), inline)
}

// gaveUp closes the connection if user code ended its goroutine: nothing is
// left then that could answer. It returns what is told of that, and else nil.
// of is the context of what it ended.
func (c *conn) gaveUp(of context.Context, event string, f *steady.Failure) *Error {
	if !f.Goexit {
		return nil
	}
	x := examine(f)
	x.of = of
	refusal := c.endpoint.reportKnown(c, event, 0, x)
	c.close(panicCause)
	return refusal
}
