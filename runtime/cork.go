package ws

import "time"

// cork holds back the replies of a read loop while there is more to read. It
// belongs to the read goroutine, which owns the outbox meanwhile.
type cork struct {
	since time.Duration // by Server.clock
	bytes int32
	in    bool
}

const (
	// maxCorked is how many bytes of replies are held back.
	maxCorked = 32 << 10
	// maxCorkedTime is how long they, and pushes behind them, are: a handler
	// that takes longer has them written when it returns.
	maxCorkedTime = 200 * time.Microsecond
)

// corkDue reports whether it is time to let go.
func (c *conn) corkDue() bool {
	return c.cork.in && (c.cork.bytes >= maxCorked || c.server.clock()-c.cork.since > maxCorkedTime)
}

// uncork writes what is held back. It must be called before the read goroutine
// waits for anything.
func (c *conn) uncork() {
	if c.cork.in {
		c.cork.in = false
		b := batches.Get().(*batch)
		c.flush(b)
		batches.Put(b)
	}
}
