package wsotel_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wstest"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	notraces "go.opentelemetry.io/otel/trace/noop"
)

// want fails the test unless a sum has these values.
func (s *site) want(name string, values map[string]int64) {
	s.t.Helper()
	if got := s.sums(name); !maps.Equal(got, values) {
		s.t.Errorf("%s is\n%v, want\n%v", name, got, values)
	}
}

// TestDuration: the histogram counts messages by gateway, event and outcome, in
// seconds, and a message that is sampled is its example.
func TestDuration(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	bad := []error{nil, nil, ws.NewError(ws.CodeConflict, "taken"), errBroken}
	s.do = func(context.Context, *ws.Client) error {
		err := bad[0]
		bad = bad[1:]
		return err
	}
	c := wstest.Dial(t, s.router)
	for range len(bad) {
		c.Call("do", nil).Err()
	}
	var spans [][]byte
	for _, span := range s.ended(5)[doName] {
		id := span.SpanContext().SpanID()
		spans = append(spans, id[:])
	}
	histogram, ok := s.collect()["rpc.server.call.duration"]
	if !ok || histogram.Unit != "s" {
		t.Fatal(histogram)
	}
	const labelled = "rpc.method=chat.Room/do,rpc.response.status_code=%[1]s,rpc.system.name=wsgen"
	want := map[string]uint64{
		fmt.Sprintf(labelled, "ok"):                                2,
		fmt.Sprintf(labelled, "conflict"):                          1,
		"error.type=internal," + fmt.Sprintf(labelled, "internal"): 1,
	}
	got := map[string]uint64{}
	for _, p := range histogram.Data.(metricdata.Histogram[float64]).DataPoints {
		got[labels(p.Attributes)] = p.Count
		if p.Sum <= 0 || p.Sum > 10 || p.Bounds[0] > 0.0005 || p.Bounds[len(p.Bounds)-1] < 10 {
			t.Error(p.Sum, p.Bounds)
		}
		if len(p.Exemplars) == 0 || !slices.ContainsFunc(spans, func(id []byte) bool { return slices.Equal(id, p.Exemplars[0].SpanID) }) {
			t.Error("no exemplar:", p.Exemplars, spans)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}

// TestHostileNames: events that clients make up are one.
func TestHostileNames(t *testing.T) {
	s := newSite(t, wsotel.Options{}, sdktrace.NeverSample())
	s.do = func(context.Context, *ws.Client) error { return ws.NewError(ws.CodeConflict, "taken") }
	const many = 200
	c := wstest.Dial(t, s.router)
	for i := range many {
		c.Call(fmt.Sprint("made up ", i), nil).ExpectError(ws.CodeUnknownEvent)
	}
	c.Call("do", nil).ExpectError(ws.CodeConflict)
	c.SendText("no frame")
	c.ExpectError(ws.CodeBadFrame)
	s.guard = func(*ws.Upgrade) error { return ws.NewError(ws.CodeForbidden, "not you") }
	wstest.ExpectRefused(t, s.router, 403)
	s.want("wsgen.refusals", map[string]int64{
		"wsgen.code=unknown_event,wsgen.event=_unknown,wsgen.gateway=chat.Room":      many,
		"wsgen.code=conflict,wsgen.event=do,wsgen.gateway=chat.Room":                 1,
		"wsgen.code=bad_frame,wsgen.gateway=chat.Room":                               1,
		"http.response.status_code=403,wsgen.code=forbidden,wsgen.gateway=chat.Room": 1,
	})
}

// TestConnections: connections are counted by gateway, from their answer to their
// end, and their ends by code and side. A peer may make up 2000 codes.
func TestConnections(t *testing.T) {
	s := newSite(t, wsotel.Options{}, sdktrace.NeverSample())
	const of = "wsgen.gateway=chat.Room"
	c, other := wstest.Dial(t, s.router), wstest.Dial(t, s.router)
	c.Call("do", nil).OK()
	other.Call("do", nil).OK()
	s.want("wsgen.connection.count", map[string]int64{of: 2})
	c.Close(4999, "")
	other.Close(ws.CloseNormal, "")
	lasted := func() []metricdata.HistogramDataPoint[float64] {
		h, _ := s.collect()["wsgen.connection.duration"].Data.(metricdata.Histogram[float64])
		return h.DataPoints
	}
	wait(t, "ends", func() bool { all := lasted(); return len(all) == 1 && all[0].Count == 2 })
	s.want("wsgen.connection.count", map[string]int64{of: 0})
	s.want("wsgen.connection.opened", map[string]int64{of: 2})

	observer := s.telemetry.Observer()
	for code := range ws.CloseCode(1000) {
		observer.Closed(s.connected(), ws.Closed{Code: 3000 + code, Remote: true})
	}
	observer.Closed(s.connected(), ws.Closed{Code: ws.CloseForbidden})
	observer.Closed(s.connected(), ws.Closed{Code: ws.CloseAbnormal, Remote: true})
	observer.Closed(new(ws.Client), ws.Closed{Code: ws.CloseNormal}) // nobody knows it
	s.want("wsgen.connection.closed", map[string]int64{
		"wsgen.close.code=_other,wsgen.close.remote=true," + of: 1001,
		"wsgen.close.code=1000,wsgen.close.remote=true," + of:   1,
		"wsgen.close.code=4403,wsgen.close.remote=false," + of:  1,
		"wsgen.close.code=1006,wsgen.close.remote=true," + of:   1,
	})
	if points := lasted(); len(points) != 1 || points[0].Count != 1004 || labels(points[0].Attributes) != of {
		t.Error(points)
	}
}

// TestConnectionDuration: it is in seconds.
func TestConnectionDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, wsotel.Options{}, nil)
		c := wstest.Dial(t, s.router)
		time.Sleep(90 * time.Second)
		c.Close(ws.CloseNormal, "")
		synctest.Wait()
		if points := s.collect()["wsgen.connection.duration"].Data.(metricdata.Histogram[float64]).DataPoints; points[0].Sum != 90 {
			t.Error(points)
		}
	})
}

