package ws

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/lazy"
)

// guardContext is the context of connection guards: that of the request, with a
// deadline, and over when they have returned. The standard context inside, with its
// timer, is made when somebody waits: most guards look at a token, and that is all.
type guardContext struct {
	context.Context           // of the request
	until           time.Time // the deadline, unless the request has a sooner one
	over            atomic.Bool
	ctx             lazy.Context
}

// end ends it.
func (x *guardContext) end() {
	x.over.Store(true)
	x.ctx.Cancel()
}

// Deadline returns the time until which the guards may take.
func (x *guardContext) Deadline() (time.Time, bool) {
	if until, limited := x.Context.Deadline(); limited && until.Before(x.until) {
		return until, true
	}
	return x.until, true
}

// Done returns a channel that is closed at the deadline, when the guards have
// returned, and when the request is over.
func (x *guardContext) Done() <-chan struct{} { return x.ctx.Until(x.Context, x.until, x).Done() }

// Err returns context.DeadlineExceeded after the deadline, why the request is over if
// it is, context.Canceled when the guards have returned, and else nil.
func (x *guardContext) Err() error {
	if ctx := x.ctx.Made(); ctx != nil {
		return ctx.Err()
	}
	if err := x.Context.Err(); err != nil {
		return err
	}
	switch {
	case x.Ended():
		return context.Canceled
	case !time.Now().Before(x.until):
		return context.DeadlineExceeded
	}
	return nil
}

// Value returns what the request's context does. Package context, which asks for a key
// of its own when somebody waits, finds the standard context.
func (x *guardContext) Value(key any) any {
	if ctx := x.ctx.Made(); ctx != nil {
		return ctx.Value(key)
	}
	return x.Context.Value(key)
}

// Ended reports whether the guards have returned, for package lazy.
func (x *guardContext) Ended() bool { return x.over.Load() }
