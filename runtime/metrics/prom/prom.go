package prom

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// Options say how metrics are named and shown. The zero value is safe: no label
// has a value that a client chooses.
type Options struct {
	// Namespace is the first word of each metric's name. The dashboard and the
	// alert rules have the default. Default: "wsgen".
	Namespace string

	// ConstLabels are labels that each series has. Default: none, since what
	// scrapes knows the instance.
	ConstLabels prometheus.Labels

	// Buckets are the upper bounds, in seconds, of the buckets in which the
	// durations of messages are counted; their order does not matter. Connections
	// have their own, from a second to a day. Default: from 100 µs to 10 s.
	Buckets []float64

	// NativeHistograms adds native histograms to the buckets, for a Prometheus
	// that scrapes them. With its option always_scrape_classic_histograms it
	// takes the buckets as well, which the dashboard reads. Default: false.
	NativeHistograms bool

	// Events are names of events that may be labels besides those of handlers and
	// typed pushes: events that Client.Emit, Server.EmitTo and their like push.
	// All others are counted together, as "_unknown". Default: none.
	Events []string
}

// Metrics counts what happens on Servers that have its Observer, and what the
// Servers that it watches count themselves. It is a [prometheus.Collector]. Make
// one with New. All methods are safe for concurrent use.
type Metrics struct {
	events map[string]bool // Options.Events; never written to
	vecs   vectors
	own    []ownMetric // of the Servers

	gateways   table[string, *gateway]
	messages   table[messageKey, *message]
	refusals   table[refusalKey, prometheus.Counter]
	handshakes table[handshakeKey, prometheus.Counter]
	pushes     table[string, *push]
	appCodes   table[ws.Code, string]
	changes    table[changeKey, prometheus.Counter]

	mu      sync.Mutex
	watched []*ws.Server // guarded by mu; each once
}

// vectors are the metrics that the Observer counts.
type vectors struct {
	all      []prometheus.Collector
	gauges   map[string]*prometheus.GaugeVec
	counters map[string]*prometheus.CounterVec
	times    map[string]*prometheus.HistogramVec
}

// New returns Metrics that know nothing yet. It panics if the options make no
// valid metrics: a constant label has the name of another, or none that
// Prometheus allows.
func New(o Options) *Metrics {
	if o.Namespace == "" {
		o.Namespace = "wsgen"
	}
	m := &Metrics{events: map[string]bool{}, vecs: newVectors(&o), own: ownMetrics(&o)}
	for _, name := range o.Events {
		m.events[name] = true
	}
	// A wrong label would otherwise be found by the first message that needs it.
	if err := prometheus.NewRegistry().Register(m); err != nil {
		panic(fmt.Sprintf("prom: these options make no valid metrics: %v", err))
	}
	return m
}

func newVectors(o *Options) vectors {
	v := vectors{
		gauges:   map[string]*prometheus.GaugeVec{},
		counters: map[string]*prometheus.CounterVec{},
		times:    map[string]*prometheus.HistogramVec{},
	}
	for _, s := range series.OfObserver() {
		opts := prometheus.Opts{Namespace: o.Namespace, Name: s.Name, Help: s.Help, ConstLabels: o.ConstLabels}
		var c prometheus.Collector
		switch s.Kind {
		case series.Gauge:
			v.gauges[s.Name] = prometheus.NewGaugeVec(prometheus.GaugeOpts(opts), s.Labels)
			c = v.gauges[s.Name]
		case series.Counter:
			v.counters[s.Name] = prometheus.NewCounterVec(prometheus.CounterOpts(opts), s.Labels)
			c = v.counters[s.Name]
		case series.Histogram:
			v.times[s.Name] = prometheus.NewHistogramVec(o.histogram(opts), s.Labels)
			c = v.times[s.Name]
		}
		v.all = append(v.all, c)
	}
	return v
}

// histogram returns the options of a histogram of durations.
func (o *Options) histogram(opts prometheus.Opts) prometheus.HistogramOpts {
	h := prometheus.HistogramOpts{Namespace: opts.Namespace, Name: opts.Name, Help: opts.Help, ConstLabels: opts.ConstLabels}
	switch given := usable(o.Buckets); {
	case opts.Name == series.ConnectionDuration:
		h.Buckets = []float64{1, 10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}
	case len(given) > 0:
		h.Buckets = given
	default:
		h.Buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	}
	if o.NativeHistograms {
		// A bucket is at most a tenth wider than the one before it, and there are at
		// most 160, which go back to none once an hour if that is not enough.
		h.NativeHistogramBucketFactor = 1.1
		h.NativeHistogramMaxBucketNumber = 160
		h.NativeHistogramMinResetDuration = time.Hour
	}
	return h
}

// usable returns the bounds in the order that a histogram wants, each once.
func usable(bounds []float64) []float64 {
	bounds = slices.DeleteFunc(slices.Clone(bounds), math.IsNaN)
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

// Observer returns what [ws.Options].Observer must be for Metrics to count. It may
// be joined with others, and several Servers may have it.
func (m *Metrics) Observer() ws.Observer {
	return ws.Observer{
		Opened:  m.opened,
		Closed:  m.closed,
		Handled: m.handled,
		Refused: m.refused,
		Sent:    m.sent,
		Shed:    m.shed,
		Cluster: m.changed,
	}
}

// Watch adds what Servers count themselves, which costs them nothing: it is read
// at each scrape. What several Servers count is added up. A nil Server, and one
// that is watched already, adds nothing. A Server that is watched is kept in
// memory as long as the Metrics are.
func (m *Metrics) Watch(servers ...*ws.Server) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range servers {
		if s != nil && !slices.Contains(m.watched, s) {
			m.watched = append(m.watched, s)
		}
	}
}
