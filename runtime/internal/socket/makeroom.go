package socket

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

// Patience is what one push, to all of its receivers together, has waited for
// room that others are making. The zero Patience is that of a push that begins.
type Patience struct {
	blind time.Duration // in vain, of connections that cannot be asked
	spent time.Duration
}

// PushAgain pushes a frame that the outbox had no room for, with a key or
// without, as often as there may be room. Locks of the caller's may be held: it
// calls nothing of the owner's.
func (s *Socket) PushAgain(f *outbox.Frame, key string, n *Patience) (o outbox.Outcome) {
	b := batches.Get().(*batch)
	p := patience{since: s.profile.engine.Clock(), of: n}
	for o.Verdict = outbox.Full; o.Verdict == outbox.Full; {
		b.Patient = s.raw == nil
		switch s.out.Steal(&b.Batch, maxBatch) {
		case outbox.Waits:
			o.Verdict = outbox.Stalled
		case outbox.Stolen:
			b = s.writeStolen(b)
			if p.looks++; p.looks > maxLooks { // others have taken the room, each time
				o.Verdict = outbox.Stalled
				break
			}
			o = s.out.Offer(f, key, false)
		default:
			if !s.worthYielding(&p) {
				s.out.Stall()
				o.Verdict = outbox.Stalled
				break
			}
			p.yield()
			o = s.out.Offer(f, key, false)
		}
	}
	if p.looks > 0 {
		n.spent += s.profile.engine.Clock() - p.since
	}
	b.Settle(s.profile.engine.waiting)
	b.release()
	return o
}

// writeStolen writes what was taken in the place of who was to come for it, or
// has it written where writing may wait. It returns a batch to go on with.
func (s *Socket) writeStolen(b *batch) *batch {
	if s.raw == nil {
		go s.flushWaiting(b, b.joined())
		return batches.Get().(*batch)
	}
	rest, err := s.writeTaken(b)
	switch {
	case err != nil:
		b.Drop()
		go s.writeBroken(err)
	case rest != nil:
		s.leaveWaiting(b, rest)
	default:
		switch more, closed := s.out.Written(&b.Batch); {
		case more:
			s.profile.engine.queue.add(s)
		case closed:
			go s.writeEnded(false) // not here: it may call the net.Conn's methods, and a lock of the caller's may be held
		}
	}
	return b
}

// writeBroken ends a connection that a push could not write to. It has a
// goroutine, as writeEnded has there.
func (s *Socket) writeBroken(err error) {
	broken := s.writeFailed(err)
	if _, closed := s.out.Written(new(outbox.Batch)); closed {
		s.writeEnded(broken)
	}
}

// patience is how long a push has looked for room in one outbox.
type patience struct {
	since time.Duration // by Engine.Clock
	looks int           // how often
	of    *Patience
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
func (s *Socket) worthYielding(p *patience) bool {
	looks, long, blind := maxLooks, maxLook, false
	if s.raw == nil {
		takes, known := false, false
		if t := s.tunnel(); t != nil {
			takes, known = true, t.moves() // what does not may wait for a processor, as anything that cannot be asked
		} else if !s.profile.engine.Portable {
			takes, known = writable(s.net)
		}
		switch {
		case !known:
			looks, long, blind = maxBlindLooks, maxBlindLook-p.of.blind+p.of.spent, true
		case !takes:
			return false
		}
	}
	waited := s.profile.engine.Clock() - p.since
	if p.looks < minLooks && p.of.spent < maxLook || p.looks < looks && waited < long-p.of.spent {
		return true
	}
	if blind {
		p.of.blind += waited
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
