package ws

import (
	"context"
	"log/slog"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// examined is what has to be known of an error. It is asked once: its methods
// are the user's, and may do anything.
type examined struct {
	err      error
	known    *Error // the first in it; nil: there is none
	nodes    []error
	canceled bool // by errors.Is
	late     bool
}

func examine(err error) examined {
	f := steady.Look[*Error](err, context.Canceled, context.DeadlineExceeded)
	return examined{err: err, known: f.First, nodes: f.Nodes, canceled: f.Is(0), late: f.Is(1)}
}

// presentable returns what of the error a client may see, and how loudly the
// log says so; nil is an internal error.
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

// reference returns that of an error of ours that has one; nil is none.
func (x *examined) reference() *reference {
	for _, node := range x.nodes {
		if ref, is := node.(*reference); is {
			return ref
		}
	}
	return nil
}

// referred returns what a client is told of an internal error, of which known is
// what is known already: with a reference to the line of the log, if there is to
// be one, and without if not.
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

// attrs returns what the log says of the error.
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

// report makes err presentable: an *Error as it is, anything else opaque, and
// shows it in the log and to the Observer. status is the HTTP status of a
// refused handshake, and c nil there.
func (e *Endpoint) report(c *conn, event string, status int, err error) *Error {
	return e.reportKnown(c, event, status, examine(err))
}

func (e *Endpoint) reportKnown(c *conn, event string, status int, x examined) *Error {
	s := e.server
	s.stats.refused.Add(1)
	refusal, level := x.presentable(c)
	logged := s.admits(level, c.asClient())
	if level == slog.LevelError {
		refusal = x.referred(refusal, logged)
	}
	r := Refusal{Gateway: e.spec.Gateway, Event: event, Status: status, Err: refusal}
	if c != nil {
		r.Client = c.asClient()
	}
	if logged {
		attrs := []any{"gateway", e.spec.Gateway, "code", string(refusal.Code)}
		if event != "" {
			attrs = append(attrs, "event", event)
		}
		s.line(c.asClient(), level, "ws: refused", append(attrs, x.attrs()...)...)
	}
	s.tellRefused(r)
	return refusal
}

// refuse answers a message of an event, and of an id if it has one, with a
// refusal.
func (c *conn) refuse(event string, id []byte, refusal *Error, inline bool) {
	c.member.Socket.Reply(c.endpoint.protocol.encodeRefusal(event, id, refusal), inline)
}

// gaveUp closes the connection if a goroutine of its own ends: nobody is left
// who could answer.
func (c *conn) gaveUp(event string, f *steady.Failure) {
	if f.Goexit {
		_ = c.endpoint.report(c, event, 0, f)
		c.close(panicCause)
	}
}
