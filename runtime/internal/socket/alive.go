package socket

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// Who is alive: whoever would be heard. A peer is asked before it is given up,
// and has time to answer; what it has sent and nobody has read yet speaks for
// it, and so does its taking what is sent to it, since its pong comes behind
// that.

// asked returns when the peer was pinged last; when its clocks began if it
// never was. Its gateway has a PingInterval.
func (s *Socket) asked() time.Duration { return s.timer.ping - s.profile.limits.Ping }

// unanswered reports whether nothing was heard since.
func (s *Socket) unanswered() bool { return s.asked() > time.Duration(s.heard.Load()) }

// ask pings the peer. A full outbox has frames in flight, which tell as much.
// anew says that it has as much time to answer as if this were the first one.
func (s *Socket) ask(now time.Duration, anew bool) {
	n := &s.timer
	if anew || !s.unanswered() {
		n.asked = 0
	}
	n.asked = max(n.asked+1, n.asked)
	n.ping = Later(now, s.profile.limits.Ping)
	s.Schedule(s.out.Keep(frame.Control(frame.OpPing, nil)))
}

// waitsSince returns when the first of the pings was sent that are unanswered,
// or later.
func (s *Socket) waitsSince() time.Duration {
	every := max(s.profile.limits.Ping, time.Millisecond) // the wheel turns no faster
	return s.asked() - time.Duration(s.timer.asked-1)*every
}

// answerTime is how long a peer has to answer a ping at least.
func answerTime(l *Limits) time.Duration { return min(l.Idle/6, time.Minute) }

// quietTime is how long a peer that has not answered may take nothing of what
// is sent to it.
func quietTime(l *Limits) time.Duration {
	return min(max(answerTime(l), l.Write), l.Idle)
}

// due returns when something is to be done for the connection, by Engine.Clock.
// It is called under the wheel's lock.
func (s *Socket) due() time.Duration {
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

// verdict is what a silence means.
type verdict uint8

const (
	undecided verdict = iota // the peer has had no chance yet
	alive                    // it has been heard, so to speak
	dead
)

// onTimer does what is due now, by Engine.Clock, and reports whether the
// connection stays in the wheel. late says that the wheel is late with it.
func (s *Socket) onTimer(now time.Duration, late bool) (stays bool) {
	l := &s.profile.limits
	ask, anew := now >= s.timer.ping, late
	switch {
	case now >= s.silent():
		switch s.judge(now, late) {
		case dead:
			s.owner.Dead()
			s.Abort(Cause{Code: frame.CloseAbnormal, Remote: true, Err: ErrSilent})
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
		s.ask(now, anew)
	}
	return true
}

// judge says what it means that the peer has been silent for too long.
func (s *Socket) judge(now time.Duration, late bool) verdict {
	pinged := s.profile.limits.Ping != Never && !s.Closes()
	if late || pinged && !s.unanswered() {
		return undecided
	}
	return s.look(now)
}

// look looks for a sign of life besides what was read. Where the kernel cannot
// be asked what is unread, a read goroutine that has not waited for anything
// has something unread, perhaps; and if nobody pings the peer it may be waiting
// for what that goroutine is at.
func (s *Socket) look(now time.Duration) verdict {
	v, known := s.vitals()
	busy := !s.state.is(stateReads)
	switch {
	case v.unread > 0, busy && (!known || s.profile.limits.Ping == Never):
		s.Hear()
		return alive
	case v.unsent > 0, known && s.out.Waits(): // who writes may be late with the rest
		return s.lookAgain(now, v.acked)
	}
	return dead
}

// sight is what was seen of a silent peer that has something to take.
type sight struct {
	at    time.Duration // by Engine.Clock
	acked uint64
}

// lookAgain compares how much the peer has taken with what that was when it was
// looked at before.
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
