package ws

import (
	"context"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Shutdown ends the Server, in this order: Readyz says 503; after
// Options.ShutdownDelay new handshakes are answered 503; each connection is
// closed with 1001 after what is queued for it, spread over at most
// Options.ShutdownSpread, and half of what ctx leaves; then Shutdown waits
// until the sockets are closed and the disconnect hooks have returned. When
// ctx ends first, the sockets that are left are cut, and the error says how
// many connections a hook or handler still holds. It may be called again, to
// wait longer.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.summarize()
	if !s.draining.Swap(true) {
		s.delay(ctx)
	}
	drained, conns := s.registry.shut()
	s.closeSpread(ctx, conns)
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	for _, c := range append(conns, s.registry.lingering()...) {
		c.abort(shutdownCause)
	}
	select {
	case <-drained: // cutting was enough
		return nil
	case <-time.After(cutGrace):
		return steady.Wrap(fmt.Sprintf("ws: shutdown: %d connections not done", s.registry.held()), context.Cause(ctx))
	}
}

// delay gives a load balancer time to read what Readyz says.
func (s *Server) delay(ctx context.Context) {
	delay := atMostHalf(ctx, s.opts.ShutdownDelay)
	if delay <= 0 {
		return
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// atMostHalf returns d, but no more than half of the time that ctx leaves.
func atMostHalf(ctx context.Context, d time.Duration) time.Duration {
	if until, ok := ctx.Deadline(); ok {
		return min(d, time.Until(until)/2)
	}
	return d
}

// cutGrace is what is left to sockets that were cut to be done with, when the
// time is up already.
const cutGrace = 100 * time.Millisecond

// perClose spaces the closes of a crowd that would not need the whole spread.
const perClose = time.Millisecond

// closeSpread closes the connections evenly over the time there is.
func (s *Server) closeSpread(ctx context.Context, conns []*conn) {
	spread := atMostHalf(ctx, min(s.opts.ShutdownSpread, time.Duration(len(conns))*perClose))
	begun := time.Now()
	for i, c := range conns {
		due := spread * time.Duration(i) / time.Duration(len(conns))
		// Waiting for less than a tick would make the crowd late as a whole.
		if ahead := due - time.Since(begun); ahead > 5*time.Millisecond {
			select {
			case <-time.After(ahead):
			case <-ctx.Done():
			}
		}
		c.close(shutdownCause)
	}
}
