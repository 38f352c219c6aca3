package ws_test

import (
	"context"
	"sync/atomic"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestNothingBeginsInClose: a handler that ends because its connection closes is
// not followed by the next message, however long it takes to cancel the context for
// all that wait for it.
func TestNothingBeginsInClose(t *testing.T) {
	waits := make(chan []context.CancelFunc, 1)
	var begun atomic.Int32
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"waits": serial(func(c *ws.Call) error {
			ctx := c.Context()
			below := make([]context.CancelFunc, 50_000) // they are told one after the other, behind those who wait for ctx itself
			for i := range below {
				_, below[i] = context.WithCancel(ctx)
			}
			waits <- below
			<-ctx.Done()
			return nil
		}),
		"next": serial(func(*ws.Call) error { begun.Add(1); return nil }),
	}})
	for range 10 {
		p := s.dial(t, "/ws")
		p.send(`{"event":"waits"}`)
		below := await(t, "the handler", waits)
		p.send(`{"event":"next"}`)
		eventually(t, "it has come", func() bool { return s.Stats().Received%2 == 0 })
		s.All().Disconnect(ws.CloseNormal, "")
		p.wantClose(ws.CloseNormal)
		eventually(t, "it is gone", func() bool { return s.Stats().Connections == 0 })
		for _, cancel := range below {
			cancel()
		}
	}
	if n, dropped := begun.Load(), s.Stats().Dropped; n != 0 || dropped != 10 {
		t.Errorf("%d handlers began, %d messages were dropped", n, dropped)
	}
}
