package ws

import (
	"context"
	"time"
)

// And returns an Observer that tells both, o first; what Connecting and
// Starting of both return is nested, and ends the other way round. A panic of
// one does not keep the other from being told; if it is in Connecting or
// Starting, the other's answered or ended is called at once, with CodeInternal
// and no Client, and its context is not used. Of the two traces, o's counts if
// it has one.
func (o Observer) And(other Observer) Observer {
	return Observer{
		Connecting: bothConnecting(o.Connecting, other.Connecting),
		Opened:     both(o.Opened, other.Opened),
		Closed:     both2(o.Closed, other.Closed),
		Detached:   both2(o.Detached, other.Detached),
		Resumed:    both(o.Resumed, other.Resumed),
		Starting:   bothStarting(o.Starting, other.Starting),
		Handled:    bothHandled(o.Handled, other.Handled),
		Sent:       both(o.Sent, other.Sent),
		Refused:    both(o.Refused, other.Refused),
		Shed:       both(o.Shed, other.Shed),
		Cluster:    both(o.Cluster, other.Cluster),
		Trace:      firstTrace(o.Trace, other.Trace),
	}
}

type (
	connecting = func(context.Context, Handshake) (context.Context, func(*Client, *Error))
	starting   = func(context.Context, *Client, string) (context.Context, func(time.Duration, *Error))
	handled    = func(*Client, string, time.Duration, *Error)
)

// both returns a function that calls both, the second even if the first
// panics.
func both[A any](first, second func(A)) func(A) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(a A) {
		defer second(a)
		first(a)
	}
}

func both2[A, B any](first, second func(A, B)) func(A, B) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(a A, b B) {
		defer second(a, b)
		first(a, b)
	}
}

func bothHandled(first, second handled) handled {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(c *Client, event string, took time.Duration, refusal *Error) {
		defer second(c, event, took, refusal)
		first(c, event, took, refusal)
	}
}

func bothConnecting(first, second connecting) connecting {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, h Handshake) (of context.Context, answered func(*Client, *Error)) {
		var inmost context.Context
		var outer, inner func(*Client, *Error)
		returned := false
		defer func() {
			if returned {
				return
			}
			if end := both2(inner, outer); end != nil {
				end(nil, errUnfinished()) // nobody else could: what is returned is lost
			}
		}()
		func() {
			defer func() { inmost, inner = second(inside(ctx, of), h) }() // deferred, so that it is told even if the first panics
			of, outer = first(ctx, h)
		}()
		returned = true
		return inside(of, inmost), both2(inner, outer)
	}
}

func bothStarting(first, second starting) starting {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, c *Client, event string) (of context.Context, ended func(time.Duration, *Error)) {
		var inmost context.Context
		var outer, inner func(time.Duration, *Error)
		returned := false
		defer func() {
			if returned {
				return
			}
			if end := both2(inner, outer); end != nil {
				end(0, errUnfinished()) // as in bothConnecting
			}
		}()
		func() {
			defer func() { inmost, inner = second(inside(ctx, of), c, event) }()
			of, outer = first(ctx, c, event)
		}()
		returned = true
		return inside(of, inmost), both2(inner, outer)
	}
}

// inside returns the inner context, and the outer one if that is nil.
func inside(outer, inner context.Context) context.Context {
	if inner == nil {
		return outer
	}
	return inner
}

func firstTrace(first, second func(context.Context) string) func(context.Context) string {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context) string {
		if id := first(ctx); id != "" {
			return id
		}
		return second(ctx)
	}
}

// errUnfinished returns the refusal of what user code ended before it had an
// answer.
func errUnfinished() *Error { return NewError(CodeInternal, "internal error") }
