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

// ran is what was handled of one read, with the block that it was read into.
// The clock is looked at once for all of it, before the next read.
type ran struct {
	calls   int
	handler int  // the last
	waited  bool // for room in the outbox, which is the peer's to make
}

// timing returns when a call on the read loop begins, by Server.clock, if it is
// to be timed by itself; zero: it is not.
func (c *conn) timing() time.Duration {
	if c.endpoint.suspects.timed.Load() <= 0 {
		return 0
	}
	c.endpoint.suspects.timed.Add(-1)
	return c.server.clock()
}

// ranHere notes that a handler has run on the read loop, timed since begun if
// that is not zero.
func (c *conn) ranHere(handler int, begun time.Duration, waited bool) {
	block := c.wire.borrowed
	switch {
	case begun == 0 && block != nil:
		block.ran.calls++
		block.ran.handler = handler
		block.ran.waited = block.ran.waited || waited
		return
	case begun == 0: // a long message was read right into gws's buffer, and is the only one
		begun = time.Duration(c.heard.Load())
	}
	if took := c.server.clock() - begun; took > slowHandler && !waited {
		c.tellSlow(handler, took)
	}
}

// judge is called before each read, when all of the last one is handled.
func (w *wire) judge() {
	if w.borrowed == nil || w.borrowed.ran.calls == 0 {
		return
	}
	c, r := w.client.conn, &w.borrowed.ran
	took := c.server.clock() - time.Duration(c.heard.Load())
	if took > slowHandler && !r.waited {
		if r.calls == 1 {
			c.tellSlow(r.handler, took)
		} else {
			c.endpoint.suspects.timed.Store(maxTimed) // which of them it was, the next time will show
		}
	}
	*r = ran{}
}

func (c *conn) tellSlow(handler int, took time.Duration) {
	e := c.endpoint
	if !e.suspects.told[handler].Swap(true) {
		c.server.line(c, slog.LevelWarn, "ws: slow handler on the read loop, which waits for it: write mode=serial on its directive, or give it a context parameter",
			"gateway", e.spec.Gateway, "event", e.handlers[handler].Event, "took", took)
	}
}
