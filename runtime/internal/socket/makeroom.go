package socket

import (
	"runtime"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// This file is about a push that finds an outbox full. A peer that reads may be
// behind only because its frames were not written yet: a loop of pushes is
// faster than a worker that has yet to get a processor. So the push writes in
// the worker's place, or lets the writer go on, before anything is shed. It
// never waits for the peer. Where the socket has taken no more, and has not
// said since that it does, nothing is tried (outbox.Stalled).

// Patience counts how long one push, to all of its receivers together, has
// waited for room that others are making. It is zero when the push begins.
type Patience struct {
	blind time.Duration // in vain, for connections that cannot be asked
	spent time.Duration
}

// PushAgain pushes a frame that the outbox had no room for, with a key or
// without, as often as there may be room. Locks of the caller's may be held: it
// calls nothing of the owner's.
func (s *Socket) PushAgain(f *outbox.Frame, key string, n *Patience) (o outbox.Outcome) {
	b := batches.Get().(*batch)
	p := patience{since: s.profile.engine.Clock(), of: n}
	for o.Verdict = outbox.Full; o.Verdict == outbox.Full; {
		_, raw := s.link()
		b.Patient = raw == nil
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

// writeStolen writes the frames that a push has stolen, or has a goroutine
// write them where writing may wait. It returns a batch to go on with.
func (s *Socket) writeStolen(b *batch) *batch {
	if s.raw == nil {
		b.Patient = true // it may be another link than when the push looked
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
			go s.writeEnded(false) // on a goroutine: it may call the net.Conn's methods, and a lock of the caller's may be held
		}
	}
	return b
}

// patience counts how long a push has looked for room in one outbox.
type patience struct {
	since time.Duration // by Engine.Clock
	looks int           // how often
	of    *Patience
}

// A push waits for code of ours only: a worker within a write that does not
// wait, or a goroutine that encrypts. That needs a processor, which the push
// gives up, and then takes some tens of µs. It takes more only where the
// machine is busy with other things.
const (
	minLooks = 64 // however slow: the clock may have run while nobody else did
	maxLooks = 1 << 17
	maxLook  = 500 * time.Millisecond // for all connections of a push together

	// These bound the looks at a connection that does not say whether it would
	// take something: its writer may be waiting for the peer. They take less
	// than half a ms on a machine that has a processor to spare.
	maxBlindLooks = 1 << 9
	maxBlindLook  = 20 * time.Millisecond // for all of them together
)

// worthYielding reports whether there may be room without the peer's help.
func (s *Socket) worthYielding(p *patience) bool {
	looks, long, blind := maxLooks, maxLook, false
	if n, raw := s.link(); raw == nil {
		takes, known := false, false
		if t := s.tunnel(); t != nil {
			takes, known = true, t.moves() // a stream that does not move may wait for a processor, as any connection that cannot be asked
		} else if !s.profile.engine.Portable {
			takes, known = writable(n)
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

// yield lets others run: goroutines first, and then threads, since the thread
// that writes may have lost its processor.
func (p *patience) yield() {
	p.looks++
	runtime.Gosched()
	if p.looks > minLooks {
		sysYield()
	}
}
