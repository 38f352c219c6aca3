package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	ws "github.com/wsgen/wsgen/runtime"
)

// Untyped is the push that Shutdown makes by the name of its event. Nobody calls the method: by it documents and
// generated clients know the event.
//
//ws:push
type Untyped interface {
	// Draining tells that this node is going away.
	Draining() error
}

// Shutdown tells every client of this node that it is going away, and then ends it as ws.Router.Shutdown
// does: /readyz first, and after ws.Options.ShutdownDelay the connections.
func (a *App) Shutdown(ctx context.Context) error {
	for c := range a.Server.All().Clients() { // Broadcast would tell those of other nodes
		if err := c.Emit("draining", nil); err != nil {
			slog.Warn("draining was not announced", "conn", c.ID(), "error", err)
		}
	}
	return a.Router.Shutdown(ctx)
}

// numbers are what a registry has counted since the start.
type numbers struct {
	Connections int    `json:"connections"` // now
	Rooms       int    `json:"rooms"`       // with members now
	Waiting     int64  `json:"waiting"`     // bytes in outboxes now
	Limit       int64  `json:"limit"`       // of those; 0: there is none
	Received    uint64 `json:"received"`    // messages
	Accepted    uint64 `json:"accepted"`    // frames that an outbox took
	Refused     uint64 `json:"refused"`     // handshakes, frames and messages
	Shed        uint64 `json:"shed"`
	Replaced    uint64 `json:"replaced"`
	Slow        uint64 `json:"slow"` // connections closed because they did not read
}

func numbersOf(s ws.Stats) numbers {
	return numbers{
		Connections: s.Connections,
		Rooms:       s.Rooms,
		Waiting:     s.Outboxes,
		Limit:       s.MaxOutboxes,
		Received:    s.Received,
		Accepted:    s.Accepted,
		Refused:     s.Refused,
		Shed:        s.Shed,
		Replaced:    s.Replaced,
		Slow:        s.Slow,
	}
}

// stats answers GET /stats with what the application's Server and those of /flood and /notify have counted.
func (a *App) stats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]numbers{
		"server": numbersOf(a.Server.Stats()),
		"flood":  numbersOf(a.Flood.Stats()),
		"notify": numbersOf(a.Counters.Notify.Stats()),
	})
}
