package ws

import (
	"sync"
	"time"
)

// wheel is the one timer of a Server: pings, idleness and lifetime of all its
// connections. It holds no goroutine; between turns there is only a
// time.Timer, and without connections not even that.
type wheel struct {
	mu    sync.Mutex
	tick  time.Duration // zero: nothing is timed
	slots [wheelSlots][]*conn
	now   int // the slot that turned last
	count int
	timer *time.Timer
}

// wheelSlots bounds how far ahead a connection is placed; who is due later is
// looked at again then.
const wheelSlots = 256

// timerNode is a connection's place in the wheel.
type timerNode struct {
	ping  time.Duration // when the next one is due, by Server.clock
	slot  int16         // noSlot: out of the wheel
	timed bool          // between add and remove
	index int32         // in the slot
}

const noSlot = -1

// init chooses the resolution: fine enough for the shortest interval.
func (w *wheel) init(o Options) {
	shortest := min(o.PingInterval, o.IdleTimeout, o.Lifetime)
	if shortest == noLimit {
		return
	}
	w.tick = min(max(shortest/16, time.Millisecond), time.Second)
}

// add starts the connection's clocks.
func (w *wheel) add(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tick == 0 {
		return
	}
	o := &c.server.opts
	n := &c.timer
	n.timed, n.ping = true, later(c.born, o.PingInterval)
	w.place(c, min(o.PingInterval, o.IdleTimeout, o.Lifetime))
	w.count++
	if w.count == 1 {
		w.arm()
	}
}

// remove stops them. It is idempotent.
func (w *wheel) remove(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := &c.timer
	if !n.timed {
		return
	}
	n.timed = false
	w.count--
	if n.slot == noSlot {
		return // turn has it
	}
	slot := w.slots[n.slot]
	last := len(slot) - 1
	slot[n.index] = slot[last]
	slot[n.index].timer.index = n.index
	slot[last] = nil
	w.slots[n.slot] = slot[:last]
}

// place puts c into the slot that turns in a while, not before.
func (w *wheel) place(c *conn, in time.Duration) {
	turns := min(max(int((in-1)/w.tick+1), 1), wheelSlots-1)
	n := &c.timer
	n.slot = int16((w.now + turns) % wheelSlots)
	n.index = int32(len(w.slots[n.slot]))
	w.slots[n.slot] = append(w.slots[n.slot], c)
}

func (w *wheel) arm() {
	if w.timer == nil {
		w.timer = time.AfterFunc(w.tick, w.turn)
		return
	}
	w.timer.Reset(w.tick)
}

// turn looks at the connections of the next slot, outside the lock: what they
// need done, enqueueing a ping or closing, may call back.
func (w *wheel) turn() {
	w.mu.Lock()
	if w.count == 0 {
		w.mu.Unlock()
		return
	}
	w.now = (w.now + 1) % wheelSlots
	due := w.slots[w.now]
	w.slots[w.now] = nil
	for _, c := range due {
		c.timer.slot = noSlot
	}
	w.arm()
	w.mu.Unlock()
	for _, c := range due {
		if in, alive := c.onTimer(c.server.clock()); alive {
			w.again(c, in)
		}
	}
}

// again places a connection that turn has taken out, unless it has ended.
func (w *wheel) again(c *conn, in time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.timer.timed {
		w.place(c, in)
	}
}

// onTimer does what is due now, by Server.clock, and returns in what time it
// wants to be called again; not at all if the connection is closing.
func (c *conn) onTimer(now time.Duration) (in time.Duration, alive bool) {
	o := &c.server.opts
	end, dead := later(c.born, o.Lifetime), later(time.Duration(c.heard.Load()), o.IdleTimeout)
	switch {
	case now >= end:
		c.close(lifetimeCause)
		return 0, false
	case now >= dead:
		c.server.log.Info("ws: dead peer", "conn", c.id, "silent", o.IdleTimeout)
		c.abort(Closed{Code: CloseAbnormal, Remote: true, Err: errSilent})
		return 0, false
	case c.closing.Load():
		return 0, false
	}
	if now >= c.timer.ping {
		// A full outbox has frames in flight, which tell as much as a ping.
		c.schedule(c.out.Keep(controlFrame(opPing, nil)))
		c.timer.ping = later(now, o.PingInterval)
	}
	return min(c.timer.ping, end, dead) - now, true
}

// later returns from+d, for a d that may be noLimit.
func later(from, d time.Duration) time.Duration {
	if d == noLimit {
		return noLimit
	}
	return from + d
}
