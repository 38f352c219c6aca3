// Package lazy has a context that costs nothing until somebody waits for it.
//
// A connection and a call have a context each, and most of them end before
// anybody asks for its Done channel. A standard context that can be cancelled
// costs two allocations and, below another one, an entry in that.
package lazy

import (
	"context"
	"sync/atomic"
	"time"
)

// Owner has the end that a Context ends with.
type Owner interface {
	// Ended reports whether the owner has ended; once it has, it always has. It
	// is called without a lock of this package's.
	Ended() bool
}

// Context holds the standard context of an owner, once it is made. It is one
// word, and the zero Context is ready to use: nobody has waited. It is safe for
// concurrent use, and must not be copied.
//
// An owner that ends first lets Ended say so, and then calls Cancel. Standard
// and Until look for the end after they have published the context that they
// made. So whichever of the two is first, that context is cancelled.
type Context struct{ made atomic.Pointer[standard] }

type standard struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// Standard returns the standard context: a child of parent that the first call
// makes. It is cancelled when the owner ends.
func (c *Context) Standard(parent context.Context, of Owner) context.Context {
	if s := c.made.Load(); s != nil {
		return s.ctx
	}
	s := new(standard)
	s.ctx, s.cancel = context.WithCancel(parent)
	return c.publish(s, of)
}

// Until is Standard with a deadline, for an owner that has one. A context that
// was made before keeps the deadline that it has.
func (c *Context) Until(parent context.Context, deadline time.Time, of Owner) context.Context {
	if s := c.made.Load(); s != nil {
		return s.ctx
	}
	s := new(standard)
	s.ctx, s.cancel = context.WithDeadline(parent, deadline)
	return c.publish(s, of)
}

// publish makes s the one context, unless another was first.
func (c *Context) publish(s *standard, of Owner) context.Context {
	if !c.made.CompareAndSwap(nil, s) {
		s.cancel()
		return c.made.Load().ctx
	}
	if of.Ended() {
		s.cancel()
	}
	return s.ctx
}

// Made returns the standard context, nil if nobody has waited for it.
func (c *Context) Made() context.Context {
	if s := c.made.Load(); s != nil {
		return s.ctx
	}
	return nil
}

// Cancel cancels the standard context, if there is one. The owner calls it after
// its end can be seen.
func (c *Context) Cancel() {
	if s := c.made.Load(); s != nil {
		s.cancel()
	}
}

// Canceled returns a context that is cancelled.
func Canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
