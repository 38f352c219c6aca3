package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// This file is about connections that follow a room, from where they say that they were.
// What they get is counted by a mark that each message has (frame.Mark), because one
// server sends each as a frame, and another puts all of them into one.

// follow opens t.Count connections, and waits until each has its answer and t.Each
// messages. It fails if one has more.
func (c *client) follow(t control.Task, limit time.Duration) error {
	waiting, last := t.Count, int64(0)
	c.job.came = c.awaited(&waiting, &last)
	begun := time.Now()
	err := c.connect(t, limit)
	if err == nil {
		err = c.until(limit-time.Since(begun), "following", func() bool { return waiting == 0 })
	}
	c.last = last
	return err
}

// awaited returns what is called when n of the things have come that connection i waits
// for: then waiting goes down, and last is when that was.
func (c *client) awaited(waiting *int, last *int64) func(i, n int, now int64) {
	return func(i, n int, now int64) {
		k := &c.conns[i]
		k.left -= int32(n)
		switch {
		case k.left < 0 && c.failure == nil:
			c.failure = fmt.Errorf("connection %d has had %d messages more than it has missed", i, -k.left)
		case k.left == 0:
			*waiting--
			*last = now
			c.seen.Add(now - c.dial.begun[i-c.dial.first])
		}
	}
}

// prepareFollow makes what each connection says when it is open, and counts what it
// waits for. centrifuge's answer has the messages in it, and is one more thing only if
// there are none.
func (c *client) prepareFollow(t control.Task) error {
	c.dial.wants = t.Each
	if t.Central {
		c.dial.hello = frame.Append(nil, frame.Text, frame.SubscribeFrom(t.Room, t.Epoch, t.Offset))
		c.dial.wants = max(t.Each, 1)
		return nil
	}
	if c.log == "" && t.Epoch != "" {
		return errors.New("no connection has followed before, so nobody knows what the server calls the history")
	}
	for _, message := range frame.Follow(t.Room, c.log, t.Epoch, t.Offset) {
		c.dial.hello = frame.Append(c.dial.hello, frame.Text, message)
	}
	c.dial.wants++
	return nil
}

// followed serves a message of which at least the front is there.
func (c *client) followed(i int, payload []byte, now int64) {
	switch k := &c.conns[i]; {
	case k.central:
		if c.answer(i, payload); c.dial.task.Each == 0 && bytes.Contains(payload, []byte(`{"id":2,"subscribe"`)) {
			c.job.came(i, 1, now)
		}
	case frame.Followed(payload):
		c.job.came(i, 1, now)
	case bytes.HasPrefix(payload, []byte(own+`joined"`)):
		c.joined(payload)
	case bytes.HasPrefix(payload, []byte(own+`resume"`)), bytes.HasPrefix(payload, []byte(keptFront)):
	case c.failure == nil:
		c.failure = fmt.Errorf("who follows is told %s", payload)
	}
}

// keptFront begins a push that is kept.
const keptFront = `{"event":"kept",`

// joined takes in what the server calls the history, and that nothing is missing.
func (c *client) joined(payload []byte) {
	var says struct {
		Data struct {
			Log       string
			Recovered *bool
		}
	}
	switch {
	case c.log == "":
		if err := json.Unmarshal(payload, &says); err != nil || says.Data.Log == "" {
			c.failure = fmt.Errorf("no history is named by %s (%v)", payload, err)
			return
		}
		c.log = says.Data.Log
	case bytes.Contains(payload, []byte(`"recovered":false`)) && c.failure == nil:
		c.failure = fmt.Errorf("something is missing: %s", payload)
	}
}

// countMarks counts the messages that have a part of their payload in b.
func (c *client) countMarks(i int, b []byte, now int64) {
	if c.job.came == nil {
		return
	}
	if n := bytes.Count(b, []byte{frame.Mark}); n > 0 {
		c.job.came(i, n, now)
	}
}

// leave closes all connections, and forgets them.
func (c *client) leave() {
	for i := range c.conns {
		if c.conns[i].state != closed {
			_ = unix.Close(int(c.conns[i].fd))
		}
	}
	clear(c.secure)
	clear(c.pending)
	clear(c.heads)
	c.conns, c.open = c.conns[:0], 0
}
