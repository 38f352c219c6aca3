package ws

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// ServeHTTP answers a WebSocket handshake: when the answer arrives, the
// connection is registered and its connect hook has returned; for a client that
// speaks wsgen.v1.json, when $connected arrives. Over HTTP/1.1 it
// lives on by itself when ServeHTTP returns; over HTTP/2, where it is a stream
// (RFC 8441), ServeHTTP returns when the connection is over.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := arrival{header: w.Header(), guest: kit.GuestOf(r.Context())}
	r = e.tellConnecting(r, &a)
	from, bad := e.server.visit(r)
	if bad != nil {
		e.refuseHandshake(w, &a, bad)
		return
	}
	a.from = from
	held := true // until there is a connection to release it
	defer func() {
		if held { // refused, or a ResponseWriter of the user's panicked
			e.server.hub.Release(from.network)
			e.tellAnswered(&a, nil, errUnfinished())
		}
	}()
	bad = e.admit(r, &a)
	if bad != nil && !bad.byClose {
		e.refuseHandshake(w, &a, bad)
		return
	}
	if handshake.Extended(r) {
		t, err := dig(w, r)
		if err != nil {
			e.refuseHandshake(w, &a, err)
			return
		}
		held = false
		e.tunnel(t, r, &a, bad)
		return
	}
	c, err := e.hijack(w, r, &a)
	if err != nil {
		e.refuseHandshake(w, &a, unhijackable(w, err))
		return
	}
	held = false
	e.begin(c, r, &a, bad)
}

// begin opens a connection and answers its handshake. bad is nil, or says why
// the connection is to be closed at once.
func (e *Endpoint) begin(c *conn, r *http.Request, a *arrival, bad *refusedHandshake) {
	if s, is := c.member.Socket.Owner().(*session); is {
		s.greet(r, a)
		return
	}
	opened, answered := false, false
	var refusal *Error
	defer func() {
		if !answered {
			c.abort(Closed{Code: CloseAbnormal, Err: errUnanswered})
		}
		if !opened || !answered { // refused, or the hook, or a net.Conn of the user's, ended the goroutine
			// Nothing is read any more before anything is written: so the peer has
			// its time to read the Close, whatever it has sent.
			defer c.member.Socket.Resume()
			c.member.Socket.End()
			return
		}
		c.member.Socket.Resume()
		c.member.Socket.StartClocks()
		// The read loop gets a goroutine of its own: this one would keep
		// net/http's buffers, and the request, for as long as it lasts.
		go c.member.Socket.Serve()
	}()
	defer func() { // deferred: even if the hook ends the goroutine, the peer gets an answer, and then the Close
		defer func() {
			if refusal == nil && !(opened && answered) { // the hook, or a net.Conn of the user's, ended the goroutine
				refusal = errUnfinished()
			}
			e.tellAnswered(a, visible(c), refusal)
		}()
		if opened {
			c.awaitRooms()
		}
		c.member.Socket.Out().Soon()
		if err := c.accept(r, a); err != nil {
			// The peer's doing, and what it can do as often as it likes is no error.
			gone := e.report(c, "", 0, errLeft(err))
			if opened {
				refusal = gone
			}
			return
		}
		answered = true
	}()
	if bad != nil {
		refusal = c.turnAway(bad)
		return
	}
	refusal = c.open(r, a)
	opened = refusal == nil
}

// awaitRooms waits until what other nodes push to the user of c, and to the rooms
// that its hook has joined, comes here; but no longer than Cluster.JoinHold. So who
// has the answer to its handshake hears all of it from then on.
func (c *conn) awaitRooms() {
	if c.endpoint.server.cluster == nil {
		return
	}
	if settled := c.member.Settled(); settled != nil {
		<-settled
	}
}

// turnAway closes a connection whose handshake is answered although a guard
// refused it, so that a page is told the reason. The connection was not
// registered, has no hooks and reads nothing. Socket.End is called next. The
// socket is kept until the peer has the Close frame, for a second at most.
func (c *conn) turnAway(bad *refusedHandshake) *Error {
	c.member.Socket.Brief()
	refusal := c.endpoint.report(nil, "", http.StatusSwitchingProtocols, bad.err)
	c.close(closeFor(refusal))
	return refusal
}

// visible returns c if it was registered, so that users may see it; else nil.
func visible(c *conn) *conn {
	if !c.member.Registered() {
		return nil
	}
	return c
}

// errLeft returns the refusal of a request whose client has gone, or cannot be
// answered for another reason.
func errLeft(err error) *Error {
	return NewError(CodeCanceled, "the client has gone").WithCause(steady.Wrap(errHandshake, err))
}

const errHandshake = "ws: handshake not answered"

var errUnanswered = errors.New(errHandshake)

// refuseHandshake reports a refusal and answers with it.
func (e *Endpoint) refuseHandshake(w http.ResponseWriter, a *arrival, bad *refusedHandshake) {
	refusal := e.report(nil, "", bad.status, bad.err)
	defer e.tellAnswered(a, nil, refusal) // even if the ResponseWriter panics
	bad.writeTo(w, refusal)
}

// hijack takes the connection from net/http, with the bytes that net/http has
// read of it already.
func (e *Endpoint) hijack(w http.ResponseWriter, r *http.Request, a *arrival) (*conn, error) {
	n, first, err := takeOver(w)
	if err != nil {
		return nil, steady.Wrap("ws: Hijack failed", err)
	}
	n = steady.Conn(n, e.server.failed)
	_ = n.SetDeadline(time.Time{})
	return newConn(e, n, first, r, a), nil
}

// takeOver takes a connection from an http.Server, or from package front: first are the
// bytes that were read of it already.
func takeOver(w http.ResponseWriter) (n net.Conn, first []byte, err error) {
	inner, _ := steady.Innermost(w)
	if from, fronted := inner.(interface {
		Take() (socket.Bare, error)
	}); fronted {
		bare, err := from.Take()
		return bare.Conn, nil, err
	}
	n, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	first, _ = rw.Reader.Peek(rw.Reader.Buffered())
	return n, first, nil
}
