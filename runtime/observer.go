package ws

import (
	"context"
	"net/http"
	"time"
)

// Observer is told what happens on a Server. A nil function is not called and
// costs nothing. The functions are waited for where the thing happens, which
// may be a read loop, and under no lock: they must be quick and safe for
// concurrent use. Starting and what it returns, Handled and Sent run on the
// goroutine that handles the message or pushes, the others on one of their
// own. A panic is logged, and nothing else comes of it; nor of a
// runtime.Goexit, but that one for a message closes its connection with 1011,
// and one of Sent ends the goroutine that pushed, after its push.
//
// Observers are joined with And. runtime/metrics/prom and runtime/metrics/otel
// have some that are ready.
type Observer struct {
	// Connecting is called for each request to a gateway, before anything is
	// decided about it, with the request's context. The guards and the connect
	// hook get the values of the one that it returns, which must be derived from
	// ctx; nil leaves that as it is. answered, unless it is nil, is called once when the
	// request has its answer: before the connection's first message is
	// handled, and before Closed is called. c is nil if the request became no
	// connection, and refusal is nil if it was admitted. A connection that its
	// connect hook refused has both.
	Connecting func(ctx context.Context, h Handshake) (of context.Context, answered func(c *Client, refusal *Error))
	// Opened is called when a connection is registered, before its connect hook.
	Opened func(c *Client)
	// Closed is called when a connection has left the registry.
	Closed func(c *Client, cause Closed)
	// Detached is called when a session has lost its socket, and waits for its
	// client to come back: cause is what Closed will be told if it does not, unless
	// something else ends the session first, as Shutdown, a Close and CloseSlow do.
	Detached func(c *Client, cause Closed)
	// Resumed is called when it has come back, with another socket, before that
	// client is told.
	Resumed func(c *Client)
	// Starting is called for each message that has a handler when it is its turn,
	// before its guards. They, the interceptors and the handler get the ctx that
	// it returns, which must be derived from the one that came in; nil leaves
	// that as it is. Meta reads the message's meta from it. ended, unless it is
	// nil, is called when Handled would be, with the same time and refusal, and
	// also if the handler panics or ends its goroutine.
	Starting func(ctx context.Context, c *Client, event string) (of context.Context, ended func(took time.Duration, refusal *Error))
	// Handled is called after each message that had a handler, a stream after its
	// end, with the time that all of it took, and the refusal if there was one.
	Handled func(c *Client, event string, took time.Duration, refusal *Error)
	// Sent is called once for each push, of Emit, Send or a typed push, to
	// however many.
	Sent func(s Sent)
	// Refused is called for every refusal: of a handshake, a frame, a message.
	Refused func(r Refusal)
	// Shed is called once for each push that found full outboxes, or replaced
	// what waited there.
	Shed func(s Shed)
	// Cluster is called when something changes between this Server and the other
	// nodes of its cluster (Options.Cluster).
	Cluster func(e ClusterEvent)
	// Trace returns the id of the trace that ctx belongs to, "" for none. Lines
	// of the log that are about a connection or a message have it as "trace".
	// Without it, the runtime reads traceparent of the request's header and of
	// the message's meta (W3C Trace Context, section 3.2).
	Trace func(ctx context.Context) string
}

// Handshake describes a request to a gateway, without its query and cookies and, but
// for what Header has, without its header: those may have credentials.
type Handshake struct {
	Gateway string // as in Spec.Gateway
	Pattern string // of the gateway's path, with its wildcards: "/rooms/{id}"
	Proto   string // as in http.Request: "HTTP/1.1"
	// Header has the request's fields that say which trace it belongs to, and no
	// others: those of W3C Trace Context and Baggage, of B3, Jaeger, AWS X-Ray and
	// Google Cloud Trace. It is nil if there are none.
	Header http.Header
}

// Sent says what one push did.
type Sent struct {
	Event string // "" outside of the events protocol (Sender.Send)
	// Declared says that Event is of an interface marked //ws:push, so that
	// there are not many of its kind. Others are whatever the program chose.
	Declared bool
	Outboxes int // that took it
	Bytes    int // of the frame, with its header, as it is before compression
	// Remote says that it has come from the cluster, and was pushed on here: another
	// node has pushed it, or it is a kept push, which its own node tells of twice.
	Remote bool
}

// Shed says what one push did to outboxes besides being queued there.
type Shed struct {
	Event    string
	Declared bool // as in Sent
	Sent     int  // outboxes that took the push
	Shed     int  // frames lost: the push itself, or older ones that made room for it
	Replaced int  // older frames with the push's key, whose place it took
	Closed   int  // connections that are being closed because their outbox was full
}

// Refusal describes a handshake, frame or message that was refused.
type Refusal struct {
	Gateway string  // as in Spec.Gateway
	Client  *Client // nil if there is no connection yet
	Event   string  // "" for a handshake or a bad frame
	// Declared says that the gateway has a handler for Event. Others are
	// whatever a client chose, and so no label for metrics.
	Declared bool
	// Status is the HTTP status that a refused handshake was answered with, else
	// 0; 101 if the answer was the upgrade, and then a Close
	// (Options.AcceptThenClose).
	Status int
	Err    *Error
}

// ClusterChange is what has changed between a Server and its cluster.
type ClusterChange uint8

// The changes.
const (
	ClusterUp         ClusterChange = iota + 1 // the link to the engine works
	ClusterDown                                // it does not: Err says why
	ClusterNodeJoined                          // Node is heard
	ClusterNodeGone                            // Node is not heard any more, or has Left
	ClusterShed                                // Count messages did not leave for other nodes
	ClusterLost                                // Count messages of other nodes did not arrive
	ClusterReset                               // the link is made anew, since nobody is heard
)

// String returns the change as a word for labels and logs: "up", "down",
// "node_joined", "node_gone", "shed", "lost" or "reset".
func (c ClusterChange) String() string {
	switch c {
	case ClusterUp:
		return "up"
	case ClusterDown:
		return "down"
	case ClusterNodeJoined:
		return "node_joined"
	case ClusterNodeGone:
		return "node_gone"
	case ClusterShed:
		return "shed"
	case ClusterLost:
		return "lost"
	case ClusterReset:
		return "reset"
	}
	return "unknown"
}

// ClusterEvent describes a change. What a change does not have is zero.
type ClusterEvent struct {
	Change ClusterChange
	Node   Node
	Left   bool // the node said that it leaves
	Count  int
	Err    error
}
