package socket

import (
	"encoding/binary"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// This file finds out whether a peer is alive. A peer is asked before it is
// given up, and has time to answer. Bytes that it has sent and nothing has read
// yet speak for it. So does taking what is sent to it, since its pong comes
// behind that.

// asked returns when the peer was pinged last, or when its clocks began if it
// never was. Limits.Ping must not be Never.
func (s *Socket) asked() time.Duration { return s.timer.ping - s.profile.limits.Ping }

// unanswered reports whether nothing was heard since the last ping.
func (s *Socket) unanswered() bool { return s.asked() > time.Duration(s.heard.Load()) }

// ask pings the peer. If the outbox is full no ping is sent: the frames in
// flight tell as much. anew gives the peer as much time to answer as if this
// were the first ping.
func (s *Socket) ask(now time.Duration, anew bool) {
	n := &s.timer
	if anew || !s.unanswered() {
		n.asked = 0
	}
	n.asked = max(n.asked+1, n.asked)
	n.ping = Later(now, s.profile.limits.Ping)
	s.Schedule(s.pings())
}

// waitsSince returns when the first ping was sent that is unanswered, or a
// later time.
func (s *Socket) waitsSince() time.Duration {
	every := max(s.profile.limits.Ping, time.Millisecond) // the wheel turns no faster
	return s.asked() - time.Duration(s.timer.asked-1)*every
}

// answerTime returns how long a peer has to answer a ping at least.
func answerTime(l *Limits) time.Duration { return min(l.Idle/6, time.Minute) }

// quietTime returns how long a peer that has not answered may take nothing of
// what is sent to it.
func quietTime(l *Limits) time.Duration {
	return min(max(answerTime(l), l.Write), l.Idle)
}

// due returns when something is to be done for the connection, by Engine.Clock.
// It is called under the wheel's lock.
func (s *Socket) due() time.Duration {
	if s.IsParted() {
		return s.owner.Due()
	}
	return min(s.timer.ping, s.silent(), s.owner.Due())
}

// silent returns when the peer has been silent for too long.
func (s *Socket) silent() time.Duration {
	l := &s.profile.limits
	until := Later(time.Duration(s.heard.Load()), l.Idle)
	if until != Never && l.Ping != Never && s.unanswered() {
		until = max(until, s.waitsSince()+answerTime(l))
	}
	return until
}

// verdict says what a silence means.
type verdict uint8

const (
	undecided verdict = iota // the peer has had no chance yet
	alive                    // there is a sign of life
	dead
)

// onTimer does what is due now, by Engine.Clock, and reports whether the
// connection stays in the wheel. late says that the wheel comes late.
func (s *Socket) onTimer(now time.Duration, late bool) (stays bool) {
	if s.IsParted() {
		if now >= s.owner.Due() {
			s.owner.TimeUp(now)
		}
		return !s.Closes()
	}
	l := &s.profile.limits
	ask, anew := now >= s.timer.ping, late
	switch {
	case now >= s.silent():
		switch s.judge(now, late) {
		case dead:
			s.owner.Dead()
			cause := Cause{Code: frame.CloseAbnormal, Remote: true, Err: ErrSilent}
			if s.broken(cause) {
				return true
			}
			s.Abort(cause)
			return false
		case undecided:
			ask, anew = l.Ping != Never, true
		}
	case ask && s.unanswered():
		s.look(now) // it may be busy with what was sent before the ping
	}
	if !s.Closes() && now >= s.owner.Due() {
		s.owner.TimeUp(now)
	}
	if s.Closes() {
		return false
	}
	if ask {
		s.hush()
		s.ask(now, anew)
	}
	return true
}

// judge returns the verdict on a peer that has been silent for too long.
func (s *Socket) judge(now time.Duration, late bool) verdict {
	pinged := s.profile.limits.Ping != Never && !s.Closes()
	if late || pinged && !s.unanswered() {
		return undecided
	}
	return s.look(now)
}

// look looks for a sign of life besides the bytes that were read. A read
// goroutine that does not wait for bytes is one in two cases: where the kernel
// cannot be asked what is unread, since there may be something; and if the peer
// is not pinged, since that may be waiting for what the goroutine does.
func (s *Socket) look(now time.Duration) verdict {
	v, known := s.vitals()
	busy := !s.state.is(stateReads)
	switch {
	case v.unread > 0, busy && (!known || s.profile.limits.Ping == Never):
		s.Hear()
		return alive
	case v.unsent > 0, known && s.out.Waits(): // the writer may be late with the rest
		return s.lookAgain(now, v.acked)
	}
	return dead
}

// sight records how much a silent peer had taken when it was looked at.
type sight struct {
	at    time.Duration // by Engine.Clock
	acked uint64
}

// lookAgain compares how much the peer has taken with the last sight.
func (s *Socket) lookAgain(now time.Duration, acked uint64) verdict {
	seen := &s.rarely().seen
	switch {
	case seen.at < time.Duration(s.heard.Load()):
		*seen = sight{now, acked} // for the first time since it was heard
		return undecided
	case acked > seen.acked:
		*seen = sight{s.Hear(), acked}
		return alive
	case now-seen.at < quietTime(&s.profile.limits):
		return undecided
	}
	return dead
}

// IsParted reports whether the link has ended, and the owner lives on.
func (s *Socket) IsParted() bool { return s.state.is(stateParted) }

// acknowledged takes the payload of a Pong: what a Ping has carried comes back,
// and says how much the peer has.
func (s *Socket) acknowledged(payload []byte) {
	if len(payload) == stampLen && s.state.is(stateKeeps) {
		s.out.Forget(binary.BigEndian.Uint64(payload))
	}
}

// stampLen is the length of the count that a Ping carries.
const stampLen = 8

// pings returns the verdict on a Ping that was queued.
func (s *Socket) pings() outbox.Verdict {
	if s.state.is(stateKeeps) {
		return s.out.Stamp(frame.Control(frame.OpPing, make([]byte, stampLen)))
	}
	return s.out.Insist(frame.Control(frame.OpPing, nil))
}

// A connection that has gone quiet costs what a listener costs. gws's part weighs more
// than ours, and the stack that gws reads on does not shrink while it waits. So the
// read goroutine leaves gws when that is between two messages, and a new goroutine
// waits in its place, as for a connection that never spoke. The next message makes gws
// anew. Nothing of the connection is in gws then: messages are inflated without the
// window of those before (RFC 7692, section 7.1.1.2).
//
// The timer finds the silence, and wakes the read goroutine by a deadline that has
// passed. Closing ends a read by a deadline, too, and must win: who closes says so in
// the state, and then sets its deadline; who is woken lifts the timer's, and then
// looks whether somebody closes. So whichever is later sees the other.
//
// Only a connection with a descriptor is looked after. TLS and HTTP/2 have buffers
// that weigh more, and end for good by a deadline.

// hush wakes the read goroutine of a connection that has gone quiet. It is called
// before each ping, by the turn of the wheel that has the socket.
//
// It does so twice in a silence at most. Go begins a stack as large as those that the
// last collection found were on the average, and just behind traffic they were large.
// So the goroutine that follows gws is followed by another, once there was a
// collection that has seen such goroutines. On a busy machine it may not have run yet
// when the next ping is due.
func (s *Socket) hush() {
	switch bits := s.state.bits.Load(); {
	case bits&stateSpoke != 0:
		s.state.clear(stateSpoke)
		return
	case bits&stateReads == 0, bits&(stateDeep|stateGrown) == 0:
		return
	case bits&stateHushed != 0: // it is about to wake, and would take the second deadline for the end
		return
	case bits&stateDeep == 0 && !s.profile.engine.wheel.collectedSince(s.asked()):
		return
	}
	if n, raw := s.link(); raw != nil {
		s.state.set(stateHushed)
		_ = n.SetReadDeadline(time.Unix(1, 0)) // long ago
	}
}
