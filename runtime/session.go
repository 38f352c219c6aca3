package ws

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// session is a connection whose client speaks wsgen.v1.json
// (docs/reference/protocol.md, "Sessions"). It is the owner of its socket in the
// place of the conn in it, which is not aware of that: so a plain connection
// costs nothing for it.
//
// It is pending at first: the handshake is answered, and nothing is known of the
// client but its request. The outbox is held until the client has $connected.
type session struct {
	conn

	had  uint64       // messages that counted. Read goroutine only
	when atomic.Int64 // by Server.clock: when it got its socket; without one, and inverted, how long its client is waited for (waitUntil)

	// Those that are small stand together, so that all of it, a conn included, is one
	// allocation of a size class that it fills: 384 bytes.
	told  atomic.Bool // the client was asked to leave
	begun bool        // the first message was taken. Read goroutine only
	stage stage       // guarded by mu

	mu      sync.Mutex
	entry   sessionEntry            // by which it is found; zero: it cannot be resumed. Guarded by mu, and does not change once it is among sessions
	interim atomic.Pointer[interim] // nil: none of it is there. Stored with mu held
}

var (
	_ owner           = (*session)(nil)
	_ socket.Survivor = (*session)(nil)
	_ hub.Noter       = (*session)(nil)
)

// stage says how far a session is.
type stage uint8

// The stages, in their order.
const (
	stageWaits   stage = iota // for $connect
	stageDecides              // the guards and the connect hook run
	stageOpen                 // $connected has left, or is about to
	stageBreaks               // its link ends, and it stays
	stageAway                 // it has no socket
	stageOver                 // it closes, and has no socket or was never open
)

// pending has what is kept of a request until $connect is answered.
type pending struct {
	request *http.Request
	arrival *arrival
	refusal *Error             // what it was refused with
	late    *time.Timer        // nil: it may wait for ever
	cancel  context.CancelFunc // of the guards; nil: they do not run
}

// greet answers the handshake, and waits for $connect from then on.
func (s *session) greet(r *http.Request, a *arrival) {
	answered := false
	refusal := errUnfinished() // a net.Conn of the user's has ended the goroutine
	defer func() {
		if answered {
			s.wait(r, a)
			go s.member.Socket.Serve()
			return
		}
		s.abort(Closed{Code: CloseAbnormal, Err: errUnanswered})
		s.endpoint.tellAnswered(a, nil, refusal)
		s.member.Socket.End()
	}()
	if err := s.accept(r, a); err != nil {
		refusal = s.endpoint.report(nil, "", 0, errLeft(err))
		return
	}
	answered = true
}

// wait begins the time until $connect. net/http's context ends with ServeHTTP,
// and its header is sent.
func (s *session) wait(r *http.Request, a *arrival) {
	a.header = http.Header{}
	p := &pending{request: r.WithContext(context.WithoutCancel(r.Context())), arrival: a}
	s.mu.Lock()
	s.amid().pending = p
	if d := s.endpoint.opts.ConnectTimeout; d != noLimit {
		p.late = time.AfterFunc(d, s.late)
	}
	s.mu.Unlock()
	if !s.endpoint.server.hub.Await(&s.member) {
		s.leave(departure{cause: shutdownCause})
	}
}

// late closes a connection whose $connect did not come in time.
func (s *session) late() {
	if s.decide() != nil {
		s.dismiss(noConnectCause, NewError(CodeTimeout, noConnect))
	}
}

// decide takes the task to decide about the connection; nil: another has it, or
// it is over.
func (s *session) decide() *pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage != stageWaits {
		return nil
	}
	s.stage = stageDecides
	p := s.pending()
	if p.late != nil {
		p.late.Stop()
	}
	return p
}

// dismiss refuses a connection that is not registered, by a Close.
func (s *session) dismiss(cause Closed, why error) {
	s.refused(s.endpoint.report(nil, "", http.StatusSwitchingProtocols, why))
	s.member.Socket.Brief()
	s.close(cause)
}

// refused notes what a connection that is pending is refused with, for the
// Observer, and reports whether it is.
func (s *session) refused(with *Error) (pending bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending()
	if p == nil || s.stage >= stageOpen {
		return false
	}
	if p.refusal == nil {
		p.refusal = with
	}
	return true
}

