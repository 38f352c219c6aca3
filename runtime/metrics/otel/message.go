package wsotel

import (
	"context"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// message is a message that is being handled. It is used again, and with it the
// function that ends it, so that a message in the trace of an upgrade that is not
// sampled costs no memory.
type message struct {
	of    *Telemetry
	home  *connection     // which it is a part of; nil: it is one of of.messages
	ctx   context.Context // for the metrics: with span, if that is recorded
	span  trace.Span
	event *event // kept when the message has ended: the next one is often of the same
	end   func(time.Duration, *ws.Error)
}

// newMessage returns a message to be used again and again.
func (t *Telemetry) newMessage() any {
	m := &message{of: t}
	m.end = m.ended
	return m
}

// message returns a message of a connection. The first of those that are handled at
// the same time is a part of the connection, which is read anyway.
func (t *Telemetry) message(conn *connection, event string) *message {
	m := &conn.first
	switch {
	case !conn.busy.CompareAndSwap(false, true):
		m = t.messages.Get().(*message)
	case m.end == nil:
		m.of, m.home, m.end = t, conn, m.ended
	}
	if m.home == nil || m.event == nil || m.event.name != event {
		m.event = conn.gateway.events.of(event)
	}
	return m
}

// release makes the message fit for another.
func (m *message) release() {
	m.ctx, m.span = nil, nil
	if m.home != nil {
		m.home.busy.Store(false)
	} else {
		m.of.messages.Put(m)
	}
}

// asServer is the options of a message's span. Its attributes are none: they would
// be copied for each message, sampled or not.
var asServer = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// starting begins the span of a message.
func (t *Telemetry) starting(ctx context.Context, c *ws.Client, name string) (context.Context, func(time.Duration, *ws.Error)) {
	conn := t.conn(c)
	if conn == nil { // somebody took Connecting out of the Observer
		conn = t.newConnection(c, "", trace.SpanContext{})
	}
	m := t.message(conn, name)
	ctx, theirs, inherits := t.parent(ctx, conn)
	if m.ctx = context.Background(); inherits && conn.unsampled {
		m.span = conn.upgrade
		return ctx, m.end
	}
	ctx, m.span = t.tracer.Start(ctx, m.event.method, asServer...)
	if m.span.IsRecording() {
		m.ctx = ctx                                                     // so that the metrics have an exemplar
		m.span.SetAttributes(append(m.event.attrs, connectionID(c))...) // a copy: attrs has no room
		link(m.span, conn.upgrade.SpanContext())
		link(m.span, theirs)
	}
	return ctx, m.end
}

// parent returns ctx with the parent of a message's span in it, the client's span
// if it is to be linked to, and whether the parent is the connection's.
func (t *Telemetry) parent(ctx context.Context, conn *connection) (of context.Context, theirs trace.SpanContext, inherits bool) {
	if meta := ws.Meta(ctx); len(meta) > 0 {
		ctx, theirs = t.read(ctx, propagation.MapCarrier(meta))
		if !t.public && trace.SpanContextFromContext(ctx).IsRemote() {
			return ctx, theirs, false
		}
	}
	if ctx == conn.of { // that is comparable
		return conn.below, theirs, true
	}
	return t.under(ctx, conn), theirs, true
}

// ended ends the span, and counts the message.
func (m *message) ended(took time.Duration, refusal *ws.Error) {
	m.of.metrics.duration.Record(m.ctx, took.Seconds(), m.event.outcome(refusal)...)
	if m.span.IsRecording() {
		conclude(m.span, refusal, statusKey.String(string(codeOf(refusal))))
		m.span.End()
	}
	m.release()
}
