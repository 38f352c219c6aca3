// Command wsgen-prom is the server wsgen with metrics for Prometheus, which are
// scraped all the time.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/wsgen/wsgen/bench/servers/wsgen/gateway"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
)

// every is how often the metrics are scraped; Prometheus does it less often.
const every = time.Second

func main() {
	metrics := prom.New(prom.Options{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", nil)
	if err != nil {
		slog.Error("no scrape", "err", err)
		os.Exit(1)
	}
	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	go func() {
		for range time.Tick(every) {
			page.ServeHTTP(nowhere{}, request)
		}
	}()
	gateway.Serve(func(o ws.Options) *ws.Server {
		o.Observer = metrics.Observer()
		server := ws.NewServer(o)
		metrics.Watch(server)
		return server
	})
}

// nowhere is where the page goes.
type nowhere struct{}

// Header returns one that is forgotten.
func (nowhere) Header() http.Header { return http.Header{} }

// Write forgets what it gets.
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader forgets the status.
func (nowhere) WriteHeader(int) {}
