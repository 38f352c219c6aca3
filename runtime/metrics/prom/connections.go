package prom

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// gateway holds the metrics of the connections of one gateway.
type gateway struct {
	name     string
	now      prometheus.Gauge
	opened   prometheus.Counter
	duration prometheus.Observer
	closed   table[closing, prometheus.Counter]
}

// closing is how a connection ended. The code has a label, or is 0.
type closing struct {
	code   ws.CloseCode
	remote bool
}

// gateway returns the metrics of a gateway.
func (m *Metrics) gateway(name string) *gateway {
	if g, known := m.gateways.find(name); known {
		return g
	}
	return m.gateways.row(name, func() *gateway {
		v := &m.vecs
		g := &gateway{
			name:     name,
			now:      v.gauges[series.Connections].WithLabelValues(name),
			opened:   v.counters[series.Opened].WithLabelValues(name),
			duration: v.times[series.ConnectionDuration].WithLabelValues(name),
		}
		// What alerts look for must be there before it happens: a series that begins
		// with 1 has not increased.
		m.ended(g, closing{ws.CloseInternal, false})
		m.ended(g, closing{ws.CloseAbnormal, true})
		return g
	})
}

// ended returns the counter of the connections of g that ended in one way.
func (m *Metrics) ended(g *gateway, how closing) prometheus.Counter {
	if c, known := g.closed.find(how); known {
		return c
	}
	return g.closed.row(how, func() prometheus.Counter {
		return m.vecs.counters[series.Closed].WithLabelValues(g.name, number(how.code), by(how.remote))
	})
}

func (m *Metrics) opened(c *ws.Client) {
	g := m.gateway(c.Gateway())
	g.now.Inc()
	g.opened.Inc()
}

func (m *Metrics) closed(c *ws.Client, cause ws.Closed) {
	g := m.gateway(c.Gateway())
	g.now.Dec()
	g.duration.Observe(c.Age().Seconds())
	m.ended(g, closing{closeCode(cause.Code), cause.Remote}).Inc()
}

// handshakeKey is a kind of refused handshakes. The status has a label, or is 0.
type handshakeKey struct {
	gateway string
	status  int
	code    string // as the label
}

// refusalKey is a kind of other refusals, as labels have it.
type refusalKey struct{ gateway, event, code string }

func (m *Metrics) refused(r ws.Refusal) {
	if r.Status != 0 {
		k := handshakeKey{r.Gateway, httpStatus(r.Status), m.code(r.Err)}
		c, known := m.handshakes.find(k)
		if !known {
			m.gateway(k.gateway) // so that alerts compare with what was accepted, which may be none
			c = m.handshakes.row(k, func() prometheus.Counter {
				return m.vecs.counters[series.Handshakes].WithLabelValues(k.gateway, number(k.status), k.code)
			})
		}
		c.Inc()
		return
	}
	k := refusalKey{r.Gateway, m.event(r.Event, r.Declared), m.code(r.Err)}
	c, known := m.refusals.find(k)
	if !known {
		k.event = strings.Clone(k.event)
		c = m.refusals.row(k, func() prometheus.Counter {
			return m.vecs.counters[series.Refusals].WithLabelValues(k.gateway, k.event, k.code)
		})
	}
	c.Inc()
}
