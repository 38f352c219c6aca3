package ws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Shutdown ends the Server, in this order:
//
//  1. Readyz says 503 from now on, and Options.ShutdownDelay passes.
//  2. New handshakes are answered 503.
//  3. One connection after the other, spread over at most
//     Options.ShutdownSpread, and half of what ctx leaves, refuses new messages
//     with CodeUnavailable; or, if its client speaks wsgen.v1.json, is asked to
//     leave within Options.DrainTimeout, and half of what ctx leaves.
//  4. Each of them is closed with 1001 when what it has accepted is answered and
//     what is queued for it has left; or, with an error for what has no answer,
//     when Options.DrainTimeout is up or ctx about to end.
//  5. Shutdown waits until the sockets are closed and the disconnect hooks have
//     returned.
//  6. A node of a cluster says bye, what it has pushed leaves, and its link to the
//     engine is closed.
//
// When ctx ends first, the sockets that are left are cut, and the error says
// how many connections a hook or handler still holds. Shutdown may be called
// again, to wait longer. It is safe for concurrent use.
func (s *Server) Shutdown(ctx context.Context) error {
	if !s.made() {
		return nil
	}
	defer s.summarize()
	if !s.draining.Swap(true) {
		if s.cluster != nil {
			s.cluster.news()
		}
		s.delay(ctx)
	}
	err := s.closeAll(ctx)
	s.history.tails.Close()
	s.roll.close()
	if s.cluster != nil {
		err = errors.Join(err, s.cluster.leave(ctx))
	}
	return err
}

// closeAll closes the connections, and waits until nothing is left of them.
func (s *Server) closeAll(ctx context.Context) error {
	drained, conns := s.hub.Shut()
	for _, lone := range s.sessions.shutDown() {
		lone.asClient().close(shutdownCause)
	}
	awaiting := s.hub.Awaiting()
	for _, m := range awaiting {
		ownerOf(m).leave(departure{cause: shutdownCause})
	}
	s.closeSpread(ctx, conns)
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	for _, m := range slices.Concat(conns, awaiting, s.hub.Lingering()) {
		clientOf(m).abort(shutdownCause)
	}
	select {
	case <-drained: // cutting was enough
		return nil
	case <-time.After(cutGrace):
		return steady.Wrap(fmt.Sprintf("ws: shutdown: %d connections not done", s.hub.Held()), context.Cause(ctx))
	}
}

// delay waits for Options.ShutdownDelay, so that a load balancer sees what
// Readyz says.
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

// cutGrace is how long Shutdown waits for sockets that it cut because its
// time is up.
const cutGrace = 100 * time.Millisecond

// perClose is the time between two closes, where the crowd is so small that
// it does not need the whole spread.
const perClose = time.Millisecond

// drainTime returns how long a connection may drain: d, but no longer than
// ctx leaves besides the time for the last frames.
func drainTime(ctx context.Context, d time.Duration) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	if until, ok := ctx.Deadline(); ok {
		left := time.Until(until)
		return min(d, left-min(left/4, flushTime))
	}
	return d
}

// leadTime returns how long a client that was asked to leave may take to: d, but
// no more than half of what ctx leaves, since others are asked later.
func leadTime(ctx context.Context, d time.Duration) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	return atMostHalf(ctx, d)
}

// flushTime is kept for the last frames and the closing handshake, but no
// more than a quarter of the time that is left.
const flushTime = time.Second

// closeSpread has the connections drain and close, spread evenly.
func (s *Server) closeSpread(ctx context.Context, conns []*hub.Member) {
	spread := atMostHalf(ctx, min(s.opts.ShutdownSpread, time.Duration(len(conns))*perClose))
	begun := time.Now()
	for i, m := range conns {
		due := spread * time.Duration(i) / time.Duration(len(conns))
		// Waiting for less than a tick would make the crowd late as a whole.
		if ahead := due - time.Since(begun); ahead > 5*time.Millisecond {
			select {
			case <-time.After(ahead):
			case <-ctx.Done():
			}
		}
		o := ownerOf(m)
		o.leave(departure{
			cause: shutdownCause, spread: spread,
			within: drainTime(ctx, o.limits().DrainTimeout), lead: leadTime(ctx, o.limits().DrainTimeout),
		})
	}
}