// Received takes a message from the read loop.
func (s *session) Received(text bool, data []byte, message io.Closer) {
	switch {
	case s.member.Socket.Deaf():
		_ = message.Close()
		return
	case !s.begun:
		s.begin(text, data)
		_ = message.Close()
		return
	case text && envelope.Counts(data):
		s.had++
	case text && s.own(data):
		_ = message.Close()
		return
	}
	s.conn.Received(text, data, message)
}

// own handles a message that begins as the protocol's own do, and reports
// whether it was one of those that only sessions have, or that is not known: a
// later version may have it.
func (s *session) own(text []byte) bool {
	var f envelope.Frame
	if s.endpoint.protocol.parse(&f, text) != nil {
		return false // it is refused like any other
	}
	switch event := string(f.Event); {
	case event == pingEvent:
		if seq, says := readPing(&f); says && s.endpoint.keeper != nil {
			s.member.Socket.Out().Forget(seq)
		}
		s.member.Socket.ReplyAside(s.endpoint.protocol.pong(s.had), true)
	case event == connectEvent:
		_ = s.endpoint.report(&s.conn, "", 0, NewError(CodeBadFrame, string(errConnectTwice)))
		s.close(badConnect(errConnectTwice))
	case f.ID != nil || s.endpoint.knows(f.Event):
		return false
	}
	s.endpoint.server.stats.received.Add(1)
	return true
}

// knows reports whether an event that begins with $ means something in the plain
// protocol, too.
func (e *Endpoint) knows(event []byte) bool {
	switch string(event) {
	case cancelEvent, creditEvent:
		return true
	}
	return e.lookup(event) >= 0
}

// answers reports that the client answers questions.
func (s *session) answers() bool { return true }

// waitUntil notes that the session has no socket, and how long its client is waited
// for, by Server.clock.
func (s *session) waitUntil(until time.Duration) { s.when.Store(^int64(until)) }

// waits reports whether the session has no socket, or one that ends.
func (s *session) waits() bool { return s.when.Load() < 0 }

// Due returns when TimeUp is to be called.
func (s *session) Due() time.Duration {
	switch when := s.when.Load(); {
	case when < 0:
		return time.Duration(^when)
	case s.told.Load():
		return s.expires()
	default:
		return min(s.expires(), s.livedSince(time.Duration(when)))
	}
}

// TimeUp closes the connection if its principal has expired, and asks the client
// to leave if its lifetime is over.
func (s *session) TimeUp(now time.Duration) {
	switch when := s.when.Load(); {
	case when < 0:
		if now >= time.Duration(^when) {
			s.lapse()
		}
	case now >= s.expires():
		s.part(expiredCause)
	case !s.told.Load() && now >= s.Due():
		o := s.limits()
		s.leave(departure{cause: lifetimeCause, within: o.DrainTimeout, lead: o.DrainTimeout})
	}
}

// Closing does its part of a close that begins: who has not got $connected gets
// nothing of what waits behind that.
func (s *session) Closing(cause *socket.Cause) {
	s.conn.Closing(cause)
	s.mu.Lock()
	s.stay()
	if s.entry.client != nil {
		s.endpoint.server.sessions.forget(&s.entry)
	}
	open := s.stage == stageOpen || s.stage == stageBreaks
	if s.stage == stageAway {
		open = true
		s.overAway()
	} else if !open {
		s.stage = stageOver
	}
	if p := s.pending(); p != nil {
		if p.late != nil {
			p.late.Stop()
		}
		if p.cancel != nil {
			p.cancel()
		}
	}
	s.mu.Unlock()
	if !open {
		s.member.Socket.Mute()
	}
}

// Ended ends the connection, whatever its cause.
func (s *session) Ended() {
	defer s.conn.Ended()
	s.endpoint.server.hub.Awaited(&s.member)
	if p := s.answered(); p != nil {
		refusal := p.refusal
		if refusal == nil { // the client has gone, or user code has ended the goroutine
			refusal = errUnfinished()
			if s.cause().Remote {
				refusal = s.endpoint.report(nil, "", 0, errLeft(s.cause().Err))
			}
		}
		s.endpoint.tellAnswered(p.arrival, visible(&s.conn), refusal)
	}
}

// answered returns what is pending, and nothing from then on.
func (s *session) answered() *pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending()
	if p != nil {
		s.amid().pending = nil
		s.tidy()
	}
	return p
}

// ShedNote returns the frame that says how many pushes were lost.
func (s *session) ShedNote(n int) []byte { return s.endpoint.protocol.shed(n) }
