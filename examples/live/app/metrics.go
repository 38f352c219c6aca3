package app

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wsgen/wsgen/examples/live/flood"
	"github.com/wsgen/wsgen/examples/live/notify"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
)

// Given are the options that New gets. They are a type of their own, so injection cannot mix them up
// with those of the registries, which are observed as well.
type Given ws.Options

// newMetrics returns what counts. Pushes that are made by the name of their event, and not by
// what wsgen generated, are counted by these names.
func newMetrics() *prom.Metrics {
	return prom.New(prom.Options{Events: []string{"announce", "draining", "heartbeat", "order_done", "said"}})
}

// newOptions returns the options of all registries: those that were given, whose Observer, if there is
// one, is told as well.
func newOptions(o Given, m *prom.Metrics) ws.Options {
	o.Observer = o.Observer.And(m.Observer())
	return ws.Options(o)
}

// MetricsPage serves GET /metrics to this machine: what m has counted, what the registries count
// themselves, added up, and what Go and the operating system know of the process.
type MetricsPage struct{ scrape http.Handler }

// newMetricsPage returns the page of m, which from then on watches the registries.
func newMetricsPage(m *prom.Metrics, server *ws.Server, f *flood.FloodServer, n *notify.NotifyServer) *MetricsPage {
	m.Watch(server, f.Server, n.Server)
	registry := prometheus.NewRegistry()
	registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &MetricsPage{promhttp.HandlerFor(registry, promhttp.HandlerOpts{})}
}

func (p *MetricsPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if why := foreign(r); why != "" {
		http.Error(w, "metrics are for this machine only, and this request "+why, http.StatusForbidden)
		return
	}
	p.scrape.ServeHTTP(w, r)
}

// foreign says why a request is not, or may not be, of this machine; "" if it is. For everybody who
// comes through a proxy on this machine the peer is the proxy, so what one has passed on is not trusted.
// A page of another site is read by a browser on this machine: it could have its own name lead here.
func foreign(r *http.Request) string {
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return "came through a proxy: it has the header " + name
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().IsLoopback() {
		return "came from " + r.RemoteAddr
	}
	if !local(r.Host) {
		return "was for the host " + r.Host
	}
	return ""
}

// local reports whether a Host header names the loopback interface.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.IsLoopback()
}
