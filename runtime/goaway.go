package ws

import (
	"math/rand/v2"
	"strings"
	"time"
)

// leave asks the client to leave, and closes the connection when its lead is
// over. Until then everything is answered as ever: a client whose calls are
// answered leaves by itself, and loses none. A session that is pending is closed
// at once.
func (s *session) leave(d departure) {
	if s.refused(shuttingDown()) {
		s.member.Socket.Brief()
		s.close(d.cause)
		return
	}
	if s.waits() { // nobody is there to be asked
		if d.cause != lifetimeCause { // else it is the socket's that it has lost
			s.close(d.cause)
		}
		return
	}
	lives := d.cause == lifetimeCause && s.endpoint.keeper != nil
	if lives && d.lead == noLimit {
		d.lead = defaultDrainTimeout // the session goes on, and nothing of it is lost
	}
	if !s.told.Swap(true) && d.lead > 0 {
		reason, _, _ := strings.Cut(d.cause.Reason, ":")
		retry := rand.N(max(d.spread, leaveRetry))
		s.insist(s.endpoint.protocol.goaway(reason, retry, d.lead))
	}
	if lives {
		since := s.when.Load()
		s.leaveIn(d.lead, func() {
			if s.when.Load() == since {
				s.part(lifetimeCause)
			}
		})
		return
	}
	if d.lead != noLimit {
		s.lead(d.cause, d.lead)
		return
	}
	// The client has as much time as by default, and then as much as it needs to
	// have nothing in hand.
	s.leaveIn(defaultDrainTimeout, func() { s.outlast(d.cause) })
}

// leaveIn calls end after a time, unless the session has lost its socket or begun
// to close before.
func (s *session) leaveIn(d time.Duration, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stay()
	if s.stage == stageOpen && !s.member.Socket.Closes() {
		s.amid().leaves = time.AfterFunc(d, end)
	}
}

// stay stops what leaveIn has begun. The caller holds s.mu.
func (s *session) stay() {
	if i := s.interim.Load(); i != nil && i.leaves != nil {
		i.leaves.Stop()
		i.leaves = nil
		s.tidy()
	}
}

// insist queues a frame that must not be lost but with its socket, and does not
// wait for room.
func (s *session) insist(frame []byte) {
	out := s.member.Socket.Out()
	v := out.Aside(frame)
	if v.Refused() {
		go func() { s.member.Socket.Schedule(out.WaitAside(frame)) }() // no longer than the connection lasts
	}
	s.member.Socket.Schedule(v)
}
