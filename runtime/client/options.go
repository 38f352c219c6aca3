package wsclient

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Unlimited lifts the limit of an option that says so.
const Unlimited = -1

// Options are a client's habits. The zero Options suit most. They are read by Dial,
// and must not change afterwards.
type Options struct {
	// Token returns who the client is, before each attempt to connect and for Refresh.
	// The token goes with $connect, and into no address or header. It must return when
	// ctx ends, after 10 s or with Close. An error counts as a lost connection. A token
	// that is refused is asked for once more. Default: no token.
	Token func(ctx context.Context) (string, error)
	// Header goes with each handshake. Those of the WebSocket itself cannot be set.
	// Default: none.
	Header http.Header
	// TLS is for wss and https. Default: the zero Config.
	TLS *tls.Config
	// Dial makes the connection under TLS and WebSocket. It must return when ctx ends,
	// after 10 s or with Close. Default: that of a net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Timeout is how long a call may take whose context has no deadline, waiting for
	// a connection included. Default 10 s; Unlimited for none.
	Timeout time.Duration
	// Queue is how many messages may wait for a connection; one more fails with
	// CodeOverflow. Default 256.
	Queue int
	// Retry says how long the client waits between two attempts to connect. Once it was
	// open it tries on after a handshake that is refused by HTTP as well, but for 401 and
	// 403; before, see HandshakeError.
	Retry Retry
	// MaxBytes is the longest message that may come, in bytes; a longer one ends the
	// connection. Default 16 MiB.
	MaxBytes int

	// PushBuffer is how many pushes may wait for their callbacks; beyond it the
	// oldest are shed, and OnShed is told, and OnLost as well of those that the server
	// keeps. Refusals for OnError count as pushes. Default 1024.
	PushBuffer int

	// OnOpen is called whenever the client is connected: it says whether the session
	// went on, and if not, what pushes had told has to be loaded anew. Those that the
	// server keeps come again, or OnLost is told.
	OnOpen func(Opened)
	// OnState is called whenever the state changes, with the cause of Waiting and
	// Closed; that is nil for the others.
	OnState func(State, *ws.Closed)
	// OnError is called with refusals that belong to no call, as of Send.
	OnError func(*ws.Error)
	// OnShed is called with how many pushes were shed: by the server, whose outbox
	// for this client was full, or here, for want of PushBuffer.
	OnShed func(pushes int)
	// OnRecovered is called when a history goes on where this client was when its last
	// session ended (docs/reference/protocol.md, "Kept pushes"): what it has missed comes
	// next, once and in order, and nothing has to be loaded.
	OnRecovered func(History)
	// OnLost is called when pushes of a history are missing that are not kept any more:
	// what they have told has to be loaded anew. It is called in a session if this client
	// was too slow for too long, or has shed them for want of PushBuffer, and in a new one
	// if it was away for too long. Losses that it has not heard of are told together.
	OnLost func(History)
	// Logger is told of panics of callbacks, of data that does not decode, and of
	// answers that failed. Default: slog.Default().
	Logger *slog.Logger
}

// Retry is how long a client waits before it connects again: a random time, up to a
// bound that begins at Min, doubles with each connection that is lost or not made, and
// stops at Max. It begins anew when a session was open for more than 5 s. A server that
// goes away says how long instead; one that does so whenever it is come to is come to
// less and less often all the same. After a Close 4429 it is a minute longer, and after
// a handshake that was refused for a time, that time.
type Retry struct {
	Min time.Duration // default 500 ms
	Max time.Duration // default 20 s
}

// Opened is what OnOpen is told.
type Opened struct {
	// Resumed says that the session goes on: nothing is missing, and nothing comes
	// twice.
	Resumed bool
	// Why says why another session has begun, if one was to go on: "unknown", "gap",
	// "busy" or "disabled" (docs/reference/protocol.md, "Resuming"). A later server may
	// have others. Default: "", if there was none, or it goes on.
	Why string
	// Skew says that the server was made of another contract than this client.
	Skew bool
}

// withDefaults returns o with the defaults in the place of what is zero.
func (o Options) withDefaults() Options {
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	defaultTo(&o.Queue, 256)
	defaultTo(&o.MaxBytes, 16<<20)
	defaultTo(&o.PushBuffer, 1024)
	defaultTo(&o.Retry.Min, 500*time.Millisecond)
	defaultTo(&o.Retry.Max, 20*time.Second)
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Logger = slog.New(steady.Log(o.Logger.Handler()))
	return o
}

// defaultTo sets what is not positive.
func defaultTo[T int | time.Duration](to *T, value T) {
	if *to <= 0 {
		*to = value
	}
}
