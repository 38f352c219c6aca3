package wsotel_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wstest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const doName = "chat.Room/do"

func attrKey(s string) attribute.Key { return attribute.Key(s) }

// TestMessage: a message's span is below the upgrade's, links to it, and is in the
// handler's context. The upgrade's does not grow.
func TestMessage(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	s.do = func(ctx context.Context, _ *ws.Client) error {
		_, child := s.tracer.Start(ctx, "child")
		child.End()
		return nil
	}
	c := wstest.Dial(t, s.router)
	c.Call("do", nil).OK()
	c.Call("do", nil).OK()
	all := s.ended(5)
	upgrade := all[upgradeName][0]
	if len(all[doName]) != 2 || len(all["child"]) != 2 || len(upgrade.Links()) != 0 || len(upgrade.Events()) != 0 {
		t.Fatal(all, upgrade.Links())
	}
	for i, span := range all[doName] {
		if span.Parent().SpanID() != upgrade.SpanContext().SpanID() || span.SpanContext().TraceID() != upgrade.SpanContext().TraceID() {
			t.Error(span.Parent())
		}
		if links := span.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != upgrade.SpanContext().SpanID() {
			t.Error(links)
		}
		if all["child"][i].Parent().SpanID() != span.SpanContext().SpanID() {
			t.Error(all["child"][i].Parent())
		}
		if span.SpanKind() != trace.SpanKindServer || span.Status().Code != codes.Unset {
			t.Error(span.SpanKind(), span.Status())
		}
		has := attributes(span)
		for key, want := range map[attribute.Key]string{
			"rpc.system.name": "wsgen", "rpc.method": "chat.Room/do", "rpc.response.status_code": "ok",
			"wsgen.gateway": "chat.Room", "wsgen.event": "do", "wsgen.code": "ok", "wsgen.connection.id": attributes(upgrade)["wsgen.connection.id"],
		} {
			if has[key] != want {
				t.Errorf("%s is %q, want %q", key, has[key], want)
			}
		}
	}
}

// TestMeta: a message with traceparent is in that trace, and has the link to its
// connection all the same. Where clients are not trusted it has two links, no
// baggage, and the trace of its upgrade.
func TestMeta(t *testing.T) {
	for _, public := range []bool{false, true} {
		s := newSite(t, wsotel.Options{Public: public}, nil)
		var tenant string
		s.do = func(ctx context.Context, _ *ws.Client) error {
			tenant = baggage.FromContext(ctx).Member("tenant").Value()
			return nil
		}
		c := wstest.Dial(t, s.router)
		sendWith(c, "7", `{"traceparent":"`+traceparent+`","baggage":"tenant=theirs"}`)
		c.ExpectText(`{"event":"do","id":7,"data":null}`)
		all := s.ended(2)
		upgrade, span := all[upgradeName][0].SpanContext(), all[doName][0]
		var links []string
		for _, l := range span.Links() {
			links = append(links, l.SpanContext.SpanID().String())
		}
		parent, want := span.Parent().SpanID().String(), []string{upgrade.SpanID().String()}
		wantParent, wantTenant := theirSpan, "theirs"
		if public {
			wantParent, wantTenant, want = upgrade.SpanID().String(), "", append(want, theirSpan)
		}
		if parent != wantParent || tenant != wantTenant || fmt.Sprint(links) != fmt.Sprint(want) {
			t.Errorf("public %t: parent %s, links %v, baggage %q", public, parent, links, tenant)
		}
		if id := span.SpanContext().TraceID().String(); (id == theirTrace) == public {
			t.Error(public, id)
		}
		if log := s.log.String(); strings.Contains(log, "event=do took=") && strings.Contains(log, "trace="+theirTrace) == public {
			t.Error(public, log)
		}
	}
}

// TestBadMeta: what is no traceparent changes nothing.
func TestBadMeta(t *testing.T) {
	for _, meta := range []string{`{}`, `{"traceparent":""}`, `{"traceparent":"00-0-0-01"}`, `{"tracestate":"a=b"}`, `{"traceparent":"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}`} {
		s := newSite(t, wsotel.Options{}, nil)
		c := wstest.Dial(t, s.router)
		sendWith(c, "1", meta)
		c.ExpectText(`{"event":"do","id":1,"data":null}`)
		all := s.ended(2)
		if span, upgrade := all[doName][0], all[upgradeName][0].SpanContext(); span.Parent().SpanID() != upgrade.SpanID() || len(span.Links()) != 1 {
			t.Error(meta, span.Parent(), span.Links())
		}
	}
}

