package ws

import "time"

// cork holds back the replies of a read loop while there is more to read. It
// belongs to the read goroutine, which owns the outbox meanwhile.
type cork struct {
	since uint32 // by Server.clock, in µs; it is soon over, so that a part will do
	bytes int32
}

func (s *Server) micros() uint32 { return uint32(s.clock() / time.Microsecond) }

const (
	// maxCorked is how many bytes of replies are held back.
	maxCorked = 32 << 10
	// maxCorkedTime is how long they, and pushes behind them, are: a handler
	// that takes longer has them written when it returns.
	maxCorkedTime = 200 // µs
)

// corkDue reports whether it is time to let go.
func (c *conn) corkDue() bool {
	return c.corked && (c.cork.bytes >= maxCorked || c.server.micros()-c.cork.since > maxCorkedTime)
}

// uncork writes what is held back. It must be called before the read goroutine
// waits for anything.
func (c *conn) uncork() {
	if c.corked {
		c.corked = false
		b := batches.Get().(*batch)
		c.flush(b)
		batches.Put(b)
	}
}
