// Package board has the dashboard and the alert rules as data, and writes them for
// Grafana and Prometheus. Their expressions are made of the names that package prom
// exports.
package board

import (
	"slices"

	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// Kind is what a panel draws.
type Kind string

// The kinds, as Grafana calls them.
const (
	Lines  Kind = "timeseries"
	Number Kind = "stat"
	Gauge  Kind = "gauge" // a part of 1
)

// Unit is what a panel's numbers are.
type Unit string

// The units, as Grafana calls them.
const (
	Count     Unit = "short"
	PerSecond Unit = "suffix:/s"
	Part      Unit = "percentunit" // 1 is all
	Seconds   Unit = "s"
	Bytes     Unit = "bytes"
	ByteRate  Unit = "Bps"
)

// Section is a row of the dashboard with what is below it.
type Section struct {
	Title  string
	Panels []Panel
}

// Panel shows one or some numbers, or how they change.
type Panel struct {
	Title   string
	Help    string // what it says, and what to look for
	Kind    Kind
	Unit    Unit
	Wide    int // of 24
	Queries []Query

	Orange, Red float64 // of a Gauge: from where on it is
}

// Query is an expression of PromQL, and how its series are called.
type Query struct {
	Expr   string
	Legend string // with labels as {{event}}; of a Number and a Gauge it is ""
}

// Where gauges are orange and red. Outboxes of peers that are waited for have half
// of the memory, so their gauge is orange when they have nearly all of that.
const (
	outboxOrange, outboxRed = 0.45, 0.9
	placesOrange, placesRed = 0.7, 0.9
)

// heights of panels, in Grafana's units.
const (
	low  = 4
	high = 8
)

func (p *Panel) height() int {
	if p.Kind == Lines {
		return high
	}
	return low
}

// shown is the scope of the dashboard: what its variables choose.
func shown() scope {
	return scope{job: `job=~"$job"`, gateway: `gateway=~"$gateway"`, window: "$__rate_interval"}
}

// Sections returns the dashboard.
func Sections() []Section {
	return []Section{
		{"At a glance", glance()},
		{"Connections", slices.Concat(connections(), ofSessions())},
		{"Messages", messages()},
		{"Pushes", pushes()},
		{"Histories and presence", histories()},
		{"Saturation", saturation()},
		{"Cluster", inCluster()},
	}
}

func glance() []Panel {
	s := shown()
	return []Panel{
		{Title: "Connections", Help: "Connections that are registered, of all instances.", Kind: Number, Unit: Count, Wide: 4, Queries: []Query{{sum(s.selector(series.ServerConnections)), ""}}},
		{Title: "Messages", Help: "Messages that clients send, unknown ones included.", Kind: Number, Unit: PerSecond, Wide: 4, Queries: []Query{{sum(s.rate(series.ServerReceived)), ""}}},
		{Title: "Internal errors", Help: "The part of the messages that ended with an error that is nobody's refusal: each has a line in the log with a reference.", Kind: Number, Unit: Part, Wide: 4, Queries: []Query{
			{sum(s.rate(series.Handled, equal(series.Code, "internal"))) + " / " + sum(s.rate(series.Handled)), ""},
		}},
		{Title: "p95 latency", Help: "95 of 100 messages took no longer. Streams count to their end.", Kind: Number, Unit: Seconds, Wide: 4, Queries: []Query{{s.quantile("0.95", series.MessageDuration), ""}}},
		{Title: "Outbox memory", Help: "The fullest instance's part of Options.OutboxTotalBytes. Outboxes of peers that do not read may have half of it.", Kind: Gauge, Unit: Part, Wide: 4, Queries: []Query{
			{"max(" + s.selector(series.ServerOutboxBytes) + " / " + s.selector(series.ServerOutboxMaxBytes) + ")", ""},
		}, Orange: outboxOrange, Red: outboxRed},
		{Title: "Places taken", Help: "The fullest instance's part of Options.MaxConnections; 0 if there is no limit.", Kind: Gauge, Unit: Part, Wide: 4, Queries: []Query{
			{"max(" + s.selector(series.ServerAdmitted) + " / " + s.selector(series.ServerMaxConnections) + ")", ""},
		}, Orange: placesOrange, Red: placesRed},
	}
}

func connections() []Panel {
	s := shown()
	return []Panel{
		{Title: "Connections by gateway", Help: "A step down is a network or an instance that went away; a slope is people who leave.", Kind: Lines, Unit: Count, Wide: 12, Queries: []Query{
			{sum(s.selector(series.Connections), series.Gateway), "{{gateway}}"},
		}},
		{Title: "Opened and closed", Help: "When both are high together, clients connect again and again.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Opened)), "opened"},
			{sum(s.rate(series.Closed)), "closed"},
		}},
		{Title: "Closed, by code", Help: "1000 and 1001 are goodbyes, 1006 a peer that vanished, 1008 one that did not read or was refused, 1011 an error here, 4401 and 4403 credentials, 4429 too many messages.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Closed), series.Code, series.By), "{{code}} by {{by}}"},
		}},
		{Title: "Refused handshakes", Help: "By the status of the answer and the code of the error.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Handshakes), series.Status, series.Code), "{{status}} {{code}}"},
		}},
		{Title: "How long connections last", Help: "Of those that ended. Short ones are clients in a loop, or a proxy that cuts silent connections.", Kind: Lines, Unit: Seconds, Wide: 12, Queries: []Query{
			{s.quantile("0.5", series.ConnectionDuration), "p50"},
			{s.quantile("0.9", series.ConnectionDuration), "p90"},
		}},
		{Title: "Given up", Help: "Connections that did not read what they were sent, and those that were silent for IdleTimeout.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.ServerSlow)), "slow"},
			{sum(s.rate(series.ServerSilent)), "silent"},
		}},
	}
}

