package demo

import (
	"context"
	"sync/atomic"
	"time"
)

// Trouble is what goes wrong. The zero Trouble is none, and so is nil.
type Trouble struct {
	slower atomic.Int64
	fails  atomic.Bool
}

// Slower makes all handlers take n times as long.
func (t *Trouble) Slower(n int) { t.slower.Store(int64(n)) }

// Fail makes the searches fail, or no longer.
func (t *Trouble) Fail(yes bool) { t.fails.Store(yes) }

// Fails reports whether searches fail.
func (t *Trouble) Fails() bool { return t != nil && t.fails.Load() }

// wait waits as long as some work takes.
func (t *Trouble) wait(ctx context.Context, work time.Duration) {
	if t != nil {
		work *= time.Duration(max(t.slower.Load(), 1))
	}
	select {
	case <-time.After(work):
	case <-ctx.Done():
	}
}
