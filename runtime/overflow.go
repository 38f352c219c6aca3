package ws

import (
	"log/slog"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/hub"
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

// over returns p, and what it does not say from q.
func over(p, q hub.How) hub.How {
	if p.Key == "" {
		p.Key = q.Key
	}
	if p.Overflow == 0 {
		p.Overflow = q.Overflow
	}
	return p
}

// Overflow returns the target with a policy for outboxes that are full when
// something is pushed; the zero Overflow means that of each connection's
// gateway.
func (t Target) Overflow(o Overflow) Target {
	t.how.Overflow = hub.Overflow(o)
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
	t.how.Key = key
	return t
}

// pushed counts a push, closes whom it found too slow, and reports what was
// lost: to the Observer once for all connections, and to the log as often as it
// is to be. untold says that the caller has no result to see a loss by. No lock
// may be held.
func (s *Server) pushed(event string, n *hub.Tally, untold bool) {
	s.stats.accepted.Add(uint64(n.Sent))
	if n.Shed == 0 && n.Replaced == 0 {
		return
	}
	closed := 0
	for _, m := range n.Slow {
		if connOf(m).close(slowCause) {
			closed++
		}
	}
	s.stats.shed.Add(uint64(n.Shed))
	s.stats.replaced.Add(uint64(n.Replaced))
	s.stats.slow.Add(uint64(closed))
	if n.Shed > 0 {
		s.logShed(event, n, closed, untold)
	}
	s.tellShed(Shed{Event: event, Sent: n.Sent, Shed: n.Shed, Replaced: n.Replaced, Closed: closed})
}

// logShed names some of those that lost something, if one of them has a line
// left.
func (s *Server) logShed(event string, n *hub.Tally, closed int, untold bool) {
	var named []*conn
	for _, m := range n.Lost() {
		named = append(named, connOf(m))
	}
	kind := logWarn
	if untold {
		kind = logHint
	}
	if !s.admitsKind(kind, named) {
		return
	}
	attrs := []any{"event", event, "sent", n.Sent, "shed", n.Shed, "closed", closed}
	switch {
	case untold:
		s.line(named[0], slog.LevelWarn, "ws: push to one connection shed, its outbox is full, and its caller was not told: give the push method the results (int, error)", attrs...)
	case len(named) == 1:
		s.line(named[0], slog.LevelWarn, "ws: push shed, outbox full", attrs...)
	default:
		ids := make([]string, len(named))
		for i, c := range named {
			ids[i] = c.id().String()
		}
		s.line(nil, slog.LevelWarn, "ws: push shed, outboxes full", append(attrs, "conns", strings.Join(ids, " "))...)
	}
}
