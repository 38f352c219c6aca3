// Command wsgen-otel is the server wsgen with spans and metrics by OpenTelemetry, as
// a program has them that exports both: one connection in a hundred is sampled, with
// all of its messages, and what is to be exported goes nowhere.
package main

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/bench/servers/wsgen/gateway"
	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
)

// every is how often the metrics are collected; programs do it less often.
const every = 2 * time.Second

func main() {
	telemetry, err := wsotel.New(wsotel.Options{
		TracerProvider: trace.NewTracerProvider(
			trace.WithBatcher(spans{}),
			trace.WithSampler(trace.ParentBased(new(oneInHundred)))),
		MeterProvider: metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics{}, metric.WithInterval(every)))),
		Propagator:    propagation.TraceContext{},
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

// oneInHundred samples the first of each hundred traces. With TraceIDRatioBased it
// could be none of a row's hundred connections.
type oneInHundred struct{ asked atomic.Uint64 }

// ShouldSample counts.
func (o *oneInHundred) ShouldSample(trace.SamplingParameters) trace.SamplingResult {
	if o.asked.Add(1)%100 == 1 {
		return trace.SamplingResult{Decision: trace.RecordAndSample}
	}
	return trace.SamplingResult{Decision: trace.Drop}
}

// Description names it.
func (*oneInHundred) Description() string { return "one in a hundred" }

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
