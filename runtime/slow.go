package ws

import (
	"log/slog"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// A handler on the read loop keeps its connection's pings, Close and other
// messages waiting, so that one which takes long is told of, once.

// slowHandler is how long a handler on the read loop may take.
const slowHandler = socket.LongTurn

// maxTimed is how many calls are timed one by one when those of one read took
// long together: a slow handler that comes every now and then is among them.
const maxTimed = 1000

// timing returns when a call on the read loop begins that is to be timed by
// itself.
func (c *conn) timing() time.Duration {
	if c.endpoint.suspects.timed.Load() > 0 {
		c.endpoint.suspects.timed.Add(-1)
	}
	return c.endpoint.server.clock()
}

// Slow looks for a handler that was slow, after messages that kept the read loop
// waiting: what the Call still knows is enough, if there was one message.
func (c *conn) Slow(took time.Duration, alone bool) {
	if !alone {
		c.endpoint.suspects.timed.Store(maxTimed) // which of them it was, the next time will show
		return
	}
	if last, ok := (*c.member.Socket.Scratch()).(*Call); ok && !last.waited {
		c.tellSlow(last.handler, took)
	}
}

// tellSlow logs a handler that took longer than it may, the first time.
func (c *conn) tellSlow(handler int, took time.Duration) {
	e := c.endpoint
	if took > slowHandler && !e.suspects.told[handler].Swap(true) {
		c.endpoint.server.line(&c.Client, slog.LevelWarn, "ws: slow handler on the read loop, which waits for it: write mode=serial on its directive, or give it a context parameter",
			"gateway", e.spec.Gateway, "event", e.handlers[handler].Event, "took", took)
	}
}
