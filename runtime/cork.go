package ws

import "time"

// cork holds back the replies of a read loop while there is more to read. It
// belongs to the read goroutine, which owns the outbox meanwhile.
type cork struct {
	in    bool
	bytes int
	since time.Time
}

const (
	// maxCorked is how many bytes of replies are held back.
	maxCorked = 32 << 10
	// maxCorkedTime is how long they, and pushes behind them, are: a handler
	// that takes longer has them written when it returns.
	maxCorkedTime = 200 * time.Microsecond
)

func (k *cork) begin() { k.in, k.bytes, k.since = true, 0, time.Now() }

// due reports whether it is time to let go.
func (k *cork) due() bool {
	return k.in && (k.bytes >= maxCorked || time.Since(k.since) > maxCorkedTime)
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
