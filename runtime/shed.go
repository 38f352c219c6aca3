package ws

import (
	"log/slog"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// pushed counts a push, closes the connections that it found too slow, and
// reports the losses: to the Observer once for all connections, and to the
// log as often as that takes lines of such connections. untold says that the
// caller has no result that shows a loss, declared that event is of an
// interface marked //ws:push. No lock may be held.
func (s *Server) pushed(event string, declared bool, n *hub.Tally, untold bool) {
	s.stats.accepted.Add(uint64(n.Sent))
	if n.Shed == 0 && n.Replaced == 0 {
		return
	}
	closed := 0
	for _, m := range n.Slow {
		if clientOf(m).close(slowCause) {
			closed++
		}
	}
	for _, loss := range n.Gone {
		if !ownerOf(loss.Member).lapse() { // else there is a gap, and nothing to go on with
			loss.Tell()
		}
	}
	s.stats.shed.Add(uint64(n.Shed))
	s.stats.replaced.Add(uint64(n.Replaced))
	s.stats.slow.Add(uint64(closed))
	if n.Shed > 0 {
		s.logShed(event, n, closed, untold)
	}
	s.tellShed(Shed{Event: event, Declared: declared, Sent: n.Sent, Shed: n.Shed, Replaced: n.Replaced, Closed: closed})
}

// logShed logs a loss, with the ids of some connections that lost something,
// if one of them has a line left.
func (s *Server) logShed(event string, n *hub.Tally, closed int, untold bool) {
	var named []*Client
	for _, m := range n.Lost() {
		named = append(named, clientOf(m))
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
			ids[i] = c.ID().String()
		}
		s.line(nil, slog.LevelWarn, "ws: push shed, outboxes full", append(attrs, "conns", strings.Join(ids, " "))...)
	}
}