// TestOwnTraces: each message begins a trace, but for one that is in the client's.
func TestOwnTraces(t *testing.T) {
	s := newSite(t, wsotel.Options{OwnTraces: true}, nil)
	c := wstest.Dial(t, s.router)
	c.Call("do", nil).OK()
	c.Call("do", nil).OK()
	sendWith(c, "7", `{"traceparent":"`+traceparent+`"}`)
	c.ExpectText(`{"event":"do","id":7,"data":null}`)
	all := s.ended(4)
	upgrade := all[upgradeName][0].SpanContext()
	traces := map[trace.TraceID]bool{upgrade.TraceID(): true}
	for _, span := range all[doName] {
		traces[span.SpanContext().TraceID()] = true
		theirs := span.SpanContext().TraceID().String() == theirTrace
		if links := span.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != upgrade.SpanID() || span.Parent().IsValid() != theirs {
			t.Error(span.Parent(), links)
		}
	}
	if len(traces) != 4 {
		t.Error(traces)
	}
}

// TestOutcome: only a failure is an error, and each has its code.
func TestOutcome(t *testing.T) {
	for code, of := range map[string]struct {
		do     func() error
		status codes.Code
		text   string
	}{
		"ok":          {func() error { return nil }, codes.Unset, ""},
		"conflict":    {func() error { return ws.NewError(ws.CodeConflict, "taken") }, codes.Unset, ""},
		"unavailable": {func() error { return ws.NewError(ws.CodeUnavailable, "later") }, codes.Unset, ""},
		"sold_out":    {func() error { return ws.NewError("sold_out", "gone") }, codes.Unset, ""},
		"internal":    {func() error { return errBroken }, codes.Error, errBroken.Error()},
	} {
		for _, event := range []string{"do", "beside"} {
			s := newSite(t, wsotel.Options{}, nil)
			s.do = func(context.Context, *ws.Client) error { return of.do() }
			c := wstest.Dial(t, s.router)
			c.Call(event, nil).Err()
			span := s.one("chat.Room/"+event, 2)
			has := attributes(span)
			if span.Status().Code != of.status || !strings.Contains(span.Status().Description, of.text) || has["wsgen.code"] != code || has["rpc.response.status_code"] != code {
				t.Error(code, span.Status(), has)
			}
			if (has["error.type"] == "internal") != (code == "internal") {
				t.Error(code, has)
			}
		}
	}
}

// TestTogether: messages of a connection that are handled at the same time, and such
// of other events after them, do not get into each other's way.
func TestTogether(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	const many = 3
	var all sync.WaitGroup
	all.Add(many)
	s.do = func(ctx context.Context, _ *ws.Client) error {
		all.Done()
		all.Wait()
		return ws.NewError(ws.Code(trace.SpanContextFromContext(ctx).SpanID().String()), "")
	}
	c := wstest.Dial(t, s.router)
	var calls []*wstest.Pending
	for range many {
		calls = append(calls, c.Begin("wide", nil))
	}
	for _, call := range calls {
		call.Reply().Err()
	}
	s.do = nil
	c.Call("do", nil).OK()
	ended := s.ended(2 + many)
	if len(ended["chat.Room/wide"]) != many || len(ended[doName]) != 1 {
		t.Fatal(ended)
	}
	for _, span := range ended["chat.Room/wide"] {
		if code := attributes(span)["wsgen.code"]; code != span.SpanContext().SpanID().String() {
			t.Error(code, "is of another message")
		}
	}
	if n := len(s.collect()["rpc.server.call.duration"].Data.(metricdata.Histogram[float64]).DataPoints); n != 1+many {
		t.Error(n, "outcomes")
	}
}

// TestPanic: the span of a handler that panics ends, as that of a failure.
func TestPanic(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	s.do = func(context.Context, *ws.Client) error { panic("oh") }
	c := wstest.Dial(t, s.router)
	c.Send("do", nil)
	c.ExpectClose(ws.CloseInternal)
	if span := s.one(doName, 2); span.Status().Code != codes.Error || !strings.Contains(span.Status().Description, "oh") {
		t.Error(span.Status())
	}
}

// TestStream: the span of a stream ends with it, however it ends.
func TestStream(t *testing.T) {
	for _, end := range []string{"whole", "failed", "cancelled"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, wsotel.Options{}, nil)
			if end == "failed" {
				s.do = func(context.Context, *ws.Client) error { return errBroken }
			}
			c := wstest.Dial(t, s.router)
			values := c.Stream("count", nil)
			if n := wstest.Next[int](values); n != 0 {
				t.Error(n)
			}
			if n := len(s.ended(1)["chat.Room/count"]); n != 0 {
				t.Error("the span has ended before the stream")
			}
			status, code, took := codes.Unset, "ok", 3*time.Second
			switch end {
			case "cancelled":
				values.Cancel()
				code = "canceled"
				took = 2 * time.Second
			case "failed":
				status, code = codes.Error, "internal"
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			span := s.one("chat.Room/count", 2)
			if has := attributes(span); span.Status().Code != status || has["wsgen.code"] != code || span.EndTime().Sub(span.StartTime()) != took {
				t.Error(end, span.Status(), has, span.EndTime().Sub(span.StartTime()))
			}
		})
	}
}

