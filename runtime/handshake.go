package ws

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// refusedHandshake says why a request does not become a connection, and how
// it is answered.
type refusedHandshake struct {
	status  int
	header  http.Header // of the answer, may be nil
	err     error
	byClose bool // it is answered by the upgrade and a Close, not by HTTP
}

// newWireRefusal returns a refusedHandshake for a refusal of package
// handshake.
func newWireRefusal(code Code, bad *handshake.Refusal) *refusedHandshake {
	return &refusedHandshake{status: bad.Status, header: bad.Header, err: NewError(code, bad.Text)}
}

// newRefusal returns a refusedHandshake with an error of a code and a text.
func newRefusal(status int, code Code, format string, args ...any) *refusedHandshake {
	return &refusedHandshake{status: status, err: NewError(code, fmt.Sprintf(format, args...))}
}

// arrival holds what admission found out about a connection.
type arrival struct {
	from      visitor
	principal Principal
	kept      *http.Request // the upgrade request, for $refresh; nil: the principal does not expire, or it was too long
	protocol  string        // the subprotocol that the answer names; "" is none
	session   bool          // that is the one of sessions: the guards are asked behind $connect
	token     string        // of the request
	header    http.Header   // of the answer: the application's part
	guest     *kit.Guest    // nil: no test asks

	// What the Observer returned when it was told of the request; each may be nil.
	values   context.Context // for the connect hook
	answered func(*Client, *Error)
}

// admit decides about a request, in this order: is it a handshake (RFC 6455,
// section 4.2.1), from an allowed origin, with the guards' consent, in a
// protocol that we speak. Of a session the guards are asked later. A refusal of the guards may be answered by the
// upgrade (Options.AcceptThenClose), but only if everything else is right.
// That of the origin never is: a page of another site gets nothing to talk
// to.
func (e *Endpoint) admit(r *http.Request, a *arrival) *refusedHandshake {
	if bad := handshake.Check(r); bad != nil {
		return newWireRefusal(CodeBadFrame, bad)
	}
	if !e.opts.InsecureSkipOriginCheck && !handshake.AllowsOrigin(r, e.opts.Origins) {
		return newWireRefusal(CodeForbidden, handshake.RefuseOrigin(r))
	}
	var unspoken *refusedHandshake
	offer, not := handshake.Negotiate(r)
	if not != nil {
		unspoken = newWireRefusal(CodeBadFrame, not)
	}
	a.protocol, a.session, a.token = offer.Answer(), offer.Session, offer.Token(r)
	if a.session {
		return nil
	}
	if bad := e.welcome(r, a.token, a); bad != nil {
		bad.byClose = e.opts.AcceptThenClose && unspoken == nil
		return bad
	}
	a.keepRequest(r)
	return unspoken
}

// keepRequest keeps the request of which welcome has said who it is, if the guards are to
// be asked again before its principal expires.
func (a *arrival) keepRequest(r *http.Request) {
	if !a.principal.Expires.IsZero() {
		a.kept = withoutCredential(r)
	}
}

// welcome notes in a who connects: the guards know, or the test that does.
func (e *Endpoint) welcome(r *http.Request, token string, a *arrival) *refusedHandshake {
	if a.guest != nil {
		if p, known := a.guest.Principal.(Principal); known {
			if bad := expired(&p); bad != nil {
				return bad
			}
			a.principal = p
			return nil
		}
	}
	if len(e.connGuards) == 0 {
		return nil
	}
	u := &Upgrade{Token: token, Header: a.header}
	if bad := e.guardConn(r, u); bad != nil {
		return bad
	}
	a.principal = u.Principal
	return nil
}

// expired refuses a principal whose time is over.
func expired(p *Principal) *refusedHandshake {
	if p.Expires.IsZero() || time.Now().Before(p.Expires) {
		return nil
	}
	return newRefusal(http.StatusUnauthorized, CodeUnauthenticated, "the credential has expired")
}

