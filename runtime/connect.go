package ws

import (
	"context"
	"net/http"
	"runtime"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file decides about a session, by its first message. All of it runs while the
// read goroutine waits.

const noConnect = "the client did not say who it is"

// noConnectCause is the cause of a session whose $connect did not come.
var noConnectCause = Closed{Code: CloseNoConnect, Reason: "connect: no $connect came in time"}

// badConnect returns the cause of a session whose $connect was wrong.
func badConnect(fault envelope.Fault) Closed {
	return Closed{Code: CloseBadConnect, Reason: "connect: " + string(fault)}
}

// begin has first run on a goroutine of its own, and waits for it: guards and hooks
// need a deep stack, which the read goroutine would keep for as long as it waits.
func (s *session) begin(text bool, data []byte) {
	s.begun = true
	f := steady.Apart(connectEvent, func() { s.first(text, data) })
	switch {
	case f == nil:
	case f.Goexit: // user code wants the goroutine to end, which that of the connection is
		runtime.Goexit()
	default: // a panic of our own, of which f has the stack
		s.Failed(f)
		s.close(panicCause)
	}
}

// first takes the first message, which must be $connect. The guards decide, the
// connection is registered, and its connect hook runs. Then the client gets
// $connected, and after that what was queued for it.
func (s *session) first(text bool, data []byte) {
	s.endpoint.server.stats.received.Add(1)
	p := s.decide()
	if p == nil {
		return
	}
	var says connectData
	var fault error = errNotConnect
	if text {
		says, fault = s.endpoint.protocol.readConnect(data)
	}
	if fault != nil {
		s.dismiss(badConnect(fault.(envelope.Fault)), fault)
		return
	}
	if bad := s.askGuards(p, says.Token); bad != nil {
		refusal := s.endpoint.report(nil, "", http.StatusSwitchingProtocols, bad.err)
		s.refused(refusal)
		s.member.Socket.Brief()
		s.close(closeFor(refusal))
		return
	}
	if says.Resume != nil {
		if says.why = s.resume(p, &says); says.why == "" {
			return
		}
	}
	s.endpoint.server.hub.Awaited(&s.member)
	if s.member.Socket.Closes() {
		return // nothing is registered that closes already
	}
	if len(says.At) > 0 {
		s.claimAll(sound(says.At))
	}
	s.born = s.endpoint.server.clock() // the hook's time, and the connection's, begin here
	if refusal := s.open(p.request, p.arrival); refusal != nil {
		s.refused(refusal)
		return
	}
	s.awaitRooms()
	s.when.Store(int64(s.born))
	s.welcome(s.endpoint.protocol.connected(connectedData{SID: s.begins(), Why: says.why, Schema: s.endpoint.spec.Contract}, s.limits()))
}

// askGuards asks the guards, with the token of $connect if there is one. Their
// context ends when the client is gone, for which somebody has to read
// meanwhile.
func (s *session) askGuards(p *pending, token string) *refusedHandshake {
	ctx, cancel := context.WithCancel(p.request.Context())
	s.mu.Lock()
	p.cancel = cancel
	s.mu.Unlock()
	if s.member.Socket.Closes() {
		cancel()
	}
	var ahead *socket.Ahead
	if len(s.endpoint.connGuards) > 0 {
		ahead = s.member.Socket.ReadAhead(ctx.Done())
	}
	defer func() { // deferred: a guard cannot end this goroutine, and a net.Conn may
		cancel()
		if ahead != nil {
			s.member.Socket.StopAhead(ahead)
		}
	}()
	r := p.request.WithContext(ctx)
	if token == "" {
		token = p.arrival.token
	} else { // as at a $refresh
		r.Header = r.Header.Clone()
		r.Header.Set("Authorization", "Bearer "+token)
	}
	a := p.arrival
	if bad := s.endpoint.welcome(r, token, a); bad != nil {
		return bad
	}
	a.keepRequest(p.request)
	switch {
	case s.identity != nil:
		s.identity.isOf(a)
	case a.known():
		s.identity = &identity{from: a.from}
		s.identity.isOf(a)
	}
	return nil
}

// welcome writes $connected, and lets go of what is queued behind it, unless the
// connection closes already.
func (s *session) welcome(connected []byte) {
	s.mu.Lock()
	over := s.stage == stageOver
	if !over {
		s.stage = stageOpen
	}
	s.mu.Unlock()
	if over {
		return
	}
	out := s.member.Socket.Out()
	out.Soon()
	defer func() {
		s.member.Socket.Resume()
		s.member.Socket.StartClocks()
	}()
	if s.member.Socket.Say(connected) == nil {
		p := s.answered()
		s.endpoint.tellAnswered(p.arrival, visible(&s.conn), nil)
	}
}
