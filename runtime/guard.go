package ws

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// ConnGuard decides about a connection before the upgrade. An *Error refuses
// with the HTTP status of its code: unauthenticated 401, forbidden 403,
// rate_limited 429, any other 403; another error is answered 500, and logged.
// It may set the connection's Principal. It is called concurrently.
type ConnGuard interface {
	GuardConn(u *Upgrade) error
}

// MessageGuard decides about a message before its payload is decoded. An
// *Error is answered as an error frame; the connection stays. A guard that
// cannot read the data should let it pass: the decoder says what is wrong
// with it. It is called concurrently, for different connections.
type MessageGuard interface {
	GuardMessage(ctx context.Context, m Message) error
}

// Upgrade is a request to connect, as a ConnGuard sees it.
type Upgrade struct {
	// Request is the HTTP request. It must not be kept.
	Request *http.Request
	// Token is the bearer token of the Authorization header (RFC 6750, section
	// 2.1) or, since browsers cannot set one, of the query parameter
	// access_token (section 2.3); "" if there is none.
	Token string
	// Principal is who connects. It starts out zero, and a guard sets it; the
	// connection keeps what the last guard left.
	Principal Principal
}

// Principal is who is behind a connection. The zero Principal is nobody known.
type Principal struct {
	ID      string    // addressed by Server.Users
	Scopes  []string  // what the principal may do
	Expires time.Time // zero: never
	Value   any       // the application's own
}

// Message is a message as a MessageGuard or an Interceptor sees it, before it is
// decoded.
type Message struct {
	Client *Client
	Event  string
	// Data is valid until the guard or interceptor returns, and must not be changed; nil if
	// the frame has none.
	Data json.RawMessage
	// Meta is what accompanies the message, as the function Meta returns it.
	Meta map[string]string

	passage *passage // an interceptor's, else nil
}

// Decode decodes the data into v, as encoding/json does; absent data is null.
func (m Message) Decode(v any) error {
	if m.Data == nil {
		return json.Unmarshal([]byte("null"), v)
	}
	return json.Unmarshal(m.Data, v)
}
