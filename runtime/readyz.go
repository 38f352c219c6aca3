package ws

import (
	"io"
	"net/http"
)

// Readyz returns a handler for /readyz: 200 while all the Servers take
// connections, 503 from the moment that one of them begins to shut down, and until
// one that is in a cluster knows the others (Cluster.ReadyAlone). With
// Options.ShutdownDelay a load balancer sees that before the first connection
// is refused or closed. It asks nothing of the connections, so it is no probe
// of liveness.
func Readyz(servers ...*Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		for _, s := range servers {
			because := ""
			switch {
			case s.draining.Load():
				because = "shutting down"
			case s.stray:
				because = "not in its cluster, by a mistake in its options"
			case s.cluster != nil:
				because = s.cluster.unready(s.opts.Cluster.ReadyAlone)
			}
			if because == "" {
				continue
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, because+"\n")
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
}
