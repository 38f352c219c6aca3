package prom

import (
	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// ofClusterStats returns where a metric is in ClusterStats.
func ofClusterStats(name string) func(s *ws.Stats) float64 {
	switch name {
	case series.ClusterLinkDown:
		return func(s *ws.Stats) float64 { return truth(!s.Cluster.Up) }
	case series.ClusterNodes:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Nodes) }
	case series.ClusterChannels:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Channels) }
	case series.ClusterQueued:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Waiting) }
	case series.ClusterOutages:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Outages) }
	case series.ClusterResets:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Resets) }
	case series.ClusterPublished:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Published) }
	case series.ClusterReceived:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Received) }
	case series.ClusterShed:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.QueueShed) }
	case series.ClusterLate:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.QueueLate) }
	case series.ClusterRefused:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.QueueRefused) }
	case series.ClusterUnsent:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.QueueUnsent) }
	case series.ClusterLost:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Lost) }
	case series.ClusterUnknown:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Unknown) }
	case series.ClusterMalformed:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.Malformed) }
	case series.ClusterJoinsUnconfirmed:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.JoinsUnconfirmed) }
	case series.ClusterAnswersMissing:
		return func(s *ws.Stats) float64 { return float64(s.Cluster.QuestionsMissing) }
	}
	panic("prom: no number of ClusterStats is called " + name)
}

// changeKey is a kind of changes. left says which of two it is that a node has gone.
type changeKey struct {
	change ws.ClusterChange
	left   bool
}

// label returns the kind as the label has it.
func (k changeKey) label() string {
	switch {
	case k.change != ws.ClusterNodeGone:
		return k.change.String()
	case k.left:
		return series.NodeLeft
	}
	return series.NodeGone
}

// changed counts what has changed between a Server and its cluster.
func (m *Metrics) changed(e ws.ClusterEvent) {
	k := changeKey{e.Change, e.Left}
	c, known := m.changes.find(k)
	if !known {
		// What alerts look for must be there before it happens, as in gateway. The first
		// change is that the link is up, or is not.
		for change := ws.ClusterUp; change <= ws.ClusterReset; change++ {
			m.change(changeKey{change, false})
		}
		m.change(changeKey{ws.ClusterNodeGone, true})
		c = m.change(k)
	}
	c.Inc()
}

// change returns the counter of a kind of changes.
func (m *Metrics) change(k changeKey) prometheus.Counter {
	return m.changes.row(k, func() prometheus.Counter {
		return m.vecs.counters[series.ClusterChanges].WithLabelValues(k.label())
	})
}
