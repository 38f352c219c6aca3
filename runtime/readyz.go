package ws

import (
	"io"
	"net/http"
)

// Readyz returns a handler for /readyz: 200 while all the Servers take
// connections, 503 from the moment that one of them begins to shut down. With
// Options.ShutdownDelay a load balancer sees that before the first connection
// is refused or closed. It asks nothing of the connections, so it is no probe
// of liveness.
func Readyz(servers ...*Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		for _, s := range servers {
			if s.draining.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w, "shutting down\n")
				return
			}
		}
		_, _ = io.WriteString(w, "ready\n")
	})
}
