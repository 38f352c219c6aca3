package ws

import (
	"log/slog"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// This file is about handlers on the read loop. Such a handler keeps its
// connection's pings, Close and other messages waiting, so one that takes
// long is logged, once.

// slowHandler is how long a handler on the read loop may take.
const slowHandler = socket.LongTurn

// maxTimed is how many calls are timed one by one after the calls of one read
// together took long. It is so many that a slow handler which comes every now
// and then is among them.
const maxTimed = 1000

// timing returns the time at which a call begins, and counts it if calls are
// timed one by one.
func (c *conn) timing() time.Duration {
	if c.endpoint.suspects.timed.Load() > 0 {
		c.endpoint.suspects.timed.Add(-1)
	}
	return c.endpoint.server.clock()
}

// Slow looks for the handler that was slow, after messages that kept the read
// loop waiting. If there was one message, the last Call knows its handler.
// After several, the calls to come are timed one by one.
func (c *conn) Slow(took time.Duration, alone bool) {
	if !alone {
		c.endpoint.suspects.timed.Store(maxTimed)
		return
	}
	if last, ok := (*c.member.Socket.Scratch()).(*Call); ok && !last.waited {
		c.tellSlow(last.handler, took)
	}
}

// tellSlow logs a handler that took longer than slowHandler, the first time.
func (c *conn) tellSlow(handler int, took time.Duration) {
	e := c.endpoint
	if took > slowHandler && !e.suspects.told[handler].Swap(true) {
		c.endpoint.server.line(&c.Client, slog.LevelWarn, "ws: slow handler on the read loop, which waits for it: write mode=serial on its directive, or give it a context parameter",
			"gateway", e.spec.Gateway, "event", e.handlers[handler].Event, "took", took)
	}
}
