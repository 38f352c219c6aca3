package wsotel_test

import (
	"context"
	"errors"
	"fmt"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// ExampleNew shows where a program puts its providers, and what becomes of a
// message that a handler refuses.
func ExampleNew() {
	exporter := tracetest.NewInMemoryExporter() // a program takes that of otlptracegrpc
	traces := sdktrace.NewTracerProvider(
		sdktrace.WithSyncer(exporter), // and WithBatcher
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(1))))
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())) // and a PeriodicReader
	telemetry, err := wsotel.New(wsotel.Options{
		TracerProvider: traces,
		MeterProvider:  meters,
		Propagator:     propagation.TraceContext{},
		Public:         true, // clients are not our own
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := ws.NewServer(ws.Options{Observer: telemetry.Observer()})
	telemetry.Watch(server)
	talk(server) // as a program that serves server's gateways
	fmt.Println(errors.Join(server.Shutdown(context.Background()), telemetry.Close(), traces.ForceFlush(context.Background())))

	for _, span := range exporter.GetSpans() {
		fmt.Println(span.SpanKind, span.Name, len(span.Links), span.Status.Code)
	}
	// Output:
	// <nil>
	// server GET /shop 0 Unset
	// server shop.Gateway/buy 1 Unset
}
