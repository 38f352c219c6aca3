// Package kit is what package wstest asks of package ws. Nobody outside of the
// runtime can name its types, so nobody else can ask.
package kit

import (
	"context"
	"sync"
)

// Guest is a request to connect that a test makes. Package ws finds it in the
// request's context.
type Guest struct {
	// Principal is a ws.Principal, which the connection has instead of asking its
	// guards; nil: they are asked.
	Principal any

	once     sync.Once
	released chan struct{}

	parting sync.Once
	parted  chan struct{}
	lapse   func() // set before parted is closed
}

// NewGuest returns a Guest whose connection has not ended.
func NewGuest(principal any) *Guest {
	return &Guest{Principal: principal, released: make(chan struct{}), parted: make(chan struct{})}
}

type guestKey struct{}

// With returns a context that has g.
func (g *Guest) With(ctx context.Context) context.Context {
	return context.WithValue(ctx, guestKey{}, g)
}

// GuestOf returns the Guest that a request's context has; nil is none.
func GuestOf(ctx context.Context) *Guest {
	g, _ := ctx.Value(guestKey{}).(*Guest)
	return g
}

// Release says that no goroutine has to do with the connection any more: its
// hooks have returned, and its socket is closed.
func (g *Guest) Release() { g.once.Do(func() { close(g.released) }) }

// Released returns a channel that is closed by Release.
func (g *Guest) Released() <-chan struct{} { return g.released }

// Part says that the connection has lost its socket, and stays: lapse ends it.
// Release follows when it is over, or has another socket.
func (g *Guest) Part(lapse func()) {
	g.parting.Do(func() {
		g.lapse = lapse
		close(g.parted)
	})
}

// Parted returns a channel that is closed by Part.
func (g *Guest) Parted() <-chan struct{} { return g.parted }

// Lapse ends the connection, if it has no socket any more, as if nobody had come
// back to it in time. Parted must have been closed.
func (g *Guest) Lapse() { g.lapse() }
