package ws

import (
	"container/list"
	"log/slog"
	"net/netip"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// This file is about a session that loses its socket and stays, until its client
// has come back with another (resume.go), or too late.

// away is what a session has while it has no socket. It is made when its link
// begins to end.
type away struct {
	cause  Closed
	left   chan struct{} // closed when nobody reads any more
	place  *list.Element // among those without a socket; nil: it has its place among connections
	lapses bool          // it is about to close, and nobody may resume it
}

// survives reports whether a session stays that loses its socket for a cause: who
// has said goodbye, or done what is forbidden, does not come back to it.
func survives(k *socket.Cause) bool {
	switch CloseCode(k.Code) {
	case CloseAbnormal, CloseReturning:
		return k.Remote
	case CloseAway:
		return !k.Remote && k.Reason == lifetimeCause.Reason
	case CloseUnauthenticated:
		return !k.Remote && k.Reason == expiredCause.Reason
	case CloseTaken:
		return !k.Remote
	}
	return k.Err == socket.ErrStalled
}

// Breaks says whether the session stays, now that its link ends.
func (s *session) Breaks(cause *socket.Cause, part func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stage == stageBreaks, s.stage == stageAway:
		return true
	case s.stage != stageOpen, s.entry.client == nil, s.member.Socket.Closes(), !survives(cause), s.endpoint.server.hub.Closes():
		return false
	}
	s.stage = stageBreaks
	s.amid().away = &away{cause: closedBy(cause), left: make(chan struct{})}
	s.waitUntil(noLimit)
	s.stay()
	part()
	s.inbox().Spill(true) // else the read goroutine may wait for ever: replies have no room now
	return true
}

// Parting reports whether the link has ended, and the session stays.
func (s *session) Parting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stage == stageBreaks
}

// Parted gives back the connection's place, and begins the time in which the
// client may come back.
func (s *session) Parted() bool {
	sv, o := s.endpoint.server, s.limits()
	s.waitUntil(socket.Later(sv.clock(), o.ResumeWindow))
	s.member.Socket.Retime()
	var place *list.Element
	if !s.member.Socket.Closes() {
		var oldest owner
		if place, oldest = sv.sessions.part(s, sv.opts.MaxDetached); place == nil {
			s.close(shutdownCause) // which has begun since the link broke
		} else {
			s.detached()
		}
		if oldest != nil {
			oldest.lapse()
		}
	}
	return s.goAway(place)
}

// goAway makes the session one without a socket, unless it closes. place is the one
// that it has among those; nil: it has none.
func (s *session) goAway(place *list.Element) (stays bool) {
	sv := s.endpoint.server
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.away()
	defer close(w.left)
	if s.member.Socket.Closes() {
		if place != nil {
			sv.sessions.back(place)
		}
		s.stage = stageOver
		return false
	}
	w.place = place
	s.stage = stageAway
	sv.hub.Part(s.network())
	s.partGuest(func() { _ = s.lapse() })
	return true
}

// detached counts and logs a session that has lost its socket, and tells the
// Observer.
func (s *session) detached() {
	sv, cause := s.endpoint.server, s.away().cause
	if sv.listen(); sv.debugs.Load() {
		sv.line(s.asClient(), slog.LevelDebug, "ws: detached", append(cause.attrs(), "gateway", s.endpoint.spec.Gateway)...)
	}
	sv.tellDetached(s.asClient(), cause)
}

// lapse ends a session that has lost its socket, with the cause of that. It returns
// false, and changes nothing, if the session has another by now.
func (s *session) lapse() bool {
	s.mu.Lock()
	w := s.away()
	if w != nil {
		w.lapses = true
	}
	s.mu.Unlock()
	if w != nil {
		s.close(w.cause)
	}
	return w != nil
}

// part has the session lose its socket for a cause of ours, and tells the client
// why; or closes it, if nothing can be resumed.
func (s *session) part(cause Closed) {
	if !s.member.Socket.Part(cause.socket(), false) {
		s.close(cause)
	}
}

// overAway ends a session that begins to close without a socket. The caller holds
// s.mu.
func (s *session) overAway() {
	s.stage = stageOver
	s.endpoint.server.sessions.back(s.away().place)
	go s.member.Socket.EndParted()
}

// Released gives back what the session held.
func (s *session) Released() {
	s.mu.Lock()
	w := s.away()
	without := w != nil && w.place != nil
	s.mu.Unlock()
	if !without {
		s.releasedFrom(s.network())
		return
	}
	s.endpoint.server.hub.Return(&s.member)
	s.releaseGuest()
}

// elsewhere returns where the client was when the session was resumed last; nil: it
// never was.
func (s *session) elsewhere() *elsewhereNow {
	if i := s.interim.Load(); i != nil {
		return i.at.Load()
	}
	return nil
}

// whence returns where the client was when the session was resumed.
func (s *session) whence() netip.AddrPort {
	if at := s.elsewhere(); at != nil {
		return at.remote
	}
	return netip.AddrPort{}
}

// network is what the socket is counted under.
func (s *session) network() netip.Addr {
	if at := s.elsewhere(); at != nil {
		return at.network
	}
	return s.identity.cameFrom().network
}