// TestUnsampled: nothing is recorded of what is not sampled, and its handler is in
// its trace nevertheless, so that what it calls is not sampled either.
func TestUnsampled(t *testing.T) {
	s := newSite(t, wsotel.Options{}, sdktrace.NeverSample())
	var in trace.SpanContext
	s.do = func(ctx context.Context, _ *ws.Client) error {
		in = trace.SpanContextFromContext(ctx)
		return nil
	}
	c := wstest.Dial(t, s.router)
	c.Call("do", nil).OK()
	if !in.IsValid() || in.IsSampled() || len(s.spans.Started()) != 0 {
		t.Error(in, s.spans.Started())
	}
	if log := s.log.String(); !strings.Contains(log, "trace="+in.TraceID().String()) {
		t.Error(log)
	}
}

// TestForcedSampling: where the sampler follows the parent, a client has itself
// sampled, unless it is not trusted.
func TestForcedSampling(t *testing.T) {
	for _, public := range []bool{false, true} {
		s := newSite(t, wsotel.Options{Public: public}, sdktrace.ParentBased(sdktrace.NeverSample()))
		c := wstest.Dial(t, s.router)
		sendWith(c, "1", `{"traceparent":"`+traceparent+`"}`)
		c.ExpectText(`{"event":"do","id":1,"data":null}`)
		if n := len(s.spans.Ended()); (n == 1) == public || n > 1 {
			t.Error(public, n)
		}
	}
}

// TestAlone: without Connecting, messages have spans of their own.
func TestAlone(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	c := wstest.NewClient()
	ctx, ended := s.telemetry.Observer().Starting(c.Context(), c.Client, "do")
	if !trace.SpanContextFromContext(ctx).IsValid() {
		t.Error("no span")
	}
	ended(time.Millisecond, nil)
	if span := s.one("/do", 1); len(span.Links()) != 0 || span.Parent().IsValid() {
		t.Error(span.Links(), span.Parent())
	}
}

// TestNothingStays: nothing is kept of connections that have ended.
func TestNothingStays(t *testing.T) {
	s := newSite(t, wsotel.Options{}, sdktrace.NeverSample())
	const each, times = 50, 200
	most := 0
	for range times {
		t.Run("", func(t *testing.T) {
			var last *wstest.Conn
			for range each {
				last = wstest.Dial(t, s.router)
			}
			last.Call("do", nil).OK()
			most = max(most, wsotel.Kept(s.telemetry))
		})
	}
	if most != each {
		t.Errorf("%d connections of %d were known", most, each)
	}
	wait(t, "end of all connections", func() bool { return s.server.Stats().Closed == each*times && wsotel.Kept(s.telemetry) == 0 })
}

// TestTrace: a context without a span is in the trace of its connection's upgrade.
func TestTrace(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	c := s.connected()
	of := s.telemetry.Observer().Trace
	if got, want := of(c.Context()), s.one(upgradeName, 1).SpanContext().TraceID().String(); got != want {
		t.Errorf("%q, want %s", got, want)
	}
	s.telemetry.Observer().Closed(c, ws.Closed{})
	for name, ctx := range map[string]context.Context{"closed": c.Context(), "no": context.Background()} {
		if got := of(ctx); got != "" {
			t.Errorf("%s connection: %q", name, got)
		}
	}
}

// TestUnsampledUpgrade: the messages of a connection that is not sampled have no spans, and
// the sampler is not asked. What their handlers call is in the trace nevertheless.
func TestUnsampledUpgrade(t *testing.T) {
	asked := &counting{of: sdktrace.NeverSample()}
	s := newSite(t, wsotel.Options{}, asked)
	c := wstest.Dial(t, s.router)
	c.Call("do", nil).OK()
	c.Call("do", nil).OK()
	if n := asked.times.Load(); n != 1 {
		t.Errorf("the sampler was asked %d times, want once, for the upgrade", n)
	}
	observer, client := s.telemetry.Observer(), s.connected()
	ctx, ended := observer.Starting(client.Context(), client, "do")
	if in := trace.SpanContextFromContext(ctx); !in.IsValid() || in.IsSampled() || in.TraceID().String() != observer.Trace(client.Context()) {
		t.Errorf("the handler's context has the span %v", in)
	}
	ended(time.Millisecond, nil)
	s.ended(0)
}

// counting counts how often a sampler is asked.
type counting struct {
	of    sdktrace.Sampler
	times atomic.Int64
}

func (c *counting) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	c.times.Add(1)
	return c.of.ShouldSample(p)
}

func (c *counting) Description() string { return c.of.Description() }