// TestMadeUpCodes: a program that puts an id into codes costs so many series, and
// the first codes stay what they are.
func TestMadeUpCodes(t *testing.T) {
	s := newSite(t, wsotel.Options{}, sdktrace.NeverSample())
	observer := s.telemetry.Observer()
	const most = 32
	for range 2 {
		for i := range 1000 {
			code := ws.Code(fmt.Sprint("not_found_", i))
			observer.Refused(ws.Refusal{Gateway: "a.B", Err: ws.NewError(code, "")})
			_, ended := observer.Starting(context.Background(), new(ws.Client), "do")
			ended(time.Millisecond, ws.NewError(code, ""))
		}
	}
	observer.Refused(ws.Refusal{Gateway: "a.B", Err: ws.NewError(ws.CodeInternal, "")})
	got := s.sums("wsgen.refusals")
	if len(got) != most+2 || got["wsgen.code=internal,wsgen.gateway=a.B"] != 1 || got["wsgen.code=_other,wsgen.gateway=a.B"] != 2*(1000-most) || got["wsgen.code=not_found_0,wsgen.gateway=a.B"] != 2 {
		t.Error(len(got), got)
	}
	if n := len(s.collect()["rpc.server.call.duration"].Data.(metricdata.Histogram[float64]).DataPoints); n != most+1 {
		t.Error(n, "series of durations")
	}
}

