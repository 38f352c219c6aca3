// Command wsgen-otel is the server wsgen with spans and metrics by OpenTelemetry, as
// a program has them that exports both: one message in a hundred is sampled, and what
// is to be exported goes nowhere.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/wsgen/wsgen/bench/servers/wsgen/gateway"
	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
)

const (
	sampled = 0.01            // share of the traces
	every   = 2 * time.Second // the metrics are collected; programs do it less often
)

func main() {
	telemetry, err := wsotel.New(wsotel.Options{
		TracerProvider: trace.NewTracerProvider(
			trace.WithBatcher(spans{}),
			trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(sampled)))),
		MeterProvider: metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics{}, metric.WithInterval(every)))),
		Propagator:    propagation.TraceContext{},
		// Else the messages of one connection in a hundred are sampled, and of the
		// row's hundred that may be none.
		OwnTraces: true,
	})
	if err != nil {
		slog.Error("no telemetry", "err", err)
		os.Exit(1)
	}
	gateway.Serve(func(o ws.Options) *ws.Server {
		o.Observer = telemetry.Observer()
		server := ws.NewServer(o)
		telemetry.Watch(server)
		return server
	})
}

// spans is an exporter of spans to nowhere.
type spans struct{}

// ExportSpans forgets them.
func (spans) ExportSpans(context.Context, []trace.ReadOnlySpan) error { return nil }

// Shutdown does nothing.
func (spans) Shutdown(context.Context) error { return nil }

// metrics is an exporter of metrics to nowhere.
type metrics struct{}

// Temporality is the SDK's default.
func (metrics) Temporality(k metric.InstrumentKind) metricdata.Temporality {
	return metric.DefaultTemporalitySelector(k)
}

// Aggregation is the SDK's default.
func (metrics) Aggregation(k metric.InstrumentKind) metric.Aggregation {
	return metric.DefaultAggregationSelector(k)
}

// Export forgets them.
func (metrics) Export(context.Context, *metricdata.ResourceMetrics) error { return nil }

// ForceFlush does nothing.
func (metrics) ForceFlush(context.Context) error { return nil }

// Shutdown does nothing.
func (metrics) Shutdown(context.Context) error { return nil }
