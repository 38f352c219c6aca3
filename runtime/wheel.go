package ws

import (
	"log/slog"
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

// fit makes the resolution fine enough for the shortest interval of o. It may
// come at any time: a connection that is looked at too early is placed again.
func (w *wheel) fit(o *Options) {
	shortest := min(o.PingInterval, o.IdleTimeout, o.Lifetime)
	if shortest == noLimit {
		return
	}
	tick := min(max(shortest/16, time.Millisecond), maxTick)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tick == 0 || tick < w.tick {
		w.tick = tick
	}
}

// maxTick is how late what is timed may be.
const maxTick = time.Second

// add starts the connection's clocks.
func (w *wheel) add(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := &c.timer
	n.ping = later(c.born, c.endpoint.opts.PingInterval)
	if w.tick == 0 {
		if c.expires() == noLimit {
			return
		}
		w.tick = maxTick // nothing else is timed
	}
	n.timed = true
	w.place(c, c.due()-c.server.clock())
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
	w.takeOut(n)
}

func (w *wheel) takeOut(n *timerNode) {
	slot := w.slots[n.slot]
	last := len(slot) - 1
	slot[n.index] = slot[last]
	slot[n.index].timer.index = n.index
	slot[last] = nil
	w.slots[n.slot] = slot[:last]
}

// changed is called when a connection's times may be nearer than they were.
func (w *wheel) changed(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := &c.timer; n.timed && n.slot != noSlot { // else turn has it, and again looks anew
		w.takeOut(n)
		w.place(c, c.due()-c.server.clock())
	}
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
		if c.onTimer(c.server.clock()) {
			w.again(c)
		}
	}
}

// again places a connection that turn has taken out, unless it has ended.
func (w *wheel) again(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.timer.timed {
		w.place(c, c.due()-c.server.clock())
	}
}

// due returns when something is to be done for the connection, by
// Server.clock. It is called under the wheel's lock.
func (c *conn) due() time.Duration {
	return min(c.timer.ping, c.dead(), c.lived(), c.expires())
}

// dead and lived return when the peer has been silent, and connected, for too
// long.
func (c *conn) dead() time.Duration {
	return later(time.Duration(c.heard.Load()), c.endpoint.opts.IdleTimeout)
}

func (c *conn) lived() time.Duration { return later(c.born, c.endpoint.opts.Lifetime) }

// onTimer does what is due now, by Server.clock, and returns whether the
// connection stays.
func (c *conn) onTimer(now time.Duration) bool {
	o := &c.endpoint.opts
	switch {
	case now >= c.lived():
		c.close(lifetimeCause)
		return false
	case now >= c.expires():
		c.close(expiredCause)
		return false
	case now >= c.dead():
		c.server.logPeer(c, slog.LevelInfo, "ws: dead peer", "silent", o.IdleTimeout)
		c.abort(Closed{Code: CloseAbnormal, Remote: true, Err: errSilent})
		return false
	case c.closing.Load():
		return false
	}
	if now >= c.timer.ping {
		// A full outbox has frames in flight, which tell as much as a ping.
		c.schedule(c.out.Keep(controlFrame(opPing, nil)))
		c.timer.ping = later(now, o.PingInterval)
	}
	return true
}

// later returns from+d, for a d that may be noLimit.
func later(from, d time.Duration) time.Duration {
	if d == noLimit {
		return noLimit
	}
	return from + d
}
