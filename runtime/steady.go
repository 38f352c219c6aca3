package ws

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// An Observer and a Logger are called from everywhere, goroutines without a
// connection included. A panic of theirs must cost nobody anything but what
// they were told.

// steady returns o with functions that do not panic.
func (o Observer) steady(log *slog.Logger) Observer {
	survive := func() {
		if p := recover(); p != nil {
			log.Error("ws: "+newPanic("Observer", p).Error(), "stack", string(debug.Stack()))
		}
	}
	if f := o.Opened; f != nil {
		o.Opened = func(c *Client) { defer survive(); f(c) }
	}
	if f := o.Closed; f != nil {
		o.Closed = func(c *Client, cause Closed) { defer survive(); f(c, cause) }
	}
	if f := o.Handled; f != nil {
		o.Handled = func(c *Client, event string, took time.Duration, refusal *Error) {
			defer survive()
			f(c, event, took, refusal)
		}
	}
	if f := o.Refused; f != nil {
		o.Refused = func(r Refusal) { defer survive(); f(r) }
	}
	if f := o.Shed; f != nil {
		o.Shed = func(s Shed) { defer survive(); f(s) }
	}
	return o
}

// steadyLog is a slog.Handler that does not panic. Where the log should have
// gone is unknown then, so standard error is told, the first time.
type steadyLog struct {
	to   slog.Handler
	told *atomic.Bool
}

func (h steadyLog) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() {
		if p := recover(); p != nil {
			enabled = true // so that Handle can say it
		}
	}()
	return h.to.Enabled(ctx, level)
}

func (h steadyLog) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newPanic("Logger", p)
			if !h.told.Swap(true) {
				fmt.Fprintf(os.Stderr, "ws: %v, while it was told %q; its next panics are not shown\n", err, r.Message)
			}
		}
	}()
	return h.to.Handle(ctx, r)
}

func (h steadyLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return steadyLog{h.to.WithAttrs(attrs), h.told}
}

func (h steadyLog) WithGroup(name string) slog.Handler {
	return steadyLog{h.to.WithGroup(name), h.told}
}

// textOf is err.Error, whose author may have forgotten that a nil pointer in
// an error is not nil.
func textOf(err error) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("%T, whose Error method panicked: %v", err, p)
		}
	}()
	return err.Error()
}
