package ws

import (
	"log/slog"
	"math/bits"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// Who is alive: whoever would be heard. A peer is asked before it is given up,
// and has time to answer; what it has sent and nobody has read yet speaks for
// it, and so does its taking what is sent to it, since its pong comes behind
// that.

// asked returns when the peer was pinged last; when its clocks began if it
// never was. Its gateway has a PingInterval.
func (c *conn) asked() time.Duration { return c.timer.ping - c.endpoint.opts.PingInterval }

// unanswered reports whether nothing was heard since.
func (c *conn) unanswered() bool { return c.asked() > time.Duration(c.heard.Load()) }

// ask pings the peer. A full outbox has frames in flight, which tell as much.
// anew says that it has as much time to answer as if this were the first one.
func (c *conn) ask(now time.Duration, anew bool) {
	n := &c.timer
	if anew || !c.unanswered() {
		n.asked = 0
	}
	n.asked = max(n.asked+1, n.asked)
	n.ping = later(now, c.endpoint.opts.PingInterval)
	c.schedule(c.out.Keep(frame.Control(frame.OpPing, nil)))
}

// waitsSince returns when the first of the pings was sent that are unanswered,
// or later.
func (c *conn) waitsSince() time.Duration {
	every := max(c.endpoint.opts.PingInterval, time.Millisecond) // the wheel turns no faster
	return c.asked() - time.Duration(c.timer.asked-1)*every
}

// answerTime is how long a peer has to answer a ping at least.
func answerTime(o *Options) time.Duration { return min(o.IdleTimeout/6, time.Minute) }

// quietTime is how long a peer that has not answered may take nothing of what
// is sent to it.
func quietTime(o *Options) time.Duration {
	return min(max(answerTime(o), o.WriteTimeout), o.IdleTimeout)
}

// due returns when something is to be done for the connection, by
// Server.clock. It is called under the wheel's lock.
func (c *conn) due() time.Duration {
	return min(c.timer.ping, c.silent(), c.lived(), c.expires())
}

// silent returns when the peer has been silent for too long.
func (c *conn) silent() time.Duration {
	o := &c.endpoint.opts
	until := later(time.Duration(c.heard.Load()), o.IdleTimeout)
	if until != noLimit && o.PingInterval != noLimit && c.unanswered() {
		until = max(until, c.waitsSince()+answerTime(o))
	}
	return until
}

// lived returns when the connection has lasted for long enough: up to a tenth
// of Lifetime earlier, each at a moment of its own, so that a crowd that came
// together does not come back together.
func (c *conn) lived() time.Duration {
	o := &c.endpoint.opts
	if o.Lifetime == noLimit || c.closing.is(phaseDrains) {
		return noLimit
	}
	const golden = 0x9e3779b97f4a7c15 // spreads the ids, which are consecutive
	early, _ := bits.Mul64(uint64(c.id)*golden, uint64(o.Lifetime/10))
	return later(c.born, o.Lifetime-time.Duration(early))
}

// verdict is what a silence means.
type verdict uint8

const (
	undecided verdict = iota // the peer has had no chance yet
	alive                    // it has been heard, so to speak
	dead
)

// onTimer does what is due now, by Server.clock, and returns whether the
// connection stays in the wheel, which is too late with it or not.
func (c *conn) onTimer(now time.Duration, late bool) (stays bool) {
	o := &c.endpoint.opts
	ask, anew := now >= c.timer.ping, late
	switch {
	case now >= c.silent():
		switch c.judge(now, late) {
		case dead:
			c.server.logPeer(c, slog.LevelInfo, "ws: dead peer", "silent", o.IdleTimeout)
			c.abort(Closed{Code: CloseAbnormal, Remote: true, Err: errSilent})
			return false
		case undecided:
			ask, anew = o.PingInterval != noLimit, true
		}
	case ask && c.unanswered():
		c.look(now) // it may be busy with what was sent before the ping
	}
	switch {
	case c.closing.Load():
		return false
	case now >= c.expires():
		c.close(expiredCause)
		return false
	case now >= c.lived():
		c.drain(lifetimeCause, o.DrainTimeout)
	}
	if ask {
		c.ask(now, anew)
	}
	return true
}

// judge says what it means that the peer has been silent for too long.
func (c *conn) judge(now time.Duration, late bool) verdict {
	pinged := c.endpoint.opts.PingInterval != noLimit && !c.closing.Load()
	if late || pinged && !c.unanswered() {
		return undecided
	}
	return c.look(now)
}

// look looks for a sign of life besides what was read. Where the kernel cannot
// be asked what is unread, a read goroutine that has not waited for anything
// has something unread, perhaps; and if nobody pings the peer it may be waiting
// for what that goroutine is at.
func (c *conn) look(now time.Duration) verdict {
	v, known := c.vitals()
	busy := !c.closing.is(phaseReads)
	switch {
	case v.unread > 0, busy && (!known || c.endpoint.opts.PingInterval == noLimit):
		c.hear()
		return alive
	case v.unsent > 0, known && c.out.Waits(): // who writes may be late with the rest
		return c.lookAgain(now, v.acked)
	}
	return dead
}

// sight is what was seen of a silent peer that has something to take.
type sight struct {
	at    time.Duration // by Server.clock
	acked uint64
}

// lookAgain compares how much the peer has taken with what that was when it was
// looked at before.
func (c *conn) lookAgain(now time.Duration, acked uint64) verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := &c.rarely().seen
	switch {
	case seen.at < time.Duration(c.heard.Load()):
		*seen = sight{now, acked} // for the first time since it was heard
		return undecided
	case acked > seen.acked:
		*seen = sight{c.hear(), acked}
		return alive
	case now-seen.at < quietTime(&c.endpoint.opts):
		return undecided
	}
	return dead
}