func messages() []Panel {
	s := shown()
	latency := func(name, q string) Panel {
		return Panel{Title: name + " latency by event", Help: "From a message's turn to its answer; a stream's end. Buckets end at 10 s, and so do these lines.", Kind: Lines, Unit: Seconds, Wide: 8, Queries: []Query{
			{s.quantile(q, series.MessageDuration, series.Event), "{{event}}"},
		}}
	}
	return []Panel{
		{Title: "Messages by event", Help: "Those that have a handler.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Handled), series.Event), "{{event}}"},
		}},
		{Title: "Errors by code", Help: "Of messages that have a handler. internal is an error of the program; the others are told to clients on purpose.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Handled, other(series.Code, series.OK)), series.Code), "{{code}}"},
		}},
		latency("p50", "0.5"), latency("p95", "0.95"), latency("p99", "0.99"),
		{Title: "Refused, by event and code", Help: "Frames and messages, those without a handler too. _unknown is an event that no gateway has: a client of another version, or somebody who tries.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Refusals), series.Event, series.Code), "{{event}} {{code}}"},
		}},
		{Title: "Read and dropped", Help: "Dropped are messages that waited for their handler when their connection ended.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.ServerReceived)), "read"},
			{sum(s.rate(series.ServerDropped)), "dropped"},
		}},
	}
}

func pushes() []Panel {
	s := shown()
	return []Panel{
		{Title: "Pushes by event", Help: "Each counts once, to however many it goes. _unknown are events that are neither of a push interface nor in prom.Options.Events.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.Pushes), series.Event), "{{event}}"},
		}},
		{Title: "Outboxes reached, by event", Help: "Frames that are queued for clients.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.PushOutboxes), series.Event), "{{event}}"},
		}},
		{Title: "Bytes pushed, by event", Help: "Before compression.", Kind: Lines, Unit: ByteRate, Wide: 12, Queries: []Query{
			{sum(s.rate(series.PushBytes), series.Event), "{{event}}"},
		}},
		{Title: "Lost and replaced, by event", Help: "Shed: lost to a full outbox, so clients miss it. Replaced: a newer one with the same key took its place. Closed: connections of Overflow CloseSlow.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.PushShed), series.Event), "{{event}} shed"},
			{sum(s.rate(series.PushReplaced), series.Event), "{{event}} replaced"},
			{sum(s.rate(series.PushSlow), series.Event), "{{event}} closed"},
		}},
	}
}

func saturation() []Panel {
	s := shown()
	limited := func(name string) string { return s.selector(name) + " < +Inf" }
	return []Panel{
		{Title: "Outbox memory and its limit", Help: "When an instance comes near its limit, pushes are shed.", Kind: Lines, Unit: Bytes, Wide: 12, Queries: []Query{
			{s.selector(series.ServerOutboxBytes), "{{instance}}"},
			{limited(series.ServerOutboxMaxBytes), "{{instance}} limit"},
		}},
		{Title: "Places and their limit", Help: "Connections that count towards Options.MaxConnections. Without a limit there is no line for it.", Kind: Lines, Unit: Count, Wide: 12, Queries: []Query{
			{s.selector(series.ServerAdmitted), "{{instance}}"},
			{limited(series.ServerMaxConnections), "{{instance}} limit"},
		}},
		{Title: "Rooms", Help: "Rooms that have members.", Kind: Lines, Unit: Count, Wide: 8, Queries: []Query{{s.selector(series.ServerRooms), "{{instance}}"}}},
		{Title: "Frames queued and shed", Help: "Replies and pushes that an outbox took, and pushes that it lost.", Kind: Lines, Unit: PerSecond, Wide: 8, Queries: []Query{
			{sum(s.rate(series.ServerQueued)), "queued"},
			{sum(s.rate(series.ServerShed)), "shed"},
			{sum(s.rate(series.ServerReplaced)), "replaced"},
		}},
		{Title: "Shutting down", Help: "Instances that drain.", Kind: Lines, Unit: Count, Wide: 8, Queries: []Query{{sum(s.selector(series.ServerDraining)), "instances"}}},
	}
}
