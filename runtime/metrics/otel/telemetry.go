// Package wsotel tells OpenTelemetry what happens on a ws.Server: a span for each
// upgrade and each message, and metrics.
//
//	telemetry, err := wsotel.New(wsotel.Options{})
//	server := ws.NewServer(ws.Options{Observer: telemetry.Observer()})
//	telemetry.Watch(server)
//
// # Traces
//
// The span of a connection is that of its upgrade, as an HTTP request (OpenTelemetry
// semantic conventions 1.43, HTTP spans), and ends with that: a span that lasted as
// long as the connection would be exported when nobody looks for it any more. Its
// parent is the span in the request's context, else what the request's header says.
//
// Each message that has a handler has a span of the kind server (RPC spans), called
// "gateway/event", from before its guards until its answer, a stream's until its
// end. The guards, interceptors and the handler have it in their context. Its parent
// is what the message's meta says (docs/reference/protocol.md, "Meta"), else the
// span of the upgrade, and it has a link to that in any case. There are no links the
// other way: a span keeps 128, and a connection has more messages. If the upgrade was
// not sampled, messages in its trace have no span. The status is an
// error if the message failed with ws.CodeInternal. Other refusals are answers, and
// are told by the attribute wsgen.code, which is "ok" for a message that was handled;
// a handler that knows better sets the status of the span in its context.
//
// A middleware that makes a span for each HTTP request makes one for the upgrade,
// too. It takes the upgrade for a request that is over when the connection is, or
// for one with status 200. Have it leave gateways out:
//
//	otelhttp.NewHandler(mux, "http", otelhttp.WithFilter(func(r *http.Request) bool {
//		return r.Header.Get("Upgrade") == "" && r.Method != http.MethodConnect
//	}))
//
// # Clients that choose
//
// A client can write any traceparent. With it the client chooses the trace that its
// spans are in, and, where the sampler follows the parent (sdktrace.ParentBased, the
// SDK's default), that they are sampled: all of its messages, whatever the ratio is.
// Baggage that it sends goes on to other services. Set Options.Public if clients are
// not your own.
//
// # Metrics
//
// How long messages take is rpc.server.call.duration, as the conventions for RPC have
// it; a message that is sampled is an exemplar of it. All others are called
// wsgen.something, and those that Watch adds wsgen.server.something, which cost
// nothing but at a collection: wsgen.server.history.something is about kept pushes, and
// wsgen.server.presence.something about who is seen in rooms. Those of a cluster,
// wsgen.server.cluster.something and wsgen.cluster.changes, have values once a Server is in one (ws.Options.Cluster).
//
// The number of series has a bound that no client can move. An event that no handler
// and no interface marked //ws:push declares is "_unknown". Of the program's own codes
// the first 32 are told apart, and the others are "_other". So is a close code that is
// neither in RFC 6455 nor wsgen's.
package wsotel

import (
	"context"
	"errors"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of the tracer and of the meter.
const scope = "github.com/wsgen/wsgen/runtime/metrics/otel"

// Options say where to, and how far clients are trusted. The zero value is of use.
type Options struct {
	// TracerProvider makes the spans. Default: otel.GetTracerProvider(). For
	// metrics without spans, take that of go.opentelemetry.io/otel/trace/noop.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the metrics. Default: otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
	// Propagator reads the trace that a client is in, from the header of the
	// upgrade and from a message's meta. Default: otel.GetTextMapPropagator(),
	// which reads nothing until otel.SetTextMapPropagator was called.
	Propagator propagation.TextMapPropagator
	// Public says that clients are not trusted: what they say about their trace
	// becomes a link of the span and never its parent, and their baggage is
	// dropped. So the sampler alone decides. Default: it becomes the parent.
	Public bool
	// OwnTraces begins a trace for each message that is not in the client's, so
	// that each is sampled for itself, and no trace grows for as long as a
	// connection lasts. Default: such messages are in the trace of the upgrade.
	// They are all sampled if that was. Otherwise they have no spans, for which
	// the sampler is not asked, and cost next to nothing.
	OwnTraces bool
}

// Telemetry is what New returns. All methods are safe for concurrent use.
type Telemetry struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	public     bool
	ownTraces  bool
	metrics    *metrics
	gateways   table[string, *gateway]
	conns      sync.Map  // *ws.Client → *connection; those that are open
	messages   sync.Pool // *message
	watched    watched
}

// New returns a Telemetry. It fails if an instrument cannot be made.
func New(o Options) (*Telemetry, error) {
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.Propagator == nil {
		o.Propagator = otel.GetTextMapPropagator()
	}
	meter := o.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	t := &Telemetry{
		tracer:     o.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		propagator: o.Propagator, public: o.Public, ownTraces: o.OwnTraces,
	}
	var bad error
	t.metrics, bad = newMetrics(meter)
	t.messages.New = t.newMessage
	t.gateways.make = t.metrics.newGateway
	return t, errors.Join(bad, t.watched.register(meter))
}

// Observer returns the Observer for ws.Options, of one Server or of several. Join it
// with others by And.
func (t *Telemetry) Observer() ws.Observer {
	return ws.Observer{
		Connecting: t.connecting,
		Closed:     t.closed,
		Starting:   t.starting,
		Sent:       t.metrics.sent,
		Refused:    t.metrics.refused,
		Shed:       t.metrics.shed,
		Cluster:    t.metrics.changed,
		Trace:      t.traceID,
	}
}

// Watch has the numbers of ws.Server.Stats collected with the metrics, the sum of
// all servers that are watched. One that is watched already is not counted twice.
func (t *Telemetry) Watch(servers ...*ws.Server) { t.watched.add(servers) }

// Close ends what Watch began, and forgets the servers. The Observer goes on. It
// returns what the meter says, which is nil but for one that is broken.
func (t *Telemetry) Close() error { return t.watched.end() }

// traceID returns the id of the trace that ctx belongs to: its span's, else that of
// the connection's upgrade.
func (t *Telemetry) traceID(ctx context.Context) string {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.HasTraceID() {
		c, _ := ws.ClientFrom(ctx)
		if conn := t.conn(c); conn != nil {
			sc = conn.upgrade.SpanContext()
		}
	}
	if !sc.HasTraceID() {
		return ""
	}
	return sc.TraceID().String()
}
