package wsotel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wstest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a gateway that is observed, and what was told of it.
type site struct {
	t         testing.TB
	telemetry *wsotel.Telemetry
	server    *ws.Server
	router    http.Handler
	spans     *tracetest.SpanRecorder
	reader    *metric.ManualReader
	tracer    trace.Tracer
	log       *lockedBuffer

	guard func(*ws.Upgrade) error
	// A handler of the event "do" calls do.
	do func(ctx context.Context, c *ws.Client) error
}

// newSite opens one whose spans sampler samples, all of them if it is nil.
func newSite(t testing.TB, o wsotel.Options, sampler sdktrace.Sampler) *site {
	t.Helper()
	s := &site{t: t, spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader(), log: &lockedBuffer{}}
	if sampler == nil {
		sampler = sdktrace.AlwaysSample()
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans), sdktrace.WithSampler(sampler))
	s.tracer = traces.Tracer("the program")
	o.TracerProvider = traces
	o.MeterProvider = metric.NewMeterProvider(metric.WithReader(s.reader))
	o.Propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	var err error
	if s.telemetry, err = wsotel.New(o); err != nil {
		t.Fatal(err)
	}
	s.open()
	return s
}

// open serves the gateway. What generated code has is written by hand.
func (s *site) open() {
	s.server = ws.NewServer(ws.Options{
		Observer: s.telemetry.Observer(),
		Logger:   slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	handlers := []ws.Handler{{Event: "do"}, {Event: "beside", Mode: ws.Serial}, {Event: "count", Mode: ws.Serial, Stream: true}, {Event: "wide", Mode: ws.Parallel}}
	s.router = ws.NewRouter(ws.NewEndpoint(s.server, ws.Spec{
		Gateway: "chat.Room", Path: "/chat",
		ConnGuards: []ws.ConnGuard{door{s}},
		Handlers:   handlers,
		Lookup: func(event []byte) int {
			for i, h := range handlers {
				if h.Event == string(event) {
					return i
				}
			}
			return -1
		},
		Call: func(handler int, c *ws.Call) error {
			ctx, client := c.Context(), c.Client()
			if handler == 2 {
				return ws.Stream2(c, func(yield func(int, error) bool) {
					for i := range 3 {
						time.Sleep(time.Second)
						if !yield(i, nil) {
							return
						}
					}
					if s.do != nil {
						yield(0, s.do(ctx, client))
					}
				})
			}
			if s.do == nil {
				return nil
			}
			return s.do(ctx, client)
		},
	}))
}

type door struct{ *site }

func (d door) GuardConn(u *ws.Upgrade) error {
	if d.guard != nil {
		return d.guard(u)
	}
	return nil
}

// ended returns the spans that have ended, by name, once there are n.
func (s *site) ended(n int) map[string][]sdktrace.ReadOnlySpan {
	s.t.Helper()
	var all []sdktrace.ReadOnlySpan
	wait(s.t, "spans", func() bool { all = s.spans.Ended(); return len(all) >= n })
	byName := map[string][]sdktrace.ReadOnlySpan{}
	for _, span := range all {
		byName[span.Name()] = append(byName[span.Name()], span)
	}
	if len(all) != n {
		s.t.Fatalf("%d spans, want %d: %v", len(all), n, byName)
	}
	return byName
}

// one returns the only span of a name among n that have ended.
func (s *site) one(name string, n int) sdktrace.ReadOnlySpan {
	s.t.Helper()
	all := s.ended(n)
	if len(all[name]) != 1 {
		s.t.Fatalf("%d spans %q: %v", len(all[name]), name, all)
	}
	return all[name][0]
}

// wait waits for a condition, which goroutines of the server bring about.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(until) {
			t.Fatalf("no %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// collect returns the metrics by name.
func (s *site) collect() map[string]metricdata.Metrics {
	s.t.Helper()
	var out metricdata.ResourceMetrics
	if err := s.reader.Collect(context.Background(), &out); err != nil {
		s.t.Fatal(err)
	}
	all := map[string]metricdata.Metrics{}
	for _, scope := range out.ScopeMetrics {
		for _, m := range scope.Metrics {
			all[m.Name] = m
		}
	}
	return all
}

// sums returns the values of a sum by their attributes; none if it has no values.
func (s *site) sums(name string) map[string]int64 {
	s.t.Helper()
	out := map[string]int64{}
	m, ok := s.collect()[name]
	if !ok {
		return out
	}
	sum, ok := m.Data.(metricdata.Sum[int64])
	if !ok {
		s.t.Fatalf("%s is %T", name, m.Data)
	}
	for _, p := range sum.DataPoints {
		out[labels(p.Attributes)] += p.Value
	}
	return out
}

func labels(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

// attributes returns those of a span.
func attributes(span sdktrace.ReadOnlySpan) map[attribute.Key]string {
	out := map[attribute.Key]string{}
	for _, a := range span.Attributes() {
		out[a.Key] = a.Value.String()
	}
	return out
}

// lockedBuffer is a log.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const (
	theirTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	theirSpan   = "00f067aa0ba902b7"
	traceparent = "00-" + theirTrace + "-" + theirSpan + "-01"
)

// sendWith sends the event "do" with meta.
func sendWith(c *wstest.Conn, id, meta string) {
	c.SendText(`{"event":"do","id":` + id + `,"meta":` + meta + `}`)
}

var errBroken = errors.New("the disk is full")

// talk serves a gateway, connects to it, and sends an event.
func talk(server *ws.Server) {
	endpoint := ws.NewEndpoint(server, ws.Spec{ // generated code does this
		Gateway: "shop.Gateway", Path: "/shop",
		Handlers: []ws.Handler{{Event: "buy"}},
		Lookup:   func([]byte) int { return 0 },
		Call: func(_ int, c *ws.Call) error {
			trace.SpanFromContext(c.Context()).AddEvent("looked into the store")
			return ws.NewError("sold_out", "there is none left")
		},
	})
	t := &alone{}
	defer t.end()
	c := wstest.Dial(t, http.Handler(ws.NewRouter(endpoint)))
	c.Call("buy", nil).ExpectError("sold_out")
}

// alone is a testing.TB outside of a test.
type alone struct {
	testing.TB

	cleanups []func()
}

func (*alone) Helper()                     {}
func (t *alone) Cleanup(f func())          { t.cleanups = append(t.cleanups, f) }
func (*alone) Fatal(all ...any)            { panic(fmt.Sprint(all...)) }
func (*alone) Fatalf(f string, all ...any) { panic(fmt.Sprintf(f, all...)) }
func (*alone) Errorf(f string, all ...any) { panic(fmt.Sprintf(f, all...)) }
func (t *alone) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
