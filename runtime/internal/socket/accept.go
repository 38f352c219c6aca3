package socket

import (
	"errors"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Accept answers the handshake, within d.
func (s *Socket) Accept(r *http.Request, a *handshake.Answer, d time.Duration) error {
	if t := s.tunnel(); t != nil {
		return t.accept(r, a, d)
	}
	return s.writeFirst(a.Switch(r), d)
}

// writeFirst writes what goes ahead of all that is queued, within d. Nearly always the
// socket takes it at once, and then no deadline is needed.
func (s *Socket) writeFirst(p []byte, d time.Duration) error {
	if s.raw != nil {
		b := batches.Get().(*batch)
		rest, err := s.writeSome(b, p)
		batches.Put(b)
		if err != nil || len(rest) == 0 {
			return err
		}
		p = rest
	}
	if err := s.net.SetWriteDeadline(deadline(d)); err != nil {
		return err
	}
	if _, err := s.net.Write(p); err != nil {
		return err
	}
	return s.net.SetWriteDeadline(time.Time{})
}

// Say writes a frame behind the answer to the handshake, before Resume: ahead of
// all that is queued. An error has closed the connection, or ended its link.
func (s *Socket) Say(frame []byte) error {
	err := s.writeFirst(frame, s.profile.limits.Write)
	if err != nil {
		if cause := writeCause(err); !s.broken(cause) {
			s.Abort(cause)
		}
	}
	return err
}

// tunnel returns the stream that the connection is; nil if it is none.
func (s *Socket) tunnel() *Tunnel {
	n, _ := s.link()
	t, _ := steady.Behind(n).(*Tunnel)
	return t
}

// accept answers an extended CONNECT. It has Carry write the answer: the
// connection may have been cut meanwhile, and ServeHTTP have returned.
func (t *Tunnel) accept(r *http.Request, a *handshake.Answer, d time.Duration) error {
	t.head = func() {
		a.Tunnel(r, t.w.Header())
		t.w.WriteHeader(http.StatusOK)
	}
	if err := t.SetWriteDeadline(deadline(d)); err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.SetWriteDeadline(time.Time{})
}

// Dig makes the stream of an extended CONNECT a net.Conn. w must be net/http's
// own; Dig fails if it lacks what that takes. It lifts the deadlines of the
// http.Server, which would end any connection that lasts longer.
func Dig(w http.ResponseWriter, r *http.Request) (*Tunnel, error) {
	t := newTunnel(w, r)
	err := errors.Join(t.control.SetReadDeadline(time.Time{}), t.control.SetWriteDeadline(time.Time{}))
	if !canFlush(w) {
		err = errors.Join(err, errors.New("it has no Flush"))
	}
	return t, err
}

// canFlush reports whether http.ResponseController can flush w.
func canFlush(w http.ResponseWriter) bool {
	switch w.(type) {
	case http.Flusher, interface{ FlushError() error }:
		return true
	}
	return false
}

// deadline returns the time d from now; the zero time, which is none, if d is
// Never.
func deadline(d time.Duration) time.Time {
	if d == Never {
		return time.Time{}
	}
	return time.Now().Add(d)
}
