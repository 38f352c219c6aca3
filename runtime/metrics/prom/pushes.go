package prom

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// push holds the metrics of the pushes of one event.
type push struct {
	pushes, outboxes, bytes, shed, replaced, slow prometheus.Counter
}

// push returns the metrics of an event.
func (m *Metrics) push(event string, declared bool) *push {
	event = m.event(event, declared)
	if p, known := m.pushes.find(event); known {
		return p
	}
	event = strings.Clone(event)
	return m.pushes.row(event, func() *push {
		of := func(name string) prometheus.Counter { return m.vecs.counters[name].WithLabelValues(event) }
		return &push{
			pushes:   of(series.Pushes),
			outboxes: of(series.PushOutboxes),
			bytes:    of(series.PushBytes),
			shed:     of(series.PushShed),
			replaced: of(series.PushReplaced),
			slow:     of(series.PushSlow),
		}
	})
}

func (m *Metrics) sent(s ws.Sent) {
	p := m.push(s.Event, s.Declared)
	if !s.Remote { // the node that has pushed counts it
		p.pushes.Inc()
	}
	p.outboxes.Add(float64(s.Outboxes))
	p.bytes.Add(float64(s.Outboxes) * float64(s.Bytes))
}

func (m *Metrics) shed(s ws.Shed) {
	p := m.push(s.Event, s.Declared)
	p.shed.Add(float64(s.Shed))
	p.replaced.Add(float64(s.Replaced))
	p.slow.Add(float64(s.Closed))
}
