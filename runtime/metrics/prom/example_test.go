package prom_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
)

// A Server is observed and watched, and its metrics are served beside its gateways.
func Example() {
	metrics := prom.New(prom.Options{Events: []string{"said"}})
	server := ws.NewServer(ws.Options{Observer: metrics.Observer()})
	metrics.Watch(server)

	registry := prometheus.NewRegistry() // or prometheus.MustRegister(metrics)
	registry.MustRegister(metrics)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	_, _ = server.EmitTo("lobby", "said", "hello")

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "wsgen_pushes_total") || strings.HasPrefix(lines.Text(), "wsgen_server_rooms") {
			fmt.Println(lines.Text())
		}
	}
	// Output:
	// wsgen_pushes_total{event="said"} 1
	// wsgen_server_rooms 0
}
