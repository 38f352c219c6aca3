package ws

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// cork holds back the replies of a read loop while there may be more to read. It
// belongs to the read goroutine, which owns the outbox meanwhile.
type cork struct {
	since uint32 // by micros: when what the replies answer was read, or others left
	bytes uint16 // at most maxCorked and one frame, of which no more counts
	count uint16
}

// micros is a part of Server.clock, in µs: a cork is soon over.
func micros(clock time.Duration) uint32 { return uint32(clock / time.Microsecond) }

const (
	// maxCorked is how many bytes of replies are held back.
	maxCorked = 32 << 10
	// maxCorkedTime is how long they, and pushes behind them, are: a handler
	// that takes longer has them written when it returns.
	maxCorkedTime = 200 // µs
)

// holdBack lets go of what has been held back for long enough, now that there
// is more to read. Looking at the clock costs a hundredth of an echo, so that
// it is looked at once for all that comes with one read.
func (c *conn) holdBack(clock time.Duration) {
	now := micros(clock)
	if c.corked && now-c.cork.since <= maxCorkedTime {
		return
	}
	c.uncork()
	c.cork.since = now
}

// corkDue reports whether it is time to let go, and there is more to handle
// before the next read.
func (c *conn) corkDue() bool {
	switch {
	case !c.corked:
		return false
	case c.cork.bytes >= maxCorked:
		return true
	case c.wire.from == c.wire.to:
		return false // the next is a read, which finds more or finds nothing: both look after what is held back
	}
	now := micros(c.server.clock())
	if now-c.cork.since <= maxCorkedTime {
		return false
	}
	c.cork.since = now
	return true
}

// uncork writes what is held back. It must be called before the read goroutine
// waits for anything.
func (c *conn) uncork() {
	if c.corked {
		c.corked = false
		c.flushNow(outbox.Schedule)
	}
}

// uncorkOne is uncork before a read, if one reply is held back: with one
// question at a time that read would find nothing. The peer has its answer 3 %
// sooner (docs/performance.md).
func (c *conn) uncorkOne() {
	if c.corked && c.cork.count == 1 {
		c.uncork()
	}
}
