package socket

import (
	"errors"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// This file ends the link of a socket whose owner lives on, and gives it another.
// The link is the net.Conn with what belongs to its bytes; the outbox, the place
// in the wheel and the owner stay. A socket has a link, or is parted from it
// and waits: then its outbox is parked, nobody reads, and only Owner.Due counts.

// KeepSent has the outbox keep what it hands out, for another link. It must be
// called right after Open.
func (s *Socket) KeepSent(by *outbox.Keeper) {
	s.out.Keep(by)
	s.state.set(stateKeeps)
	s.profile.engine.keeps.Store(true)
}

// KeepsSent reports whether the outbox keeps what it hands out.
func (s *Socket) KeepsSent() bool { return s.state.is(stateKeeps) }

// Keeps reports whether some outbox of the Engine's keeps what it hands out.
func (e *Engine) Keeps() bool { return e.keeps.Load() }

// Part ends the link, if the owner survives the cause, and tells the peer by a
// Close frame. The peer has a moment to answer; with now it has none.
func (s *Socket) Part(cause Cause, now bool) (survives bool) {
	l, survives := s.breaks(cause)
	if l != nil {
		go s.farewell(l, &cause, now)
	}
	return survives
}

// farewell tells the peer that its link ends, and has the reader leave.
func (s *Socket) farewell(l *ending, cause *Cause, now bool) {
	wait := linger
	if now {
		wait = 0
	}
	told := s.tellLast(l, frame.Close(cause.Code, cause.Reason), wait)
	if now || !told || l.net.SetReadDeadline(time.Now().Add(linger)) != nil {
		s.cutLink(l.net)
	}
}

// Retime places a socket without a link in the wheel, whose Owner.Due has changed.
// Read goroutine only, before Parted returns.
func (s *Socket) Retime() { s.profile.engine.wheel.keep(s) }

// Adopt gives s the link of another socket, which is open and whose read goroutine
// is the caller's. s must be parted, and nobody have its outbox. From now on the
// goroutine reads for s; nobody has to do with the other any more. It returns
// false, and changes nothing, if the other closes.
//
// Resume must follow.
func (s *Socket) Adopt(from *Socket) bool {
	handed := &closing{Cause{Code: frame.CloseAbnormal, Err: errMoved}, make(chan struct{})}
	close(handed.told)
	if !from.cause.CompareAndSwap(nil, handed) {
		return false
	}
	e := s.profile.engine
	e.links.Lock()
	s.net, s.raw = from.net, from.raw
	from.net, from.raw = gone{s.net.LocalAddr(), s.net.RemoteAddr()}, nil
	e.links.Unlock()
	s.block, s.from, s.to, s.guard, s.joined = from.block, from.from, from.to, from.guard, from.joined
	from.block, from.from, from.to = nil, 0, 0
	r := from.rare.Load()
	s.rare.Store(r)
	from.rare.Store(&rare{err: errMoved, to: s})
	if r != nil && r.relay != nil {
		r.relay.Socket = s
	}
	if t := s.tunnel(); t != nil {
		t.heldBy(s)
	}
	if s.joined {
		s.state.set(stateDeep | stateGrown)
	}
	s.Hear()
	s.state.clear(stateTorn | stateParted | stateHushed) // a turn of the wheel may have hushed the old link just now
	return true
}

// Resumed begins the clocks of a socket that has another link, and writes on.
func (s *Socket) Resumed() {
	s.DueChanged()
	s.Schedule(s.out.Unpark())
}

// errMoved ends reading for a socket whose link another has adopted.
var errMoved = errors.New("ws: another connection has the socket now")
