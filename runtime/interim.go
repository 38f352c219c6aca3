package ws

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// interim has what a session needs until it is open, while it has no socket, while its
// client is asked to leave, and once that has come back: an idle session has none of
// it. All of it but at is guarded by session.mu.
type interim struct {
	pending *pending                     // nil: it is over, and the Observer has the answer
	away    *away                        // nil: it has a socket that works
	leaves  *time.Timer                  // ends the client's time to leave; nil: it was not asked to
	turn    chan struct{}                // held by one that resumes the session; nil: nobody ever tried
	at      atomic.Pointer[elsewhereNow] // where its client came back from; nil: it never did
}

// elsewhereNow is where the client of a session was when it was resumed.
type elsewhereNow struct {
	remote  netip.AddrPort
	network netip.Addr // as visitor.network
}

// amid returns the interim, made if need be. The caller holds s.mu.
func (s *session) amid() *interim {
	if i := s.interim.Load(); i != nil {
		return i
	}
	i := new(interim)
	s.interim.Store(i)
	return i
}

// tidy lets go of the interim if nothing is left in it. The caller holds s.mu.
func (s *session) tidy() {
	if i := s.interim.Load(); i.pending == nil && i.away == nil && i.leaves == nil && i.turn == nil && i.at.Load() == nil {
		s.interim.Store(nil)
	}
}

// pending returns what is kept until $connect is answered; nil: it is. The caller
// holds s.mu.
func (s *session) pending() *pending {
	if i := s.interim.Load(); i != nil {
		return i.pending
	}
	return nil
}

// away returns what the session has while it has no socket; nil: it has one that
// works. The caller holds s.mu, or knows that no other changes it.
func (s *session) away() *away {
	if i := s.interim.Load(); i != nil {
		return i.away
	}
	return nil
}
