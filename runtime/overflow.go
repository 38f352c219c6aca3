package ws

import (
	"log/slog"
	"math/rand/v2"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Overflow is what becomes of a push to a connection whose outbox is full:
// because its client reads more slowly than it is pushed to, or not at all. No
// policy waits, and none concerns anybody else; replies, and streams, wait for
// room instead, under every policy. It is set for a Server (Options.Overflow),
// a gateway (its Configure method), or a push (Target.Overflow, Push.Overflow),
// and the last of these that says something counts.
type Overflow uint8

// The policies. The zero Overflow leaves it to the gateway, and there to the
// Server, whose default is ShedNewest.
const (
	// ShedNewest drops the push. What was queued before is delivered, so a client
	// that reads again first sees the past.
	ShedNewest Overflow = iota + 1
	// ShedOldest drops the oldest pushes that wait until there is room: whole
	// frames, never one that is being written, never a reply. If that cannot
	// make enough room, or if a reply waits for some, the push is dropped.
	ShedOldest
	// CloseSlow drops the push and closes the connection with 1008, after what is
	// queued, for clients that must not miss anything unawares: they connect
	// again, and begin anew.
	CloseSlow
)

// pushing is how a push treats outboxes.
type pushing struct {
	key      string // replaces what waits with this key; "" is none
	overflow Overflow
}

// over returns p, and what it does not say from q.
func (p pushing) over(q pushing) pushing {
	if p.key == "" {
		p.key = q.key
	}
	if p.overflow == 0 {
		p.overflow = q.overflow
	}
	return p
}

// Overflow returns the target with a policy for outboxes that are full when
// something is pushed; the zero Overflow means that of each connection's
// gateway.
func (t Target) Overflow(o Overflow) Target {
	t.how.overflow = o
	return t
}

// Coalesce returns the target for pushes of which only the last matters: in an
// outbox where a push with the same key waits, the new one takes its place, and
// the older is never sent. It keeps that place in the queue, since a value that
// changes faster than the client reads would otherwise stay at the end for
// ever; so it may overtake pushes with other keys, or none, that came between
// the two. What is being written is not replaced, nor dropped. Where no push
// with the key waits it is queued like any other, and if there is no room, the
// policy holds. Finding the key takes time in proportion to OutboxFrames. The
// empty key is none.
func (t Target) Coalesce(key string) Target {
	t.how.key = key
	return t
}

// tally is what one push did.
type tally struct {
	sent, shed, replaced int
	slow                 []*conn // to be closed
	waited               socket.Patience
	untold               bool // shed, and its caller has no result to see that by

	lost   [3]*conn // of those that lost something, for the log
	losers int
	seed   uint32
}

// lose notes that c has lost something. Of many each is as likely to be named:
// who is stalled since today is not hidden by those who were before.
func (n *tally) lose(c *conn) {
	at := n.losers
	n.losers++
	if at >= len(n.lost) {
		if n.seed == 0 {
			n.seed = rand.Uint32() | 1
		}
		n.seed = n.seed*1664525 + 1013904223
		at = int(uint64(n.seed) * uint64(n.losers) >> 32)
	}
	if at < len(n.lost) {
		n.lost[at] = c
	}
}

// pushOver is push for a frame that may take the place of others, and for an
// outbox that has just refused one, with that verdict.
func (c *conn) pushOver(f *outbox.Frame, v outbox.Verdict, how *pushing, n *tally) (due bool) {
	policy := how.overflow
	if policy == 0 {
		policy = c.endpoint.opts.Overflow
	}
	o := outbox.Outcome{Verdict: v}
	if how.key != "" {
		o = c.socket.Out().Offer(f, how.key, false)
	}
	if o.Verdict == outbox.Full {
		o = c.socket.PushAgain(f, how.key, &n.waited)
	}
	if o.Verdict.Refused() && policy == ShedOldest {
		o = c.socket.Out().Offer(f, how.key, true)
	}
	if n.shed += o.Shed; o.Shed > 0 {
		n.lose(c)
	}
	if o.Replaced {
		n.replaced++
	}
	switch {
	case o.Verdict == outbox.Closed:
		return false
	case o.Verdict.Refused():
		n.shed++
		if o.Shed == 0 {
			n.lose(c)
		}
		if policy == CloseSlow {
			// Not here: a room's lock is held, and closing takes the connection's.
			n.slow = append(n.slow, c)
		}
		return false
	}
	n.sent++
	return o.Verdict == outbox.Schedule
}

// pushed counts a push, closes whom it found too slow, and reports what was
// lost: to the Observer once for all connections, and to the log as often as it
// is to be. No lock may be held.
func (s *Server) pushed(event string, n *tally) {
	s.stats.accepted.Add(uint64(n.sent))
	if n.shed == 0 && n.replaced == 0 {
		return
	}
	closed := 0
	for _, c := range n.slow {
		if c.close(slowCause) {
			closed++
		}
	}
	s.stats.shed.Add(uint64(n.shed))
	s.stats.replaced.Add(uint64(n.replaced))
	s.stats.slow.Add(uint64(closed))
	if n.shed > 0 {
		s.logShed(event, n, closed)
	}
	s.tellShed(Shed{Event: event, Sent: n.sent, Shed: n.shed, Replaced: n.replaced, Closed: closed})
}

// logShed names some of those that lost something, if one of them has a line
// left.
func (s *Server) logShed(event string, n *tally, closed int) {
	named := n.lost[:min(n.losers, len(n.lost))]
	kind := logWarn
	if n.untold {
		kind = logHint
	}
	if !s.admitsKind(kind, named) {
		return
	}
	attrs := []any{"event", event, "sent", n.sent, "shed", n.shed, "closed", closed}
	switch {
	case n.untold:
		s.line(named[0], slog.LevelWarn, "ws: push to one connection shed, its outbox is full, and its caller was not told: give the push method the results (int, error)", attrs...)
	case len(named) == 1:
		s.line(named[0], slog.LevelWarn, "ws: push shed, outbox full", attrs...)
	default:
		ids := make([]string, len(named))
		for i, c := range named {
			ids[i] = c.id.String()
		}
		s.line(nil, slog.LevelWarn, "ws: push shed, outboxes full", append(attrs, "conns", strings.Join(ids, " "))...)
	}
}
