package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// job is what a task has to do with incoming messages.
type job struct {
	want   int                                    // "wait" ends when so many have come
	next   func(i int, payload []byte, now int64) // called for each; may append to client.out
	pushed *stats.Histogram                       // the latency of pushes, if they are counted apart

	// came is called when n of the things have come that a connection of "follow" waits
	// for. Then messages are its, and not counted.
	came func(i, n int, now int64)
}

// longest is how long a task waits for the last answers when its time is over.
const longest = 10 * time.Second

// active returns the indexes of the open connections that are read.
func (c *client) active() []int {
	var out []int
	for i := range c.conns {
		if c.conns[i].state == open {
			out = append(out, i)
		}
	}
	return out
}

// join sends connection i into room i modulo t.Rooms, the first t.Count of them.
func (c *client) join(t control.Task, limit time.Duration) error {
	for n, i := range c.active() {
		if n == t.Count {
			break
		}
		room := "room-" + strconv.Itoa(n%t.Rooms)
		c.write(i, frame.Append(nil, frame.Text, c.enterRoom(i, room)))
	}
	return c.until(limit, "joining rooms", func() bool { return len(c.pending) == 0 })
}

// enterRoom writes the message of connection i that enters a room.
func (c *client) enterRoom(i int, room string) []byte {
	if c.conns[i].central {
		return frame.Subscribe(room)
	}
	return frame.Join(c.conns[i].socket, room)
}

// enter has t.Count connections join t.Each rooms that nobody was in before, and
// waits for the replies: of each before the next one, or, with t.InFlight, of all.
func (c *client) enter(t control.Task, limit time.Duration) error {
	conns := c.active()
	if t.Count > len(conns) {
		return fmt.Errorf("enter wants %d connections, %d are open", t.Count, len(conns))
	}
	var asked int64
	c.job.next = func(_ int, payload []byte, now int64) {
		if t.InFlight == 0 {
			c.seen.Add(now - asked)
		}
		if !frame.Entered(payload) && c.failure == nil {
			c.failure = fmt.Errorf("a join is answered %s", payload)
		}
	}
	answered := func() bool { return c.frames >= c.sent }
	for range t.Each {
		for _, i := range conns[:t.Count] {
			c.entered++
			c.sent++
			asked = c.watch.Now()
			c.write(i, frame.Append(nil, frame.Text, frame.Enter("new-"+strconv.Itoa(c.entered), c.entered)))
			if t.InFlight > 0 {
				continue
			}
			if err := c.until(limit, "entering rooms", answered); err != nil {
				return err
			}
		}
	}
	return c.until(limit, "entering rooms", answered)
}

// talk lets t.Count connections, spread evenly, each send to its room and
// again when its own message has come back.
func (c *client) talk(t control.Task, limit time.Duration) error {
	conns := c.active()
	if t.Count == 0 || t.Count > len(conns) {
		return fmt.Errorf("talk wants %d senders, %d connections are open", t.Count, len(conns))
	}
	templates := map[int]frame.Template{}
	step := len(conns) / t.Count
	for n := range t.Count {
		i := conns[n*(step+1)%len(conns)] // one further every time, so that all rooms have senders
		payload, digits := frame.Message(c.conns[i].socket, "say", t.By+i, t.Bytes)
		templates[i] = frame.NewTemplate(payload, digits)
	}
	end := clock.Now() + int64(t.Span)*1000
	waiting := len(templates)
	c.job.next = func(i int, payload []byte, now int64) {
		if by, ok := frame.Sender(payload); !ok || by != t.By+i {
			return
		}
		if now >= end {
			waiting--
			return
		}
		c.sent++
		c.out = templates[i].Append(c.out, now)
	}
	for i, tpl := range templates {
		c.sent++
		c.write(i, tpl.Append(nil, clock.Now()))
	}
	return c.until(limit+time.Duration(t.Span)*time.Millisecond, "talking", func() bool { return waiting == 0 })
}
