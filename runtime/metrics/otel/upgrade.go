package wsotel

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	ws "github.com/wsgen/wsgen/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// connection is what is known of a connection that is open.
type connection struct {
	gateway *gateway
	// upgrade is the span of the upgrade, which has ended, as a parent of others:
	// it holds nothing but its SpanContext.
	upgrade trace.Span
	// unsampled says that it is not sampled, and so none of the messages that are
	// in its trace: they need no span, and the sampler is not asked.
	unsampled bool
	// of is the connection's context, and below the same with the parent of its
	// messages. Most messages have the connection's context, and share the other.
	of, below context.Context

	busy  atomic.Bool // first is a message that is being handled
	first message
}

// newConnection returns a connection whose upgrade had this span.
func (t *Telemetry) newConnection(c *ws.Client, gateway string, span trace.SpanContext) *connection {
	conn := &connection{
		gateway: t.gateways.of(gateway), of: c.Context(),
		upgrade: trace.SpanFromContext(trace.ContextWithSpanContext(context.Background(), span)),
	}
	conn.unsampled = !t.ownTraces && span.IsValid() && !span.IsSampled()
	conn.below = t.under(conn.of, conn)
	return conn
}

// under returns ctx with the parent of the messages of a connection. No span is one,
// too: it keeps the tracer from looking for others in the connection's context, which
// would be made for that.
func (t *Telemetry) under(ctx context.Context, conn *connection) context.Context {
	if t.ownTraces {
		return trace.ContextWithSpan(ctx, trace.SpanFromContext(context.Background()))
	}
	return trace.ContextWithSpan(ctx, conn.upgrade)
}

// conn returns what is known of c; nil if nothing is.
func (t *Telemetry) conn(c *ws.Client) *connection {
	conn, _ := t.conns.Load(c)
	known, _ := conn.(*connection)
	return known
}

// connecting begins the span of an upgrade.
func (t *Telemetry) connecting(ctx context.Context, h ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
	var theirs trace.SpanContext
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx, theirs = t.read(ctx, propagation.HeaderCarrier(h.Header))
	}
	ctx, span := t.tracer.Start(ctx, methodOf(&h)+" "+h.Pattern, asServer...)
	if span.IsRecording() {
		span.SetAttributes(
			gatewayKey.String(h.Gateway), semconv.HTTPRoute(h.Pattern), semconv.HTTPRequestMethodKey.String(methodOf(&h)),
			semconv.NetworkProtocolName("http"), semconv.NetworkProtocolVersion(versionOf(&h)))
		link(span, theirs)
	}
	return ctx, func(c *ws.Client, refusal *ws.Error) {
		if c != nil {
			t.opened(c, t.newConnection(c, h.Gateway, span.SpanContext()))
		}
		if span.IsRecording() {
			var of []attribute.KeyValue
			if c != nil {
				of = append(of, semconv.HTTPResponseStatusCode(statusOf(&h)), connectionID(c))
			}
			conclude(span, refusal, of...)
		}
		span.End()
	}
}

// opened keeps what is known of a connection.
func (t *Telemetry) opened(c *ws.Client, conn *connection) {
	t.conns.Store(c, conn)
	t.metrics.connOpened(conn.gateway)
}

// closed forgets it.
func (t *Telemetry) closed(c *ws.Client, cause ws.Closed) {
	conn, _ := t.conns.LoadAndDelete(c)
	if known, ok := conn.(*connection); ok {
		t.metrics.connClosed(known.gateway, c.Age(), cause)
	}
}

// read returns ctx with what a client says of its trace. If clients are not
// trusted, it returns ctx as it is, and the client's span for a link.
func (t *Telemetry) read(ctx context.Context, from propagation.TextMapCarrier) (context.Context, trace.SpanContext) {
	if !t.public {
		return t.propagator.Extract(ctx, from), trace.SpanContext{}
	}
	return ctx, trace.SpanContextFromContext(t.propagator.Extract(context.Background(), from))
}

// link links span to another, if there is one.
func link(span trace.Span, to trace.SpanContext) {
	if to.IsValid() {
		span.AddLink(trace.Link{SpanContext: to})
	}
}

// conclude says how that which span is about came out. more is set beside it.
func conclude(span trace.Span, refusal *ws.Error, more ...attribute.KeyValue) {
	more = append(more, codeKey.String(string(codeOf(refusal))))
	if failed(refusal) {
		more = append(more, semconv.ErrorTypeKey.String(string(refusal.Code)))
		span.SetStatus(codes.Error, refusal.Error())
	}
	span.SetAttributes(more...)
}

// failed reports whether a refusal is the server's fault, and no answer that it
// wanted to give.
func failed(refusal *ws.Error) bool { return refusal != nil && refusal.Code == ws.CodeInternal }

// codeOf returns the code of a refusal, "ok" for none.
func codeOf(refusal *ws.Error) ws.Code {
	if refusal == nil {
		return "ok"
	}
	return refusal.Code
}

func connectionID(c *ws.Client) attribute.KeyValue {
	return attribute.String("wsgen.connection.id", c.String())
}

// methodOf returns the method of a handshake (RFC 6455, section 4.1; RFC 8441,
// section 4).
func methodOf(h *ws.Handshake) string {
	if strings.HasPrefix(h.Proto, "HTTP/1.") {
		return http.MethodGet
	}
	return http.MethodConnect
}

// statusOf returns the status that a handshake is accepted with (as methodOf).
func statusOf(h *ws.Handshake) int {
	if methodOf(h) == http.MethodConnect {
		return http.StatusOK
	}
	return http.StatusSwitchingProtocols
}

// versionOf returns the version of HTTP as the conventions have it: "1.1", "2".
func versionOf(h *ws.Handshake) string {
	return strings.TrimSuffix(strings.TrimPrefix(h.Proto, "HTTP/"), ".0")
}
