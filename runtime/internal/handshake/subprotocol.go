package handshake

import (
	"net/http"
	"slices"
	"strings"
)

// Offer has the subprotocols that a client offers by Sec-WebSocket-Protocol
// (RFC 6455, section 4.1).
type Offer struct {
	protocols []string // in its order, without scheme and token

	// Scheme is "bearer" or "access_token", as the client writes it; "" if there
	// is no token.
	Scheme string
	token  string

	// Session says that SessionProtocol is among them.
	Session bool
}

// SessionProtocol is the subprotocol of sessions, the only one that is spoken
// (docs/reference/protocol.md, "Sessions").
const SessionProtocol = "wsgen.v1.json"

// Answer returns the subprotocol that the answer names; "" is none.
func (o *Offer) Answer() string {
	if o.Session {
		return SessionProtocol
	}
	return o.Scheme
}

// bearerProtocol and tokenProtocol are the members of the header that announce
// a token. A page cannot set a header of the handshake but this one, so a
// credential comes as two of its members: one of these names, and behind it the
// token. The standard compares subprotocols as they stand. These names are
// taken in any case, as that of an authentication scheme is (RFC 9110, section
// 11.1), and the answer repeats the client's own spelling.
const bearerProtocol, tokenProtocol = "bearer", "access_token"

// maxOffered bounds how many subprotocols are read.
const maxOffered = 32

// offered reads the header's lines. It returns false if they are no list of
// tokens: then none of them can be relied on.
func offered(lines []string) (o Offer, ok bool) {
	h := header{strings.Join(lines, ",")}
	for !h.end() {
		if h.take(',') { // an element of a list may be empty (RFC 9110, section 5.6.1)
			continue
		}
		member := h.token()
		if member == "" || !h.end() && !h.take(',') || len(o.protocols) == maxOffered {
			return Offer{}, false
		}
		o.protocols = append(o.protocols, member)
	}
	for i, name := range o.protocols {
		if i+1 < len(o.protocols) && (foldASCII(name, bearerProtocol) || foldASCII(name, tokenProtocol)) {
			o.Scheme, o.token = name, o.protocols[i+1]
			o.protocols = append(o.protocols[:i:i], o.protocols[i+2:]...)
			break
		}
	}
	return o, true
}

// Negotiate reads the offer, and refuses one of subprotocols that are not
// spoken here: a browser whose offer gets no echo fails without a reason. Others
// beside SessionProtocol do no harm. Nothing of the offer is in the refusal,
// since a token may be in any of it.
func Negotiate(r *http.Request) (Offer, *Refusal) {
	o, ok := offered(r.Header.Values("Sec-WebSocket-Protocol"))
	switch {
	case !ok:
		return o, &Refusal{Status: http.StatusBadRequest, Text: "Sec-WebSocket-Protocol is no list of tokens: " +
			"a credential in it has no =, / or spaces (base64url without padding has none)"}
	case slices.Contains(o.protocols, SessionProtocol):
		o.Session = true
	case len(o.protocols) > 0:
		return o, &Refusal{Status: http.StatusBadRequest, Text: "none of the subprotocols offered is spoken here; " +
			`connect without one, or with "bearer" and a token alone`}
	}
	return o, nil
}

// Token returns the bearer token of a request, "" for none. It is in the
// Authorization header (RFC 6750, section 2.1), in the subprotocols, or in the
// query (section 2.3), and the first of these counts.
func (o *Offer) Token(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(value)
	case o.Scheme != "":
		return o.token
	}
	return r.URL.Query().Get(TokenParameter)
}

// TokenParameter is the query parameter that may hold the token.
const TokenParameter = "access_token"
