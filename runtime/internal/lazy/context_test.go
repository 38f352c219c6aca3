package lazy_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/lazy"
)

// owner ends when it is told to.
type owner struct {
	ended atomic.Bool
	ctx   lazy.Context
}

func (o *owner) Ended() bool { return o.ended.Load() }

func (o *owner) end() {
	o.ended.Store(true)
	o.ctx.Cancel()
}

func (o *owner) standard() context.Context { return o.ctx.Standard(context.Background(), o) }

// TestContext: there is one context, made by the first that waits. It is
// cancelled with its owner, before or after.
func TestContext(t *testing.T) {
	var o owner
	if o.ctx.Made() != nil {
		t.Error("nobody has waited, and there is a context")
	}
	first := o.standard()
	if o.standard() != first || o.ctx.Made() != first {
		t.Error("a second context was made")
	}
	if first.Err() != nil {
		t.Error("it is over before its owner")
	}
	o.end()
	if first.Err() != context.Canceled {
		t.Errorf("its owner has ended: %v", first.Err())
	}

	var late owner
	late.end()
	if late.ctx.Made() != nil {
		t.Error("ending made a context")
	}
	if err := late.standard().Err(); err != context.Canceled {
		t.Errorf("made after the end: %v", err)
	}
	if err := lazy.Canceled().Err(); err != context.Canceled {
		t.Errorf("Canceled: %v", err)
	}
}

// TestContextParent: the context is a child, and has its parent's end and
// values.
func TestContextParent(t *testing.T) {
	type key struct{}
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, 1))
	var o owner
	ctx := o.ctx.Standard(parent, &o)
	if ctx.Value(key{}) != 1 {
		t.Error("the parent's values are not there")
	}
	cancel()
	if ctx.Err() == nil {
		t.Error("it does not end with its parent")
	}
}

// TestUntil: the context ends at the deadline. One that was made without a
// deadline stays so.
func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o owner
		ctx := o.ctx.Until(context.Background(), time.Now().Add(time.Second), &o)
		if o.standard() != ctx {
			t.Error("a second context was made")
		}
		<-ctx.Done()
		if ctx.Err() != context.DeadlineExceeded {
			t.Error(ctx.Err())
		}
		var other owner
		made := other.standard()
		if got := other.ctx.Until(context.Background(), time.Now(), &other); got != made {
			t.Error("a context that was there was replaced")
		}
		other.end()
	})
}

// TestContextRace: a goroutine that makes the context while the owner ends has
// one that is cancelled, and all have the same.
func TestContextRace(t *testing.T) {
	for range 2000 {
		var o owner
		var all [3]context.Context
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() { all[i] = o.standard() })
		}
		wg.Go(o.end)
		wg.Wait()
		for _, ctx := range all {
			if ctx != all[0] || ctx.Err() == nil {
				t.Fatalf("%v %v", ctx, ctx.Err())
			}
		}
	}
}

// TestBudgetContext: nothing is allocated for a context that is not waited for.
func TestBudgetContext(t *testing.T) {
	var o owner
	if got := testing.AllocsPerRun(100, func() {
		_ = o.ctx.Made()
		o.end()
	}); got > 0 {
		t.Errorf("%v allocations", got)
	}
}
