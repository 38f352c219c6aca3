package wsotel_test

import (
	"context"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wstest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// connected returns a connection that the Observer of s knows.
func (s *site) connected() *ws.Client {
	c := wstest.NewClient(wstest.On(s.server))
	_, answered := s.telemetry.Observer().Connecting(context.Background(), ws.Handshake{Gateway: "chat.Room", Pattern: "/chat", Proto: "HTTP/1.1"})
	answered(c.Client, nil)
	return c.Client
}

// TestCost: messages of an upgrade that is not sampled, pushes, losses and refusals
// cost no memory.
func TestCost(t *testing.T) {
	s := newSite(t, wsotel.Options{}, sdktrace.NeverSample())
	observer, c := s.telemetry.Observer(), s.connected()
	ctx := c.Context()
	refusal := ws.NewError(ws.CodeConflict, "taken")
	for name, of := range map[string]struct {
		most float64
		do   func()
	}{
		"message": {0, func() {
			_, ended := observer.Starting(ctx, c, "do")
			ended(time.Millisecond, nil)
		}},
		"refused message": {0, func() {
			_, ended := observer.Starting(ctx, c, "do")
			ended(time.Millisecond, refusal)
		}},
		"push":    {0, func() { observer.Sent(ws.Sent{Event: "said", Declared: true, Outboxes: 3, Bytes: 100}) }},
		"made up": {0, func() { observer.Sent(ws.Sent{Event: "anything", Outboxes: 3, Bytes: 100}) }},
		"change":  {0, func() { observer.Cluster(ws.ClusterEvent{Change: ws.ClusterLost, Count: 3}) }},
		"loss":    {0, func() { observer.Shed(ws.Shed{Event: "said", Declared: true, Shed: 1}) }},
		"refusal": {0, func() {
			observer.Refused(ws.Refusal{Gateway: "chat.Room", Event: "do", Declared: true, Client: c, Err: refusal})
		}},
		"bad": {0, func() { observer.Refused(ws.Refusal{Gateway: "chat.Room", Event: "made up", Err: refusal}) }},
	} {
		if got := testing.AllocsPerRun(100, of.do); got > of.most {
			t.Errorf("%s: %v allocations, want %v", name, got, of.most)
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	for _, of := range []struct {
		name    string
		o       wsotel.Options
		sampler sdktrace.Sampler
	}{
		{"unsampled", wsotel.Options{}, sdktrace.ParentBased(sdktrace.NeverSample())},
		{"unsampled-own", wsotel.Options{OwnTraces: true}, sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0))},
		{"sampled", wsotel.Options{}, sdktrace.AlwaysSample()},
	} {
		b.Run(of.name, func(b *testing.B) {
			s := newSite(b, of.o, of.sampler)
			observer, c := s.telemetry.Observer(), s.connected()
			ctx := c.Context()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				_, ended := observer.Starting(ctx, c, "do")
				ended(time.Millisecond, nil)
				if n++; n%1000 == 0 {
					s.spans.Reset()
				}
			}
		})
	}
}

func BenchmarkPush(b *testing.B) {
	s := newSite(b, wsotel.Options{}, nil)
	sent := s.telemetry.Observer().Sent
	b.ReportAllocs()
	for b.Loop() {
		sent(ws.Sent{Event: "said", Declared: true, Outboxes: 1000, Bytes: 150})
	}
}
