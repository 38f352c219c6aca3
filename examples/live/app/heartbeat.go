package app

import (
	"context"
	"log/slog"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// heartbeatEvery is the time between two heartbeats.
const heartbeatEvery = 5 * time.Second

// Heartbeat is a scheduled job. It has no request and no connection, only the registry.
type Heartbeat struct{ Server *ws.Server }

// Run broadcasts the time every 5 s until ctx ends. Of several nodes one does.
func (h *Heartbeat) Run(ctx context.Context) {
	tick := time.NewTicker(heartbeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if !leads(h.Server) {
				continue
			}
			if _, err := h.Server.Broadcast("heartbeat", now.UTC().Format(time.RFC3339)); err != nil {
				slog.Error("heartbeat was not sent", "error", err)
			}
		}
	}
}
