package ws

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// peerLog bounds the lines of the log that peers can cause. Each of these
// lines goes through logPeer, or through admits and line, which are its two
// halves (TestArchitecture holds that). A peer may cause as many as it can send
// messages, or connect. So each connection has an allowance of lines. The
// Server has one for all connections together, since a peer that connects
// again has a new allowance. Lines beyond are left out, and counted. The next
// line that is written says how many those were; if none is for summaryAfter,
// a line of its own does.
//
// Each kind of lines counts by itself. Refusals, which are warnings, cannot
// push out panics and internal errors, and a count is never lost with a line
// that the Logger does not want.
//
// A line says nothing of a peer's but its subject: an event's name, an
// origin, the reason of a Close. Headers, the query, the offered subprotocols
// and a token have no place in it. The text of a line is a constant.
// Everything else is an attribute, which a slog.Handler quotes, and is cut.
type peerLog struct {
	mu      sync.Mutex
	of      [logKinds]logKind // guarded by mu
	summary *time.Timer       // guarded by mu; set while something has been left out and not told, else nil
}

// logKind bounds and counts the lines of one kind.
type logKind struct {
	allowance
	omitted int       // since the last line
	from    [3]ConnID // the first connections that those were about
}

// The kinds of lines.
const (
	logInfo = iota
	logWarn
	logError
	logHint // a warning that tells how to mend the program: refusals do not push it out
	logKinds
)

// The allowances: so many lines at once, and then one each time that this has
// passed. A connection has more for errors, since its client was told the
// reference of each. The Server has fewer for errors, since each has a stack.
const (
	connLines, connEvery           = 5, 10 * time.Second
	connErrors, connErrorsEvery    = 20, time.Second
	serverLines, serverEvery       = 100, 100 * time.Millisecond
	serverErrors, serverErrorEvery = 50, 200 * time.Millisecond

	// summaryAfter is how long a count of what was left out waits for a line.
	summaryAfter = 10 * time.Second

	maxLogText  = 2 << 10 // bytes of an attribute
	maxLogStack = 8 << 10
)

// allowance is a token bucket of lines.
type allowance struct {
	used  uint32
	since time.Duration // of the last one that came back, by Server.clock
}

// take takes a line of the allowance, and reports whether there was one.
func (a *allowance) take(now time.Duration, burst uint32, every time.Duration) bool {
	if back := (now - a.since) / every; back > 0 {
		a.used -= uint32(min(time.Duration(a.used), back))
		a.since += back * every
	}
	if a.used == 0 {
		a.since = now
	}
	if a.used >= burst {
		return false
	}
	a.used++
	return true
}

func kindOf(level slog.Level) int {
	switch {
	case level >= slog.LevelError:
		return logError
	case level >= slog.LevelWarn:
		return logWarn
	}
	return logInfo
}

func levelOf(kind int) slog.Level {
	return [logKinds]slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelWarn}[kind]
}

// logPeer logs a line that a peer has caused: with c's id, or without one if
// c is nil, since there is no connection yet. text is a constant, args are as
// slog's. No lock may be held.
func (s *Server) logPeer(c *Client, level slog.Level, text string, args ...any) {
	if s.admits(level, c) {
		s.line(c, level, text, args...)
	}
}

// admits reports whether a line about some connections is to be written, and
// counts it if not. It is for callers that need to know, or whose line costs
// something to make. A nil connection is one that is not there yet. No lock
// may be held.
func (s *Server) admits(level slog.Level, about ...*Client) bool {
	return level < slog.LevelInfo || // a Logger for debugging gets all of it
		s.admitsKind(kindOf(level), about)
}