// TestPushes: pushes, the outboxes that they reach and what they lose are counted by
// declared event.
func TestPushes(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	push := ws.NewPush(s.server, func(to ws.Target) ws.Target { return to })
	c, other := wstest.Dial(t, s.router), wstest.Dial(t, s.router)
	for range 3 {
		if n, err := push.All().Emit("said", "hello"); n != 2 || err != nil {
			t.Fatal(n, err)
		}
	}
	for _, to := range []*wstest.Conn{c, other} {
		wstest.Expect[string](to, "said")
	}
	const frame = 2 + int64(len(`{"event":"said","data":"hello"}`)) // with its header
	s.want("wsgen.push.calls", map[string]int64{"wsgen.event=said": 3})
	s.want("wsgen.push.outboxes", map[string]int64{"wsgen.event=said": 6})
	s.want("wsgen.push.bytes", map[string]int64{"wsgen.event=said": 6 * frame})
	for i := range 100 {
		if _, err := s.server.EmitTo("nobody is there", fmt.Sprint("made up ", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	s.want("wsgen.push.calls", map[string]int64{"wsgen.event=said": 3, "wsgen.event=_unknown": 100})

	shed := s.telemetry.Observer().Shed
	shed(ws.Shed{Event: "said", Declared: true, Sent: 5, Shed: 2, Replaced: 3, Closed: 1})
	shed(ws.Shed{Event: "made up", Shed: 1})
	s.want("wsgen.push.shed", map[string]int64{"wsgen.event=said": 2, "wsgen.event=_unknown": 1})
	s.want("wsgen.push.replaced", map[string]int64{"wsgen.event=said": 3, "wsgen.event=_unknown": 0})
	s.want("wsgen.push.disconnected", map[string]int64{"wsgen.event=said": 1, "wsgen.event=_unknown": 0})
}

// TestWatch: what Stats has is collected, the sum of the servers that are watched,
// each once, until Close.
func TestWatch(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	if n := len(s.sums("wsgen.server.connections")); n != 0 {
		t.Error(n, "values, and nothing is watched")
	}
	first := s.server
	wstest.Dial(t, s.router).Call("do", nil).OK()
	s.open()
	c := wstest.Dial(t, s.router)
	c.Call("do", nil).OK()
	c.Call("do", nil).OK()
	s.telemetry.Watch(first, s.server, nil)
	s.telemetry.Watch(s.server)
	got := map[string]int64{}
	for name := range s.collect() {
		short, ok := strings.CutPrefix(name, "wsgen.server.")
		if ok && !strings.HasPrefix(short, "history.") && !strings.HasPrefix(short, "presence.") { // of which is TestKept
			got[short] = s.sums(name)[""]
		}
	}
	want := map[string]int64{
		"connections": 2, "admitted": 2, "outbox.limit": 2 * 256 << 20, "rooms": 0, "outbox.size": 0, "draining": 0,
		"opened": 2, "closed": 0, "received": 3, "queued": 3, "shed": 0, "replaced": 0, "slow": 0, "silent": 0, "dropped": 0, "refused": 0, "unopened": 0,
		"detached": 0, "resumed": 0, "unresumed": 0,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	s.telemetry.Watch(ws.NewServer(ws.Options{OutboxTotalBytes: ws.Unlimited}))
	if n := len(s.sums("wsgen.server.outbox.limit")); n != 0 {
		t.Error("there is a limit, and one server has none")
	}
	if err := s.telemetry.Close(); err != nil {
		t.Error(err)
	}
	if n := len(s.sums("wsgen.server.connections")); n != 0 {
		t.Error(n, "values after Close")
	}
	c.Call("do", nil).OK()
	if err := s.telemetry.Close(); err != nil {
		t.Error(err)
	}
}

// TestGlobals: without options it is the global providers that are told.
func TestGlobals(t *testing.T) {
	defer otel.SetTracerProvider(notraces.NewTracerProvider())
	defer otel.SetMeterProvider(noop.NewMeterProvider())
	s := newSite(t, wsotel.Options{}, nil)
	reader := sdkmetric.NewManualReader()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans)))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	telemetry, err := wsotel.New(wsotel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.telemetry, s.reader = telemetry, reader
	s.open()
	wstest.Dial(t, s.router).Call("do", nil).OK()
	s.ended(2)
	if _, ok := s.collect()["rpc.server.call.duration"]; !ok {
		t.Error("no metrics")
	}
}

// TestNew: an instrument that cannot be made is an error.
func TestNew(t *testing.T) {
	if _, err := wsotel.New(wsotel.Options{MeterProvider: broken{}}); err == nil || strings.Count(err.Error(), errMeter.Error()) < 10 {
		t.Error(err)
	}
}

var errMeter = errors.New("no instrument")

type broken struct{ noop.MeterProvider }

func (broken) Meter(string, ...metric.MeterOption) metric.Meter { return brokenMeter{} }

type brokenMeter struct{ noop.Meter }

func (brokenMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return noop.Int64Counter{}, errMeter
}

func (brokenMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return noop.Float64Histogram{}, errMeter
}

func (brokenMeter) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	return noop.Registration{}, errMeter
}
