package ws

import (
	"context"
	"net/http"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/pointer"
)

// maxKept bounds the part of a request that is kept, in bytes of its names,
// values and path. A common one has a fiftieth of that; net/http lets 1 MiB
// pass.
const maxKept = 16 << 10

// withoutCredential returns the part of an upgrade request that the guards
// need to decide again. It lacks the credential, which is the client's to
// send again, and the fields that were the handshake's alone. It returns nil
// for a request that is too long to be kept.
func withoutCredential(r *http.Request) *http.Request {
	size := len(r.RequestURI)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > maxKept {
		return nil
	}
	k := r.Clone(context.WithoutCancel(r.Context()))
	k.Body, k.GetBody, k.Form, k.PostForm, k.MultipartForm = http.NoBody, nil, nil, nil, nil
	for _, name := range []string{
		"Authorization", "Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions",
		"Sec-Websocket-Protocol", // the token may be in it
	} {
		k.Header.Del(name)
	}
	if query := k.URL.Query(); query.Has(handshake.TokenParameter) {
		query.Del(handshake.TokenParameter)
		k.URL.RawQuery = query.Encode()
		k.RequestURI = k.URL.RequestURI()
	}
	return k
}

// refresh answers refreshEvent. A refusal changes nothing: the principal
// stays, and expires when it would have. It is a strike, unless it is not the
// client's fault.
func refresh(call *Call) error {
	c := call.conn
	err := c.renew(call)
	if c.member.Socket.KeepsSent() && err == nil && call.frame.ID != nil {
		call.replyAside() // what begins with $ does not count
	}
	if c.identity == nil || c.identity.usage == nil {
		return err // nothing to refresh
	}
	switch {
	case err == nil:
		c.identity.usage.Forgive()
	case clientsFault(err):
		c.strike()
	}
	return err
}

// clientsFault reports whether a refresh failed for a reason that lies with
// the client.
func clientsFault(err error) bool {
	x := examine(err)
	if x.known == nil {
		return false
	}
	switch x.known.Code {
	case CodeTimeout, CodeUnavailable, CodeInternal, CodeCanceled:
		return false
	}
	return true
}

// renew asks the guards again, with the token of the call, and replaces the
// principal.
func (c *conn) renew(call *Call) error {
	switch {
	case c.expires() == noLimit && (c.identity == nil || c.identity.kept.Load() == nil):
		return NewError(CodeConflict, "there is nothing to refresh: the credential does not expire")
	case c.identity.kept.Load() == nil:
		return NewError(CodeTooLarge, "the request of the upgrade was too long to be kept: connect anew")
	}
	var data struct {
		Token string `json:"token"`
	}
	if err := call.Decode(&data); err != nil {
		return err
	}
	if !headerSafe(data.Token) {
		return NewError(CodeInvalidPayload, "the token has characters that no header can hold").
			WithDetails(Detail{Path: pointer.Of("token"), Rule: "token"})
	}
	kept := c.identity.kept.Load()
	request := kept.Clone(refreshContext{call.Context(), kept.Context()})
	if data.Token != "" {
		request.Header.Set("Authorization", "Bearer "+data.Token)
	}
	u := &Upgrade{Token: data.Token, Header: http.Header{}}
	if bad := c.endpoint.guardConn(request, u); bad != nil {
		return bad.err
	}
	if err := call.Context().Err(); err != nil {
		return err // the client has its answer
	}
	principal := u.Principal // u is the guards'
	if principal.ID != c.identity.userID() {
		return NewError(CodeForbidden, "a refresh cannot change who is connected: connect anew")
	}
	become := func() error {
		c.identity.principal.Store(&principal)
		c.member.Socket.DueChanged()
		return nil
	}
	if call.passage != nil {
		return call.passage.during(become) // else the client has its answer
	}
	return become()
}

// headerSafe reports whether a token is one that the handshake could have
// brought: guards hand it on, and may not look at each byte.
func headerSafe(token string) bool {
	for i := range len(token) {
		if token[i] < ' ' || token[i] == 0x7f {
			return false
		}
	}
	return true
}

// refreshContext ends with the call, and has the values that a middleware
// left in the request's context.
type refreshContext struct {
	context.Context

	kept context.Context
}

// Value looks in the call's context first.
func (x refreshContext) Value(key any) any {
	if v := x.Context.Value(key); v != nil {
		return v
	}
	return x.kept.Value(key)
}
