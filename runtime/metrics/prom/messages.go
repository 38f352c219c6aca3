package prom

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// messageKey is a handler.
type messageKey struct{ gateway, event string }

// message holds the metrics of the messages of one handler.
type message struct {
	messageKey

	duration prometheus.Observer
	ok       prometheus.Counter
	failed   table[string, prometheus.Counter] // by the label of the code
}

// handled runs for each message: it finds what was made at the first one of its
// handler, and allocates nothing.
func (m *Metrics) handled(c *ws.Client, event string, took time.Duration, refusal *ws.Error) {
	k := messageKey{c.Gateway(), event}
	h, known := m.messages.find(k)
	if !known {
		k.event = strings.Clone(event)
		h = m.messages.row(k, func() *message { return m.newMessage(k) })
	}
	h.duration.Observe(took.Seconds())
	if refusal == nil {
		h.ok.Inc()
		return
	}
	m.failures(h, m.code(refusal)).Inc()
}

func (m *Metrics) newMessage(k messageKey) *message {
	h := &message{
		messageKey: k,
		duration:   m.vecs.times[series.MessageDuration].WithLabelValues(k.gateway, k.event),
		ok:         m.vecs.counters[series.Handled].WithLabelValues(k.gateway, k.event, series.OK),
	}
	// What alerts look for must be there before it happens.
	m.failures(h, string(ws.CodeInternal))
	return h
}

// failures returns the counter of the messages of h that ended with a code.
func (m *Metrics) failures(h *message, code string) prometheus.Counter {
	if c, known := h.failed.find(code); known {
		return c
	}
	return h.failed.row(code, func() prometheus.Counter {
		return m.vecs.counters[series.Handled].WithLabelValues(h.gateway, h.event, code)
	})
}