// accept answers a handshake.
func (c *conn) accept(r *http.Request, a *arrival) error {
	answer := &handshake.Answer{Protocol: a.protocol, Deflate: c.member.Socket.Deflates(), Header: a.header}
	return c.member.Socket.Accept(r, answer, c.endpoint.opts.HandshakeTimeout)
}

// guardConn asks the connection guards about a request, global ones first. They say
// in u who it is, and may add to its header, which goes into the answer.
//
// For a plain handshake it runs on net/http's goroutine, whose stack is half full, and is
// copied when it grows. What asking the guards takes should fit: so large values are
// passed by pointer, and refusals are made apart.
func (e *Endpoint) guardConn(r *http.Request, u *Upgrade) *refusedHandshake {
	ctx := r.Context()
	if d := e.opts.HandshakeTimeout; d != noLimit {
		within := &guardContext{Context: ctx, until: time.Now().Add(d)}
		defer within.end()
		ctx = within
	}
	u.Request = r.WithContext(ctx)
	for _, guard := range e.connGuards {
		if err := ask(guard, u); err != nil {
			return guardRefused(ctx, r, err)
		}
	}
	return expired(&u.Principal)
}

// guardRefused returns the refusal of a request whose guards had until ctx ended.
func guardRefused(ctx context.Context, r *http.Request, err error) *refusedHandshake {
	x := examine(err)
	if x.late && ctx.Err() != nil {
		late := Error{Code: CodeTimeout, Message: "deciding about the connection took too long", RetryAfter: time.Second, cause: err}
		return &refusedHandshake{status: http.StatusServiceUnavailable, err: &late}
	}
	if x.canceled && r.Context().Err() != nil { // nobody is left to be answered
		gone := NewError(CodeCanceled, "the client has gone").WithCause(err)
		return &refusedHandshake{status: http.StatusServiceUnavailable, err: gone}
	}
	return &refusedHandshake{status: x.status(), err: err}
}

// status returns the HTTP status of a guard's refusal, as ConnGuard documents
// it.
func (x *examined) status() int {
	if x.known == nil {
		return http.StatusInternalServerError
	}
	switch x.known.Code {
	case CodeBadFrame, CodeInvalidPayload, CodeValidationFailed:
		return http.StatusBadRequest
	case CodeUnauthenticated:
		return http.StatusUnauthorized
	case CodeNotFound:
		return http.StatusNotFound
	case CodeConflict:
		return http.StatusConflict
	case CodeRateLimited:
		return http.StatusTooManyRequests
	case CodeTooLarge: // a handshake has nothing else that could be
		return http.StatusRequestHeaderFieldsTooLarge
	case CodeInternal:
		return http.StatusInternalServerError
	case CodeTimeout, CodeUnavailable, CodeCanceled:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}

// writeTo writes a refusal as HTTP. The body is the data of an error frame.
// Fields that the application has put into the header are sent, too.
func (b *refusedHandshake) writeTo(w http.ResponseWriter, e *Error) {
	h := w.Header()
	closes := handshake.HasToken(h, "Connection", "close")
	maps.DeleteFunc(h, func(name string, _ []string) bool { return handshake.Reserved(name) })
	if closes {
		h.Set("Connection", "close")
	}
	maps.Copy(h, b.header)
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(e.RetryAfter)/float64(time.Second)))))
	}
	if b.status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(b.status)
	_ = json.NewEncoder(w).Encode(e.body(""))
}

// unhijackable returns the refusal of a request whose connection a
// ResponseWriter does not give away.
func unhijackable(w http.ResponseWriter, err error) *refusedHandshake {
	w, hijacks := steady.Innermost(w)
	text := fmt.Sprintf("the ResponseWriter %T has neither Hijack nor Unwrap, so the connection cannot be taken over: "+
		"give it a method Unwrap() http.ResponseWriter, or serve the gateway outside of the middleware that makes it", w)
	if hijacks {
		text = fmt.Sprintf("the ResponseWriter %T does not give the connection away: see to its method Hijack", w)
	}
	return &refusedHandshake{
		status: http.StatusInternalServerError,
		err:    NewError(CodeInternal, text).WithCause(newReference(err)),
	}
}
