// Package flood pushes more to a connection than it reads, and says what became of it. Its
// connections have a registry of their own, so that its numbers are about nothing else.
package flood

import (
	"context"
	"log/slog"

	ws "github.com/wsgen/wsgen/runtime"
)

// FloodServer is the registry of /flood.
//
//ws:namespace
type FloodServer struct{ *ws.Server }

// NewFloodServer returns an empty registry, which is no node of a cluster: a burst is for one connection,
// which is here. It logs failures only, because shedding, which a Server
// logs otherwise, is the purpose of this one.
func NewFloodServer(o ws.Options) *FloodServer {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Logger = slog.New(failures{o.Logger.Handler()})
	o.Cluster = ws.Cluster{}
	return &FloodServer{ws.NewServer(o)}
}

// failures leaves out lines below the level of errors.
type failures struct{ slog.Handler }

// Enabled implements slog.Handler.
func (f failures) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && f.Handler.Enabled(ctx, level)
}

// Drop is one push of a burst.
type Drop struct {
	N    int    `json:"n"`    // from 1
	Fill string `json:"fill"` // makes it large
}

// Drops are the pushes of a burst.
//
//ws:push namespace=FloodServer
type Drops interface {
	// Drop pushes one, and tells whether the outbox took it: 1 or 0.
	Drop(d Drop) (int, error)
}
