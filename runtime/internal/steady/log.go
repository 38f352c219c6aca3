package steady

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
)

// Log returns a slog.Handler that neither panics nor ends its goroutine,
// whatever to does. The first failure is written to standard error, since the
// log may not be able to tell it.
func Log(to slog.Handler) slog.Handler {
	if to == slog.DiscardHandler {
		return to
	}
	return handler{to, new(atomic.Bool)}
}

// handler is the slog.Handler of Log.
type handler struct {
	to   slog.Handler
	told *atomic.Bool
}

// Enabled asks only for levels that are too much for most logs. For the others
// Handle asks, so that a line is one call apart and not two.
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	if level >= slog.LevelInfo {
		return true
	}
	enabled := true // it stays so if Enabled fails: Handle tells that then
	_ = Apart("Logger", func() { enabled = h.to.Enabled(ctx, level) })
	return enabled
}

// Handle hands on a line, if it is wanted.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	var err error
	f := Apart("Logger", func() {
		if h.to.Enabled(ctx, r.Level) {
			err = h.to.Handle(ctx, r)
		}
	})
	if f == nil {
		return err
	}
	if !h.told.Swap(true) {
		fmt.Fprintf(os.Stderr, "ws: %s, while it was told %q; its next failures are not shown\n", f.String(), r.Message)
	}
	return f
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func() slog.Handler { return h.to.WithAttrs(attrs) })
}

func (h handler) WithGroup(name string) slog.Handler {
	return h.with(func() slog.Handler { return h.to.WithGroup(name) })
}

// with returns a handler of the same log for what make returns; h if make
// fails.
func (h handler) with(make func() slog.Handler) slog.Handler {
	to := h.to
	if f := Apart("Logger", func() { to = make() }); f != nil || to == nil {
		return h
	}
	return handler{to, h.told}
}
