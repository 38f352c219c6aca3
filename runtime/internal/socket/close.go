package socket

import (
	"errors"
	"os"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Cause says how a connection ended.
type Cause struct {
	Code   frame.CloseCode
	Reason string
	Remote bool  // the peer closed, or vanished
	Err    error // what broke the connection; nil after a Close frame of either side
}

// SlowConsumer is the reason of a Close for a client that does not read.
const SlowConsumer = "slow_consumer: the client is not reading"

// The errors of causes that this package finds.
var (
	ErrSilent  = errors.New("ws: peer silent, not even a pong")
	ErrStalled = errors.New("ws: peer takes nothing")
)

// Closes reports whether the connection is closing, or closed.
func (s *Socket) Closes() bool { return s.cause.Load() != nil }

// Deaf reports whether messages that come now are dropped: the connection closes, or
// its link has ended, and the peer will send them again by another.
func (s *Socket) Deaf() bool { return s.Closes() || s.IsParted() }

// Cause returns why the connection closes; nil as long as it does not.
func (s *Socket) Cause() *Cause {
	if c := s.cause.Load(); c != nil {
		return &c.Cause
	}
	return nil
}

// Close begins to close the connection: nothing more is accepted, and a Close
// frame with the cause's code leaves after the frames that are queued; none
// does for CloseAbnormal. Only the first cause counts. Close reports whether
// this was it.
func (s *Socket) Close(cause Cause) (first bool) { return s.CloseAfter(nil, cause) }

// CloseAfter is Close with frames that leave together with the Close frame.
// There is always room for them.
func (s *Socket) CloseAfter(last []byte, cause Cause) (first bool) {
	if !s.begin(cause) {
		return false
	}
	if cause.Code != frame.CloseAbnormal {
		closing := frame.Close(cause.Code, cause.Reason)
		if last == nil {
			last = closing
		} else {
			last = append(last, closing...)
		}
	}
	s.Schedule(s.closeOut(last))
	return true
}

// Mute has the Close frame be all that the peer gets, without Resume: what is queued
// is dropped, and what is pushed from now on. Owner.Closing may call it, of a
// connection that Resume was not called for.
func (s *Socket) Mute() { s.state.set(stateMute) }

// closeOut closes the outbox, last of which are some frames, or nil.
func (s *Socket) closeOut(last []byte) outbox.Verdict {
	if s.state.is(stateMute) {
		return s.out.CloseAlone(last)
	}
	return s.out.Close(last)
}

// closeAnswering is Close for a peer that sent a Close frame. cause is what
// that said, and answer the code of our own Close (RFC 6455, section 5.5.1).
func (s *Socket) closeAnswering(cause Cause, answer frame.CloseCode) {
	closing := frame.Close(answer, "")
	if l, survives := s.breaks(cause); survives {
		if l != nil { // else we have said Close, or the link is broken
			s.rarely().answer = closing
		}
		return
	}
	if s.begin(cause) {
		s.Schedule(s.closeOut(closing))
	}
}

// Abort closes the connection at once, without the frames that are queued.
func (s *Socket) Abort(cause Cause) {
	s.begin(cause)
	s.cut() // wakes reader and writer
	s.Schedule(s.out.Abort())
	if s.state.is(stateMute) {
		s.Resume()
	}
}

// closing is the cause of a close that has begun.
type closing struct {
	Cause
	told chan struct{} // closed when the owner is told
}

// begin records the cause, if it is the first, and tells the owner. It sets the
// cause before the owner looks for a context and an inbox. So code that makes
// one of these must publish it first, and look for the cause then. A caller that
// is not the first waits until the owner is told: what it does next comes after.
func (s *Socket) begin(cause Cause) (first bool) {
	if !s.Closes() {
		mine := &closing{cause, make(chan struct{})}
		if s.cause.CompareAndSwap(nil, mine) {
			defer close(mine.told)
			s.owner.Closing(&mine.Cause)
			return true
		}
	}
	<-s.cause.Load().told
	return false
}

// writeCause returns the cause of a close for the error of a write.
func writeCause(err error) Cause {
	if steady.Is(err, os.ErrDeadlineExceeded) {
		return Cause{Code: frame.ClosePolicy, Reason: SlowConsumer, Err: ErrStalled}
	}
	return Cause{Code: frame.CloseAbnormal, Remote: true, Err: err}
}

// breaks asks the owner whether it survives the end of the link. If it does, and
// has not said so before, nothing more is handed out, and l is the link.
func (s *Socket) breaks(cause Cause) (l *ending, survives bool) {
	o, is := s.owner.(Survivor)
	if !is {
		return nil, false
	}
	survives = o.Breaks(&cause, func() {
		s.state.set(stateParted)
		n, _ := s.link()
		l = &ending{n, s.out.ParkNext()}
	})
	return l, survives
}

// broken ends the link at once, if the owner survives the cause. It may run inside
// a read of the socket, as writeEnded.
func (s *Socket) broken(cause Cause) (survives bool) {
	l, survives := s.breaks(cause)
	if l != nil {
		go s.cutLink(l.net)
	}
	return survives
}

// Resume ends the time after Open in which nothing is written.
func (s *Socket) Resume() { s.Schedule(s.out.Resume()) }

// Pause has nothing leave, of what was not taken for a write already, until
// Unpause or the end of the connection. The clocks go on, so it must be short.
func (s *Socket) Pause() { s.out.Pause() }

// Unpause ends Pause.
func (s *Socket) Unpause() { s.Schedule(s.out.Unpause()) }

// Schedule has the outbox flushed by a worker, if the verdict makes that the
// caller's task.
func (s *Socket) Schedule(v outbox.Verdict) {
	if v == outbox.Schedule {
		s.profile.engine.queue.add(s)
	}
}

// Drain notes that the owner accepts nothing new. From now on Owner.Resting is
// called. Drain reports whether the read goroutine has nothing in hand.
func (s *Socket) Drain() (rests bool) { return s.state.set(stateDrains)&stateReads != 0 }

// Drains reports whether Drain was called.
func (s *Socket) Drains() bool { return s.state.is(stateDrains) }

// Rests reports whether the socket drains, and its read goroutine has nothing in
// hand.
func (s *Socket) Rests() bool { return s.state.is(stateReads | stateDrains) }
