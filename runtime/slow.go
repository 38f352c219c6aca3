package ws

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// A handler on the read loop keeps its connection's pings, Close and other
// messages waiting, so that one which takes long is told of, once.

// slowHandler is how long a handler on the read loop may take.
const slowHandler = 50 * time.Millisecond

// suspects is what an Endpoint knows of its handlers on the read loop.
type suspects struct {
	told  []atomic.Bool // by handler: it has been logged
	timed atomic.Int32  // so many calls are timed one by one
}

// maxTimed is how many calls are timed one by one when those of one read took
// long together: a slow handler that comes every now and then is among them.
const maxTimed = 1000

// timing returns when a call on the read loop begins that is to be timed by
// itself.
func (c *conn) timing() time.Duration {
	if c.endpoint.suspects.timed.Load() > 0 {
		c.endpoint.suspects.timed.Add(-1)
	}
	return c.server.clock()
}

// judge is called before each read, when all of the last one is handled. The
// clock is looked at once for all that was handled with the block's Call, and
// nothing is done for each message: what the Call still knows is enough.
func (w *wire) judge() {
	if w.borrowed == nil || !w.borrowed.call.inline {
		return
	}
	c, last := w.client.conn, &w.borrowed.call
	last.inline = false
	took := c.server.clock() - time.Duration(c.heard.Load())
	switch {
	case took <= slowHandler:
	case !w.single():
		c.endpoint.suspects.timed.Store(maxTimed) // which of them it was, the next time will show
	case !last.waited:
		c.tellSlow(last.handler, took)
	}
}

// single reports whether the block held one frame, and nothing else.
func (w *wire) single() bool {
	const mask = 4 // which is never missing (RFC 6455, section 5.2)
	b := &w.borrowed.bytes
	switch n := int(b[1] & 0x7f); n {
	case 127: // longer than a block
		return false
	case 126:
		return 4+mask+(int(b[2])<<8|int(b[3])) == int(w.to)
	default:
		return 2+mask+n == int(w.to)
	}
}

// tellSlow logs a handler that took longer than it may, the first time.
func (c *conn) tellSlow(handler int, took time.Duration) {
	e := c.endpoint
	if took > slowHandler && !e.suspects.told[handler].Swap(true) {
		c.server.line(c, slog.LevelWarn, "ws: slow handler on the read loop, which waits for it: write mode=serial on its directive, or give it a context parameter",
			"gateway", e.spec.Gateway, "event", e.handlers[handler].Event, "took", took)
	}
}
