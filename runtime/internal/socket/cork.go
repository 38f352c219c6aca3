package socket

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// cork holds back the replies of a read loop while there may be more to read.
// Read goroutine only; that is the writer of the outbox meanwhile.
type cork struct {
	since uint32 // when the messages were read whose replies are held back, or when others left; in µs (see micros)
	bytes uint16 // of the replies; one counts for maxCorked at most
	count uint16
}

// micros returns the low part of Engine.Clock, in µs: a cork is soon over.
func micros(clock time.Duration) uint32 { return uint32(clock / time.Microsecond) }

const (
	// maxCorked is how many bytes of replies are held back.
	maxCorked = 32 << 10
	// maxCorkedTime is how long replies, and pushes behind them, are held back, in
	// µs. Those of a handler that takes longer are written when it returns.
	maxCorkedTime = 200
)

// holdBack uncorks replies that were held back for long enough, now that more
// has been read. clock is read once for all that comes with one read: to do so
// costs a hundredth of an echo.
func (s *Socket) holdBack(clock time.Duration) {
	now := micros(clock)
	if s.corked && now-s.cork.since <= maxCorkedTime {
		return
	}
	s.Uncork()
	s.cork.since = now
}

// corkDue reports whether the replies must leave although there is more to
// handle before the next read.
func (s *Socket) corkDue() bool {
	switch {
	case !s.corked:
		return false
	case s.cork.bytes >= maxCorked:
		return true
	case s.from == s.to:
		return false // a read comes next, and looks after the cork whether it finds more or nothing
	}
	now := micros(s.profile.engine.Clock())
	if now-s.cork.since <= maxCorkedTime {
		return false
	}
	s.cork.since = now
	return true
}

// Uncork writes the replies that are held back. The read goroutine must call it
// before it waits for anything.
func (s *Socket) Uncork() {
	if s.corked {
		s.corked = false
		s.FlushNow(outbox.Schedule)
	}
}

// uncorkOne is Uncork before a read, if one reply is held back: with one
// question at a time that read would find nothing. The peer has its answer 3 %
// sooner (docs/performance.md).
func (s *Socket) uncorkOne() {
	if s.corked && s.cork.count == 1 {
		s.Uncork()
	}
}
