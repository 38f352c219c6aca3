// Package prom shows Prometheus what happens on wsgen's gateways, by
// [github.com/prometheus/client_golang]. It is a module of its own.
//
//	metrics := prom.New(prom.Options{})
//	server := ws.NewServer(ws.Options{Observer: metrics.Observer()})
//	metrics.Watch(server)
//	prometheus.MustRegister(metrics)
//
// What a Server counts by itself is read at each scrape, and costs nothing
// otherwise; names of such metrics begin with wsgen_server_. The Observer counts by
// gateway, event and code, with a histogram of how long messages take: a message
// costs a few additions and no memory.
//
// Metrics of kept pushes have history in their names, and those of who is seen in rooms
// presence. Metrics of a cluster have cluster in theirs. They are exported once a Server
// is in one (ws.Options.Cluster).
//
// # Labels
//
// The number of series has a bound that no client can move. An event is a label if
// a gateway has a handler for it, if it is of an interface marked //ws:push, or if
// [Options].Events has it. All others are together "_unknown", and what is of no
// event is "_none". A code is one of wsgen's, or one of the first 32 of the
// application's; others are "_other". A close code that is neither in RFC 6455 nor
// wsgen's is "other".
//
// # Dashboard and alerts
//
// Beside this file are dashboard.json for Grafana and alerts.yml with rules for
// Prometheus. Both are made of the names that this package exports, and tested
// against a scrape.
//
// # google/wire
//
// New is a provider. One of yours joins it to the Server:
//
//	func newServer(m *prom.Metrics) *ws.Server {
//		server := ws.NewServer(ws.Options{Observer: m.Observer()})
//		m.Watch(server)
//		return server
//	}
package prom
