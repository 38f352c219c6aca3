package prom

import (
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, c := range m.vecs.all {
		c.Describe(to)
	}
	for _, o := range m.own {
		to <- o.desc
	}
}

// Collect implements [prometheus.Collector].
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	for _, c := range m.vecs.all {
		c.Collect(to)
	}
	m.mu.Lock()
	watched := slices.Clone(m.watched)
	m.mu.Unlock()
	if len(watched) == 0 {
		return // a zero would say that there are no connections
	}
	all := make([]ws.Stats, len(watched))
	for i, s := range watched {
		all[i] = s.Stats()
	}
	inCluster := slices.ContainsFunc(all, func(s ws.Stats) bool { return s.Cluster.Name != "" })
	for _, o := range m.own {
		if o.ofCluster && !inCluster {
			continue // a zero would say that the link works
		}
		sum := 0.0
		for i := range all {
			if !o.ofCluster || all[i].Cluster.Name != "" {
				sum += o.of(&all[i])
			}
		}
		to <- prometheus.MustNewConstMetric(o.desc, o.kind, sum)
	}
}

// ownMetric is a number of a Server's Stats.
type ownMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(s *ws.Stats) float64

	ofCluster bool // a Server alone has none
}

func ownMetrics(o *Options) (all []ownMetric) {
	add := func(table []series.Series, of func(name string) func(*ws.Stats) float64, ofCluster bool) {
		for _, s := range table {
			kind := prometheus.CounterValue
			if s.Kind == series.Gauge {
				kind = prometheus.GaugeValue
			}
			all = append(all, ownMetric{
				desc: prometheus.NewDesc(prometheus.BuildFQName(o.Namespace, "", s.Name), s.Help, nil, o.ConstLabels),
				kind: kind, of: of(s.Name), ofCluster: ofCluster,
			})
		}
	}
	add(series.OfServer(), ofStats, false)
	add(series.OfHistory(), ofHistoryStats, false)
	add(series.OfPresence(), ofPresenceStats, false)
	add(series.OfCluster(), ofClusterStats, true)
	return all
}

// ofStats returns where a metric is in Stats.
func ofStats(name string) func(s *ws.Stats) float64 {
	switch name {
	case series.ServerConnections:
		return func(s *ws.Stats) float64 { return float64(s.Connections) }
	case series.ServerAdmitted:
		return func(s *ws.Stats) float64 { return float64(s.Admitted) }
	case series.ServerMaxConnections:
		return func(s *ws.Stats) float64 { return limit(int64(s.MaxConnections)) }
	case series.ServerRooms:
		return func(s *ws.Stats) float64 { return float64(s.Rooms) }
	case series.ServerOutboxBytes:
		return func(s *ws.Stats) float64 { return float64(s.Outboxes) }
	case series.ServerOutboxMaxBytes:
		return func(s *ws.Stats) float64 { return limit(s.MaxOutboxes) }
	case series.ServerDraining:
		return func(s *ws.Stats) float64 { return truth(s.Draining) }
	case series.ServerOpened:
		return func(s *ws.Stats) float64 { return float64(s.Opened) }
	case series.ServerClosed:
		return func(s *ws.Stats) float64 { return float64(s.Closed) }
	case series.ServerReceived:
		return func(s *ws.Stats) float64 { return float64(s.Received) }
	case series.ServerQueued:
		return func(s *ws.Stats) float64 { return float64(s.Accepted) }
	case series.ServerShed:
		return func(s *ws.Stats) float64 { return float64(s.Shed) }
	case series.ServerReplaced:
		return func(s *ws.Stats) float64 { return float64(s.Replaced) }
	case series.ServerSlow:
		return func(s *ws.Stats) float64 { return float64(s.Slow) }
	case series.ServerSilent:
		return func(s *ws.Stats) float64 { return float64(s.Silent) }
	case series.ServerDropped:
		return func(s *ws.Stats) float64 { return float64(s.Dropped) }
	case series.ServerHandshakes:
		return func(s *ws.Stats) float64 { return float64(s.Unopened) }
	case series.ServerRefused:
		return func(s *ws.Stats) float64 { return float64(s.Refused) }
	case series.ServerDetached:
		return func(s *ws.Stats) float64 { return float64(s.Detached) }
	case series.ServerResumed:
		return func(s *ws.Stats) float64 { return float64(s.Resumed) }
	case series.ServerUnresumed:
		return func(s *ws.Stats) float64 { return float64(s.Unresumed) }
	}
	panic("prom: no number of Stats is called " + name)
}

// limit returns a limit of Stats, where 0 is none. A ratio to infinity is 0, as
// it should be.
func limit(n int64) float64 {
	if n == 0 {
		return math.Inf(1)
	}
	return float64(n)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
