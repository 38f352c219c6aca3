package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// echo keeps t.InFlight messages on the way on t.Count connections.
func (c *client) echo(t control.Task, limit time.Duration) error {
	conns := c.active()
	if t.Count == 0 || t.Count > len(conns) {
		return fmt.Errorf("echo wants %d connections, %d are open", t.Count, len(conns))
	}
	conns = conns[:t.Count]
	answered, tpl := c.question(t, c.conns[conns[0]].socket)
	end := clock.Now() + int64(t.Span)*1000
	c.job.next = func(i int, payload []byte, now int64) {
		answered(i, payload, now)
		k := &c.conns[i]
		if t.Each > 0 {
			if k.left == 0 {
				return
			}
			k.left--
		} else if now >= end {
			return
		}
		c.sent++
		c.out = tpl.Append(c.out, now)
	}
	for _, i := range conns {
		c.conns[i].left = int32(t.Each)
		c.out = c.out[:0]
		for range t.InFlight {
			c.job.next(i, nil, clock.Now())
		}
		if len(c.out) > 0 {
			c.write(i, c.out)
		}
	}
	return c.finish(t, limit)
}

// question makes the message of an echo, and what is to be done with an answer, or,
// without a payload, with a message that is sent at the beginning. A message of
// t.Data has no stamp: its answer is known by the front, and its latency by the order
// of answers.
func (c *client) question(t control.Task, socket bool) (answered func(i int, payload []byte, now int64), tpl frame.Template) {
	if t.Data == "" {
		return func(int, []byte, int64) {}, frame.NewTemplate(frame.Message(socket, "echo", 0, t.Bytes))
	}
	text, asked := []byte(t.Data), newAsked(len(c.conns), t.InFlight)
	return func(i int, payload []byte, now int64) {
		before := asked.swap(i, now)
		switch {
		case payload == nil:
		case bytes.HasPrefix(text, payload[:min(len(payload), frame.Peek)]):
			c.seen.Add(now - before)
		case c.failure == nil:
			c.failure = fmt.Errorf("%.60s… is answered %.200s", text, payload)
		}
	}, frame.NewTemplate(text, -1)
}

// asked is when messages were sent whose answers have not come. Each connection has
// as many on the way as any other, and is answered in order.
type asked struct {
	inFlight int
	at       []int64 // inFlight stamps of each connection
	oldest   []int32 // which of them is the oldest, by connection
}

func newAsked(conns, inFlight int) *asked {
	return &asked{inFlight, make([]int64, conns*inFlight), make([]int32, conns)}
}

// swap returns when the oldest message of connection i was sent, and puts that of
// another in its place.
func (a *asked) swap(i int, now int64) (before int64) {
	at := &a.at[i*a.inFlight+int(a.oldest[i])]
	before, *at = *at, now
	a.oldest[i] = (a.oldest[i] + 1) % int32(a.inFlight)
	return before
}

// finish serves until the time is over and everything sent has come back.
func (c *client) finish(t control.Task, limit time.Duration) error {
	if t.Each == 0 {
		end := clock.Now() + int64(t.Span)*1000
		for clock.Now() < end {
			if c.failure != nil {
				return c.failure
			}
			if err := c.poll(10); err != nil {
				return err
			}
		}
		limit = longest
	}
	return c.until(limit, "waiting for the last answers", func() bool { return c.frames >= c.sent })
}
