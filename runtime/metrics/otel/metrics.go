package wsotel

import (
	"context"
	"errors"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/rpcconv"
)

// metrics are the instruments that the Observer records with, and the attributes of
// all that was recorded once.
type metrics struct {
	duration metric.Float64Histogram // of messages
	refusals metric.Int64Counter

	open           metric.Int64UpDownCounter
	opened, closed metric.Int64Counter
	lasted         metric.Float64Histogram

	pushes, outboxes, bytes      metric.Int64Counter
	lost, replaced, disconnected metric.Int64Counter

	changes metric.Int64Counter // of a cluster

	codes       codeSet
	refusedWith table[refusalLabels, []metric.AddOption]
	pushed      table[string, []metric.AddOption]
	changedBy   table[changeLabels, []metric.AddOption]
}

// refusalLabels are what refusals are counted by.
type refusalLabels struct {
	gateway, event string
	code           ws.Code
	status         int
}

// changeLabels are what changes of a cluster are counted by.
type changeLabels struct {
	change ws.ClusterChange
	left   bool // the node that has gone said so
}

// closeLabels are what ends of connections are counted by.
type closeLabels struct {
	code   ws.CloseCode // 0: one of the others
	remote bool
}

// messageBounds are the buckets of durations, in seconds. The conventions advise some
// from 5 ms on, and most messages take less.
var messageBounds = []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// connectionBounds are those of how long connections last.
var connectionBounds = []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600}

// newMetrics makes the instruments.
func newMetrics(meter metric.Meter) (*metrics, error) {
	m := &metrics{}
	var all []error
	counter := func(to *metric.Int64Counter, name, unit, text string) {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(text))
		*to = c
		all = append(all, err)
	}
	histogram := func(to *metric.Float64Histogram, name, text string, bounds []float64) {
		h, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(text), metric.WithExplicitBucketBoundaries(bounds...))
		*to = h
		all = append(all, err)
	}
	histogram(&m.duration, rpcconv.ServerCallDuration{}.Name(), "Time from a message's turn to its answer, a stream's to its end.", messageBounds)
	counter(&m.refusals, "wsgen.refusals", "{refusal}", "Handshakes, frames and messages that were refused.")

	var err error
	m.open, err = meter.Int64UpDownCounter("wsgen.connection.count", metric.WithUnit("{connection}"), metric.WithDescription("Connections that are open."))
	all = append(all, err)
	counter(&m.opened, "wsgen.connection.opened", "{connection}", "Connections that were opened.")
	counter(&m.closed, "wsgen.connection.closed", "{connection}", "Connections that have ended, by close code and by who closed.")
	histogram(&m.lasted, "wsgen.connection.duration", "How long connections lasted.", connectionBounds)

	counter(&m.pushes, "wsgen.push.calls", "{call}", "Pushes, each to one or many connections.")
	counter(&m.outboxes, "wsgen.push.outboxes", "{outbox}", "Outboxes that took a push.")
	counter(&m.bytes, "wsgen.push.bytes", "By", "Bytes of pushes in the outboxes that took them, before compression.")
	counter(&m.lost, "wsgen.push.shed", "{frame}", "Pushes to one connection that its full outbox lost.")
	counter(&m.replaced, "wsgen.push.replaced", "{frame}", "Pushes that waited in an outbox and that a later one with the same key replaced.")
	counter(&m.disconnected, "wsgen.push.disconnected", "{connection}", "Connections that a push closed because their outbox was full.")

	counter(&m.changes, "wsgen.cluster.changes", "{change}", "Changes between a node and its cluster; a node that has gone has left, or was not heard any more.")

	m.codes.rows.make = func(code ws.Code) ws.Code { return code }
	m.refusedWith.make, m.pushed.make, m.changedBy.make = refusalOptions, pushOptions, changeOptions
	return m, errors.Join(all...)
}

func refusalOptions(of refusalLabels) []metric.AddOption {
	attrs := []attribute.KeyValue{gatewayKey.String(of.gateway), codeKey.String(string(of.code))}
	if of.event != "" {
		attrs = append(attrs, eventKey.String(of.event))
	}
	if of.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(of.status))
	}
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
}

func pushOptions(event string) []metric.AddOption {
	if event == "" {
		return nil
	}
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(eventKey.String(event)))}
}

func changeOptions(of changeLabels) []metric.AddOption {
	name := of.change.String()
	if of.left {
		name = nodeLeft
	}
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(changeKey.String(name)))}
}

// refused counts a refusal. A handshake or a bad frame has no event.
func (m *metrics) refused(r ws.Refusal) {
	of := refusalLabels{r.Gateway, eventOf(r.Event, r.Declared), m.codes.of(r.Err.Code), r.Status}
	m.refusals.Add(context.Background(), 1, m.refusedWith.of(of)...)
}

// connOpened counts a connection.
func (m *metrics) connOpened(g *gateway) {
	ctx := context.Background()
	m.open.Add(ctx, 1, g.adds...)
	m.opened.Add(ctx, 1, g.adds...)
}

// connClosed counts the end of a connection that was counted.
func (m *metrics) connClosed(g *gateway, lasted time.Duration, cause ws.Closed) {
	ctx := context.Background()
	m.open.Add(ctx, -1, g.adds...)
	m.closed.Add(ctx, 1, g.closed.of(closeLabels{closeCode(cause.Code), cause.Remote})...)
	m.lasted.Record(ctx, lasted.Seconds(), g.record...)
}

// closeCode returns a close code of RFC 6455, its registry, or wsgen's own; else 0. A
// peer may close with any other from 3000 to 4999.
func closeCode(code ws.CloseCode) ws.CloseCode {
	const lastOfRegistry = 1015
	switch code {
	case ws.CloseUnauthenticated, ws.CloseForbidden, ws.CloseRateLimited:
		return code
	}
	if code < ws.CloseNormal || code > lastOfRegistry {
		return 0
	}
	return code
}

// sent counts a push.
func (m *metrics) sent(s ws.Sent) {
	by := m.pushed.of(eventOf(s.Event, s.Declared))
	ctx := context.Background()
	if !s.Remote { // the node that has pushed counts it
		m.pushes.Add(ctx, 1, by...)
	}
	m.outboxes.Add(ctx, int64(s.Outboxes), by...)
	m.bytes.Add(ctx, int64(s.Outboxes)*int64(s.Bytes), by...)
}

// shed counts what a push cost.
func (m *metrics) shed(s ws.Shed) {
	by := m.pushed.of(eventOf(s.Event, s.Declared))
	ctx := context.Background()
	m.lost.Add(ctx, int64(s.Shed), by...)
	m.replaced.Add(ctx, int64(s.Replaced), by...)
	m.disconnected.Add(ctx, int64(s.Closed), by...)
}

// changed counts a change between a Server and its cluster.
func (m *metrics) changed(e ws.ClusterEvent) {
	m.changes.Add(context.Background(), 1, m.changedBy.of(changeLabels{e.Change, e.Left})...)
}

// eventOf returns an event as an attribute has it, "" for none.
func eventOf(name string, declared bool) string {
	if name == "" || declared {
		return name
	}
	return unknownEvent
}