func (s *Server) admitsKind(kind int, about []*Client) bool {
	now := s.clock()
	mine := slices.ContainsFunc(about, func(c *Client) bool { return c == nil || c.mayLog(kind, now) })
	p := &s.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	k := &p.of[kind]
	burst, every := uint32(serverLines), serverEvery
	if kind == logError {
		burst, every = serverErrors, serverErrorEvery
	}
	if mine && k.take(now, burst, every) {
		return true
	}
	k.omit(about)
	if p.summary == nil {
		p.summary = time.AfterFunc(summaryAfter, s.summarize)
	}
	return false
}

// mayLog takes a line of the connection's own allowance, and reports whether
// there was one.
func (c *Client) mayLog(kind int, now time.Duration) bool {
	burst, every := uint32(connLines), connEvery
	if kind == logError {
		burst, every = connErrors, connErrorsEvery
	}
	some := c.seldom()
	some.mu.Lock()
	defer some.mu.Unlock()
	if some.lines == nil {
		some.lines = new([logKinds]allowance)
	}
	return some.lines[kind].take(now, burst, every)
}

// omit counts a line that is not written. It keeps the ids of the first
// connections that those were about.
func (k *logKind) omit(about []*Client) {
	k.omitted++
	for _, c := range about {
		if c == nil || slices.Contains(k.from[:], c.ID()) {
			continue
		}
		if free := slices.Index(k.from[:], 0); free >= 0 {
			k.from[free] = c.ID()
		}
	}
}

// told returns the count of what has been left out, and forgets it.
func (p *peerLog) told(kind int) (omitted int, from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := &p.of[kind]
	var ids []string
	for _, id := range k.from {
		if id != 0 {
			ids = append(ids, id.String())
		}
	}
	omitted = k.omitted
	k.omitted, k.from = 0, [3]ConnID{}
	return omitted, strings.Join(ids, " ")
}

// line writes a line that admits has let pass, or one that is logged once for
// each Server or handler and must not be left out.
func (s *Server) line(c *Client, level slog.Level, text string, args ...any) {
	trace := ""
	if c != nil {
		trace = c.identity.inTrace()
	}
	s.lineIn(context.Background(), c, trace, level, text, args...)
}

// lineIn is line with the context of a message, and the id of its trace.
func (s *Server) lineIn(ctx context.Context, c *Client, trace string, level slog.Level, text string, args ...any) {
	attrs := make([]any, 0, len(args)+10)
	for i := 0; i+1 < len(args); i += 2 {
		attrs = append(attrs, args[i], short(args[i], args[i+1]))
	}
	if c != nil {
		attrs = append(attrs, "conn", c.ID())
	}
	if trace != "" {
		attrs = append(attrs, "trace", trace)
	}
	if level >= slog.LevelInfo {
		attrs = append(attrs, omittedAttrs(s.peers.told(kindOf(level)))...)
	}
	s.log.Log(ctx, level, text, append(attrs, "node", s.ids.node())...)
}

func omittedAttrs(omitted int, from string) []any {
	switch {
	case omitted == 0:
		return nil
	case from == "":
		return []any{"omitted", omitted}
	}
	return []any{"omitted", omitted, "omitted_conns", from}
}

// summarize logs the counts that no other line has told, so that none is
// lost. It is called summaryAfter the first line was left out, and when the
// Server ends.
func (s *Server) summarize() {
	p := &s.peers
	p.mu.Lock()
	if p.summary != nil {
		p.summary.Stop()
		p.summary = nil
	}
	p.mu.Unlock()
	for kind := range logKinds {
		if attrs := omittedAttrs(p.told(kind)); attrs != nil {
			s.log.Log(context.Background(), levelOf(kind), "ws: lines left out", append(attrs, "node", s.ids.node())...)
		}
	}
}

// short returns the value of an attribute, cut if it is too long.
func short(key, value any) any {
	most := maxLogText
	if key == "stack" {
		most = maxLogStack
	}
	switch v := value.(type) {
	case string:
		return cutText(v, most)
	case error:
		return cutText(steady.Text(v), most)
	}
	return value
}

// cutText cuts a text to most bytes, at the end of a rune, and adds "…".
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most]) + "…"
}
