package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// These are the fronts of an answer and of a push.
const (
	echoFront = `{"event":"echo",`
	tickFront = `{"event":"tick",`
)

// pace has every open connection send a message a second, evenly spread, for t.Span,
// and waits for all answers and for t.Each pushes to each. A message's stamp says
// when it was due, so a client that is late makes no server look early.
func (c *client) pace(t control.Task) error {
	conns := c.active()
	if len(conns) == 0 {
		return errors.New("pace wants connections, and none is open")
	}
	tpl := frame.NewTemplate(frame.Message(false, "echo", 0, t.Bytes))
	c.job.pushed = new(stats.Histogram)
	c.job.next = func(_ int, payload []byte, _ int64) {
		if c.failure == nil && !bytes.HasPrefix(payload, []byte(echoFront)) && !isPush(payload) {
			c.failure = fmt.Errorf("the server says %.200s", payload)
		}
	}
	begun, second := clock.Now(), time.Second.Microseconds()
	all := len(conns) * t.Span / 1000
	due := func(n int) int64 { return begun + int64(n)*second/int64(len(conns)) }
	var out []byte
	for c.sent < all {
		if c.failure != nil {
			return c.failure
		}
		for now := clock.Now(); c.sent < all && due(c.sent) <= now; c.sent++ {
			out = tpl.Append(out[:0], due(c.sent))
			c.write(conns[c.sent%len(conns)], out)
		}
		if err := c.poll(1); err != nil {
			return err
		}
	}
	return c.until(2*longest, "waiting for the last answers and pushes", func() bool {
		pushes := c.job.pushed.Total()
		return pushes >= t.Each*len(conns) && c.frames-pushes >= c.sent
	})
}

// isPush tells whether a message is one that the server has pushed.
func isPush(payload []byte) bool { return bytes.HasPrefix(payload, []byte(tickFront)) }
