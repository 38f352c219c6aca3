package ws

import (
	"crypto/rand"
	"slices"
	"time"
)

// This file resumes a session: the socket of one that is pending is handed to the
// one that its client names. All of it runs on the read goroutine of the first,
// which goes on for the second.

// Why a session is not resumed.
const (
	whyUnknown  = "unknown"  // there is none, or it is another's
	whyGap      = "gap"      // what the client has not had is not kept
	whyBusy     = "busy"     // its old socket does not let go of it in time
	whyDisabled = "disabled" // sessions end with their sockets here
)

// takenCause ends a socket whose session another has now.
var takenCause = Closed{Code: CloseTaken, Reason: "taken: another connection goes on with this session"}

// begins makes the session one that can be resumed, and returns its secret; "" if
// it cannot.
func (s *session) begins() (sid string) {
	if s.endpoint.keeper == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage == stageOver {
		return ""
	}
	sid = rand.Text()
	s.entry = sessionEntry{keyOf(sid), s.asClient()}
	s.endpoint.server.sessions.add(&s.entry)
	return sid
}

// resume hands the socket to the session that the client names, or says why not.
func (s *session) resume(p *pending, says *connectData) (why string) {
	ss := &s.endpoint.server.sessions
	old, _ := ss.find(says.Resume.SID).(*session)
	switch {
	case s.endpoint.keeper == nil:
		why = whyDisabled
	case old == nil, !s.continues(old):
		why = whyUnknown
	default:
		why = old.takeOver(s, p, says)
	}
	if why != "" {
		ss.unresumed.Add(1)
	}
	return why
}

// continues reports whether the client of s may go on with an older session: it
// is the same, at the same place.
func (s *session) continues(old *session) bool {
	var mine, its []string
	if s.identity != nil {
		mine = s.identity.path
	}
	if old.identity != nil {
		its = old.identity.path
	}
	return old.endpoint == s.endpoint && slices.Equal(mine, its) && old.identity.userID() == s.identity.userID() &&
		old.member.Socket.Deflates() == s.member.Socket.Deflates() && (old.identity != nil || s.identity.who() == nil)
}

// takeOver gives s the socket of a pending session, when nobody has to do with the
// one that it has. It returns why it cannot.
func (s *session) takeOver(from *session, p *pending, says *connectData) (why string) {
	late := lateAfter(s.limits().HandshakeTimeout)
	turn := s.turns()
	select {
	case turn <- struct{}{}: // two that come at once come one after the other
		defer func() { <-turn }()
	case <-late:
		return whyBusy
	}
	s.member.Socket.Part(takenCause.socket(), true)
	s.mu.Lock()
	w := s.away()
	s.mu.Unlock()
	if w == nil {
		return whyUnknown
	}
	for _, left := range []<-chan struct{}{w.left, s.member.Socket.Out().ParkNext()} {
		select {
		case <-left:
		case <-late:
			return whyBusy
		}
	}
	switch why = s.attach(from, p.arrival, says.Resume.Seq); why {
	case "":
		s.attached(from, says.Resume.SID)
	case whyGap:
		s.lapse() // its client is here, and has another from now on
	}
	return why
}

// turns returns what those that would resume the session take turns by.
func (s *session) turns() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.amid()
	if i.turn == nil {
		i.turn = make(chan struct{}, 1)
	}
	return i.turn
}

// lateAfter returns a channel that says when a time is over; nil: never.
func lateAfter(d time.Duration) <-chan time.Time {
	if d == noLimit {
		return nil
	}
	return time.After(d)
}

// attach takes over the socket, place and principal of a pending session, whose
// client has had so many messages. What it has not had is queued again.
func (s *session) attach(from *session, a *arrival, seq uint64) (why string) {
	sv, k := s.endpoint.server, &s.member.Socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage != stageAway || s.away().lapses || k.Closes() {
		return whyUnknown
	}
	remote := from.Client.RemoteAddr()
	switch {
	case !k.Out().Rewind(seq):
		return whyGap
	case !k.Adopt(&from.member.Socket):
		return whyUnknown // nobody will hear it
	}
	i := s.amid()
	sv.sessions.back(i.away.place)
	sv.hub.Return(nil)
	s.stage, i.away = stageOpen, nil
	s.told.Store(false)
	i.at.Store(&elsewhereNow{remote: remote, network: from.network()})
	if s.identity != nil {
		s.identity.kept.Store(a.kept)
		principal := a.principal
		s.identity.principal.Store(&principal)
	}
	s.when.Store(int64(sv.clock())) // behind what TimeUp looks at then
	s.takeGuest(&from.conn)
	s.inbox().Spill(false)
	return ""
}

// attached tells the client that its session goes on, and then what it has not
// had, and what is new.
func (s *session) attached(from *session, sid string) {
	sv := s.endpoint.server
	sv.hub.Awaited(&from.member)
	if from.member.Socket.Deflates() {
		sv.deflating.Add(-1)
	}
	from.mu.Lock()
	from.stage = stageOver
	from.mu.Unlock()
	s.endpoint.tellAnswered(from.answered().arrival, &s.conn, nil)
	sv.sessions.resumed.Add(1)
	sv.tellResumed(s.asClient())
	says := s.endpoint.protocol.connected(connectedData{SID: sid, Resumed: true, Seq: s.had, Schema: s.endpoint.spec.Contract}, s.limits())
	_ = s.member.Socket.Say(says)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage == stageOpen { // else it has lost this socket as well
		s.member.Socket.Resumed()
		sv.hub.Back(&s.member)
	}
}
