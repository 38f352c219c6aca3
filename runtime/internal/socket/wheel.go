package socket

import (
	"sync"
	"time"
)

// wheel is the one timer of an Engine: pings, idleness and lifetime of all its
// sockets. It has no goroutine. Between turns there is only a time.Timer, and
// without connections not even that.
type wheel struct {
	clock func() time.Duration // Engine.Clock
	// All of this is guarded by mu, and so are the timerNodes.
	mu    sync.Mutex
	tick  time.Duration // zero: nothing is timed
	slots [wheelSlots][]*Socket
	now   int           // the slot that turned last
	at    time.Duration // when that was due, by Engine.Clock
	count int
	timer *time.Timer

	collected collections
}

// wheelSlots bounds how far ahead a connection is placed. One that is due later
// is looked at then, and placed again.
const wheelSlots = 256

// timerNode is a connection's place in the wheel. It is guarded by wheel.mu.
type timerNode struct {
	ping  time.Duration // when the next is due, by Engine.Clock; the last was sent Limits.Ping before
	asked uint16        // how many pings were sent since the peer was heard, the last included (alive.go)
	slot  int16         // its number plus 1, or untimed, or turning
	index int32         // in the slot
}

const (
	untimed = 0  // before add, and after remove
	turning = -1 // a turn has it
)

// fit makes the resolution fine enough for the shortest interval of l. It may
// come at any time: a connection that is looked at too early is placed again.
func (w *wheel) fit(l *Limits) {
	shortest := min(l.Ping, l.Idle, l.Lifetime)
	if shortest == Never {
		return
	}
	tick := min(max(shortest/16, time.Millisecond), maxTick)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tick == 0 || tick < w.tick {
		w.tick = tick
	}
}

// maxTick is how late a ping, or the end of a connection, may be.
const maxTick = time.Second

// add starts the connection's clocks.
func (w *wheel) add(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := &s.timer
	now := s.Hear() // the time that opening took is no silence
	n.ping = Later(now, s.profile.limits.Ping)
	if w.tick == 0 && s.owner.Due() == Never {
		return
	}
	w.start(s)
}

// start places a connection for the first time. The caller holds mu.
func (w *wheel) start(s *Socket) {
	if w.tick == 0 {
		w.tick = maxTick // nothing else is timed
	}
	w.count++
	if now := w.clock(); w.count == 1 {
		w.at = now
		w.arm(now)
	}
	w.place(s)
}

// keep places a connection anew, or starts its clocks if nothing was timed so
// far.
func (w *wheel) keep(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := &s.timer; {
	case n.slot > 0:
		w.takeOut(n)
		w.place(s)
	case n.slot == untimed && s.owner.Due() != Never:
		w.start(s)
	}
}

// remove stops the connection's clocks. It is idempotent.
func (w *wheel) remove(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := &s.timer
	if n.slot == untimed {
		return
	}
	w.count--
	w.takeOut(n)
	n.slot = untimed
}

// takeOut takes a connection out of its slot. The caller holds mu.
func (w *wheel) takeOut(n *timerNode) {
	if n.slot == turning {
		return
	}
	slot := w.slots[n.slot-1]
	last := len(slot) - 1
	slot[n.index] = slot[last]
	slot[n.index].timer.index = n.index
	slot[last] = nil
	w.slots[n.slot-1] = slot[:last]
}

// changed places a connection anew, whose times may be nearer than they were.
func (w *wheel) changed(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := &s.timer; n.slot > 0 { // else no turn will come, or one has it and looks anew
		w.takeOut(n)
		w.place(s)
	}
}

// place puts s into the first slot that turns when something is due, not
// before. The caller holds mu.
func (w *wheel) place(s *Socket) {
	turns := min(max((s.due()-w.at-1)/w.tick+1, 1), wheelSlots-1)
	slot := (w.now + int(turns)) % wheelSlots
	s.timer.slot, s.timer.index = int16(slot+1), int32(len(w.slots[slot]))
	w.slots[slot] = append(w.slots[slot], s)
}

// arm sets the timer to when the next slot is due. The caller holds mu.
func (w *wheel) arm(now time.Duration) {
	in := w.at + w.tick - now
	if w.timer == nil {
		w.timer = time.AfterFunc(in, w.turn)
		return
	}
	w.timer.Reset(in)
}

// turn looks at the connections of all slots that are due by now, outside the
// lock: to ping or close one may call back.
func (w *wheel) turn() {
	due, now, late := w.take()
	for _, s := range due {
		if s.onTimer(now, late) {
			w.again(s)
		}
	}
}

// take takes out the connections of all slots that are due, by Engine.Clock.
// late says that the process was stopped, or starved: then peers may have
// answered, and nothing have read it.
func (w *wheel) take() (due []*Socket, now time.Duration, late bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == 0 {
		return nil, 0, false
	}
	now = w.clock()
	w.collected.look(now)
	late = now-w.at-w.tick > 2*w.tick+maxTick
	turns := (now - w.at) / w.tick
	w.at += turns * w.tick
	for range min(turns, wheelSlots) {
		w.now = (w.now + 1) % wheelSlots
		if slot := w.slots[w.now]; len(due) == 0 {
			due = slot // nearly always the only one
		} else {
			due = append(due, slot...)
		}
		w.slots[w.now] = nil
	}
	for _, s := range due {
		s.timer.slot = turning
	}
	w.arm(now)
	return due, now, late
}

// again places a connection that turn has taken out, unless it has ended.
func (w *wheel) again(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.timer.slot == turning {
		w.place(s)
	}
}

// StartClocks begins to ping the peer, to give it up for its silence, and to
// call Owner.TimeUp.
func (s *Socket) StartClocks() { s.profile.engine.wheel.add(s) }

// DueChanged must be called when Owner.Due may be sooner than it was.
func (s *Socket) DueChanged() { s.profile.engine.wheel.changed(s) }

// collectedSince reports whether a collection was noticed after a time.
func (w *wheel) collectedSince(at time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.collected.last > at
}
