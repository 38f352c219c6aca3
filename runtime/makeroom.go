package ws

import (
	"runtime"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// This file is what a push does that finds an outbox full. A peer that reads may
// be behind only because nobody has written yet: who pushes in a loop is faster
// than a worker that has yet to get a processor. So the push writes in the
// worker's place, or lets whoever is at it go on, before anything is shed. It
// never waits for the peer: where the socket has taken no more, and has not said
// since that it does, nothing is tried (outbox.Stalled).

// pushAgain pushes a frame that the outbox had no room for, with a key or
// without, as often as there may be room. A room's lock may be held.
func (c *conn) pushAgain(f *outbox.Frame, key string, n *tally) (o outbox.Outcome) {
	b := batches.Get().(*batch)
	p := patience{since: c.server.clock(), blind: &n.blind, spent: &n.spent}
	for o.Verdict = outbox.Full; o.Verdict == outbox.Full; {
		b.Patient = c.raw == nil
		switch c.out.Steal(&b.Batch, maxBatch) {
		case outbox.Waits:
			o.Verdict = outbox.Stalled
		case outbox.Stolen:
			b = c.writeStolen(b)
			if p.looks++; p.looks > maxLooks { // others have taken the room, each time
				o.Verdict = outbox.Stalled
				break
			}
			o = c.out.Offer(f, key, false)
		default:
			if !c.worthYielding(&p) {
				c.out.Stall()
				o.Verdict = outbox.Stalled
				break
			}
			p.yield()
			o = c.out.Offer(f, key, false)
		}
	}
	if p.looks > 0 {
		n.spent += c.server.clock() - p.since
	}
	b.Settle(c.server.waiting)
	b.release()
	return o
}

// writeStolen writes what was taken in the place of who was to come for it, or
// has it written where writing may wait. It returns a batch to go on with.
func (c *conn) writeStolen(b *batch) *batch {
	if c.raw == nil {
		go c.flushWaiting(b, b.joined())
		return batches.Get().(*batch)
	}
	rest, err := c.writeTaken(b)
	switch {
	case err != nil:
		b.Drop()
		go c.writeBroken(err)
	case rest != nil:
		c.leaveWaiting(b, rest)
	default:
		switch more, closed := c.out.Written(&b.Batch); {
		case more:
			c.server.flusher.add(c)
		case closed:
			go c.writeEnded(false) // not here: it takes the connection's lock, and a room's may be held
		}
	}
	return b
}

// writeBroken ends a connection that a push could not write to. It has a
// goroutine, as writeEnded has there.
func (c *conn) writeBroken(err error) {
	broken := c.writeFailed(err)
	if _, closed := c.out.Written(new(outbox.Batch)); closed {
		c.writeEnded(broken)
	}
}

// patience is how long a push has looked for room that others are making.
type patience struct {
	since time.Duration  // by Server.clock
	looks int            // how often
	blind *time.Duration // what the push has waited in vain, of all connections that cannot be asked
	spent *time.Duration // what it has waited before, of all connections
}

// What is waited for is our own: a worker within a write that does not wait, or
// a goroutine that encrypts. It needs a processor, which is what is given up
// here, and takes some tens of µs then. Only where the machine is busy with
// other things is it more.
const (
	minLooks = 64 // however slow: the clock may have run while nobody else did
	maxLooks = 1 << 17
	maxLook  = 500 * time.Millisecond // for all connections of a push together

	// Of a connection that does not say whether it would take something, nobody
	// knows whether its writer is waiting for the peer. These looks take less
	// than half a ms on a machine that has a processor to spare.
	maxBlindLooks = 1 << 9
	maxBlindLook  = 20 * time.Millisecond // for all of them together
)

// worthYielding reports whether there may be room without the peer's help.
func (c *conn) worthYielding(p *patience) bool {
	looks, long, blind := maxLooks, maxLook, false
	if c.raw == nil {
		takes, known := false, false
		if t := c.tunnel(); t != nil {
			takes, known = true, t.moves() // what does not may wait for a processor, as anything that cannot be asked
		} else if !c.server.portable {
			takes, known = writable(c.wire.Conn)
		}
		switch {
		case !known:
			looks, long, blind = maxBlindLooks, maxBlindLook-*p.blind+*p.spent, true
		case !takes:
			return false
		}
	}
	waited := c.server.clock() - p.since
	if p.looks < minLooks && *p.spent < maxLook || p.looks < looks && waited < long-*p.spent {
		return true
	}
	if blind {
		*p.blind += waited
	}
	return false
}

// yield lets others run: goroutines first, and then threads, of which one may
// have been taken its processor away.
func (p *patience) yield() {
	p.looks++
	runtime.Gosched()
	if p.looks > minLooks {
		sysYield()
	}
}
