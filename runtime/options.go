package ws

import (
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Unlimited lifts a limit of [Options], for numbers and durations alike.
// Problems complains of other numbers below zero.
const Unlimited = -1

// Options are a Server's limits and habits. The zero value is safe for a
// public server: zero means the default that stands beside a field, and
// Unlimited lifts a limit. NewServer and the constructors of gateways log
// values that never do what they say, and Problems returns them.
//
// A gateway may have its own: its method marked //ws:configure gets a copy of
// what NewServer was given. The fields that say "Per Server." are not a
// gateway's to set; a change to one is logged and has no effect.
type Options struct {
	// Logger gets refusals and failures, at the level info one line for
	// each connection when it has closed, and at the level debug one for
	// each message that was handled. Lines have the connection's id
	// ("conn"), the id of its trace or the message's ("trace", see
	// Observer.Trace) and the digits that all ids of the Server begin with
	// ("node"). Whether debug is wanted is asked for each new connection
	// and after every 256 messages.
	// The lines that peers can cause are bounded, for each level from info: of a
	// connection 5 lines and then one each 10 s, of errors 20 and then
	// one a second; of the Server 100 lines and then 10 a second, of
	// errors 50 and then 5. The next line says how many were left out
	// ("omitted"), or one of its own does within 10 s. An attribute has
	// at most 2 KiB, a stack 8 KiB. No line has a header, a query, a
	// subprotocol or a token, but for the Origin and Host of a page that
	// was refused, and the id of a trace. To count, use the Observer. Default: slog.Default().
	// Per Server.
	Logger *slog.Logger

	// Observer is told what happens, for metrics and traces. Default: nobody.
	// Per Server.
	Observer Observer

	// Cluster makes the Server a node among others, so that a push reaches the
	// connections of all of them. Default: alone. Per Server.
	Cluster Cluster

	// Origins are the origins, besides the server's own, whose pages may
	// connect, as browsers write them: "https://app.example.com", with scheme,
	// and with the port if it is another than the scheme's, and without a slash
	// or a path. There are no patterns. Default: same origin only (RFC 6455,
	// section 10.2): the origin's host and port are those of the Host header,
	// and over TLS its scheme is https; without TLS either scheme will do, since
	// a proxy may have taken it off. A request without an Origin header is not
	// from a browser and passes.
	Origins []string

	// InsecureSkipOriginCheck lets pages of any origin connect. With cookies
	// as credentials that is cross-site WebSocket hijacking. Default: false.
	InsecureSkipOriginCheck bool

	// AcceptThenClose answers the refusal of a connection guard by the
	// upgrade and then a Close, with the code and reason that a connect
	// hook's error has (4401, 4403, 4429, 1013 …). A page can read those;
	// of an HTTP status it is told nothing but 1006. Its onopen comes
	// first: it must not take that for success. Such a connection is
	// never registered, has no hooks, and nothing that it sends is read.
	// It counts towards MaxConnections until its socket is closed, a
	// second after the Close frame at the latest. A request that is no
	// handshake, is from another origin, or is one connection too many is
	// refused by HTTP as before. Default: false, since it costs more than
	// a refusal.
	AcceptThenClose bool

	// MaxConnections is how many connections a Server holds, those included
	// that are being opened or closed; one more is answered 503. Default:
	// no limit, since only the operator knows how many descriptors there are.
	// Per Server.
	MaxConnections int

	// MaxConnectionsPerAddr is how many of them may come from one address; one
	// more is answered 429. An address is an IPv4 address or an IPv6 network of
	// 64 bits, which is what one subscriber has. Default: no limit, since many
	// people may share an address, and behind a proxy all do (see ClientAddr).
	// Per Server.
	MaxConnectionsPerAddr int

	// ClientAddr says whom a request is from, for MaxConnectionsPerAddr and
	// Client.RemoteAddr. Default: the address that the socket is connected to,
	// http.Request.RemoteAddr. Behind a proxy that you run, take it from the
	// header that this proxy sets: the last entry of X-Forwarded-For, in its last
	// line, since some proxies add a line, and Header.Get returns the first. All
	// that stands before is the client's text. Where clients can reach the server past
	// the proxy, each can claim any address, and no limit per address holds.
	// An invalid Addr means the default. Per Server.
	ClientAddr func(r *http.Request) netip.Addr

	// MaxMessageBytes is the longest message accepted, all its fragments
	// together; a longer one closes the connection with 1009. Default 64 KiB,
	// since a message is in memory as a whole; Unlimited is 2 GiB less one byte.
	MaxMessageBytes int

	// MaxEventBytes is the longest name of an event that is not known, in
	// bytes: a longer one is no frame, and neither echoed nor logged. Default
	// 128, more than any name somebody types.
	MaxEventBytes int

	// MaxRooms is how many rooms one connection may be in; Join fails with
	// ErrTooManyRooms beyond. Default 1024: more is a loop that forgets to
	// leave, or a client that chooses what it joins. With names as long as
	// MaxRoomBytes allows they are about 414 KiB.
	MaxRooms int

	// MaxRoomBytes is the longest name of a room, in bytes; Join fails with
	// ErrRoomName beyond. Default 256, so that a client that chooses the name
	// cannot fill the memory with it.
	MaxRoomBytes int

	// OutboxFrames and OutboxBytes bound the frames of one connection
	// that wait to be written or are being written. A push beyond that
	// first writes as much as the socket takes. If that makes no room,
	// Overflow says what happens. A reply waits for room. An empty outbox
	// takes a frame of any size. Default 256 frames and 1 MiB: a client
	// that is behind further than that does not catch up.
	OutboxFrames int
	OutboxBytes  int

	// OutboxTotalBytes bounds the memory of the frames in all outboxes of
	// the Server together: beyond it an outbox that is not empty is full.
	// A frame that many share, a push to a room, counts once, until the
	// last of them has written or dropped it. A frame of a single outbox
	// counts there, in steps of 2 KiB. The first frame of an outbox,
	// which found it empty, does not count. Outboxes of peers that are
	// being waited for have the first half only, so that they cannot take
	// it from those that read. Default 256 MiB: half of it is as much as
	// 128 peers that read nothing, and are sent each their own, may hold.
	// Per Server.
	OutboxTotalBytes int

	// Overflow says what becomes of a push to a full outbox, unless the
	// push says it (Target.Overflow). Default ShedNewest.
	Overflow Overflow

	// InboxMessages and InboxBytes bound the messages of one connection
	// that wait for a handler beside the read loop. When the inbox is
	// full, reading pauses. Default 64 messages and 256 KiB: beyond, TCP
	// tells the client to wait.
	InboxMessages int
	InboxBytes    int

	// MaxStreams is how many streams one connection may have at a time; one more
	// is answered with CodeRateLimited. Default 16, since each has a goroutine. One
	// that has its last frame counts no more, unless more than so many of those
	// still run: an iteration that was cancelled may take a while to end.
	MaxStreams int

	// MaxAsks is how many questions one connection may have to answer at a time
	// (Ask); one more fails with CodeRateLimited. Default 16: a person answers
	// one, and for each somebody waits.
	MaxAsks int

	// Interceptors wrap the way of every message to its handler, the first
	// outermost. Default: none, which costs nothing.
	Interceptors []Interceptor

	// Validator looks at payloads that are structs and have no Validate method
	// of their own. Default: none.
	Validator Validator

	// ConnRate is how many messages one connection may send, unknown
	// events and bad frames included; pings and $cancel are not counted.
	// One more is answered with CodeRateLimited and the time after which
	// there is room again. Default: no limit, since only the application
	// knows what its messages cost.
	ConnRate Rate

	// EventRates are such rates of single events of one connection, by
	// name; ConnRate counts the same messages. A zero Rate is none.
	// NewRouter logs a rate whose event no gateway handles, and a
	// gateway's constructor logs one that the gateway configures and does
	// not handle. Default: none but "$refresh", which asks the connection
	// guards: 5 at once, and one in 5 s. A zero Rate lifts that, too.
	EventRates map[string]Rate

	// PrincipalRate is such a rate of all connections together that have the
	// same Principal.ID. It outlasts them: connecting again gains nothing.
	// Default: none. Per Server.
	PrincipalRate Rate

	// MaxRateStrikes is how many messages beyond a rate are answered before
	// the connection is closed with 4429; each message within takes one back. A
	// "$refresh" that the connection guards refuse counts as one beyond. Default
	// 100: a client that honours retryAfterMs never comes near.
	MaxRateStrikes int

	// CompressAbove is the size, in bytes, from which a message to a client that
	// offers permessage-deflate (RFC 7692) is compressed, if it becomes shorter.
	// A push is compressed once for all receivers. Whether a client compresses
	// what it sends is its choice; inflated messages are bounded by
	// MaxMessageBytes as well. Default 0: the extension is declined, since it
	// costs more processor time than most messages are worth. Per Server.
	CompressAbove int

	// HandshakeTimeout bounds the connection guards, by the context of
	// Upgrade.Request, then the connect hook, by its context, and then the writing
	// of the handshake's answer. Default 5 s: a client that waits longer has given
	// up. The request itself is read by net/http, or package front, under
	// http.Server.ReadHeaderTimeout: set that, too.
	HandshakeTimeout time.Duration

	// ConnectTimeout is how long a client that speaks wsgen.v1.json may
	// take from the answer of the handshake to its first message, $connect; then
	// it is closed with 4408. Until then it costs a descriptor and a goroutine,
	// and counts towards MaxConnections. Default 10 s: as long as such a client
	// waits for the answer. Unlimited waits for ever.
	ConnectTimeout time.Duration

	// WriteTimeout is how long a peer may take nothing at all of what is
	// being written to it before it is closed with 1008, at most a
	// quarter later. A peer that takes something stays, however slow it
	// is, and counts as alive. Under Linux the kernel says what a peer's
	// kernel has taken, over TLS too; elsewhere, and over HTTP/2, 16 KiB
	// that were written count. When the Close frame has been written,
	// WriteTimeout is how long the socket of a peer that takes nothing is
	// kept; 10 s if Unlimited. Default 10 s: a peer that is alive takes
	// something. Its kernel may say so late: Linux's does when a
	// sixteenth of its receive buffer is free, so that a client with a
	// buffer of many MB that reads 20 KiB a second needs more.
	WriteTimeout time.Duration

	// PingInterval is how often a connection is pinged. Keep it below
	// IdleTimeout: otherwise a peer that only listens is asked once, when
	// IdleTimeout is over. Default 25 s, below the 30 s and 60 s after which
	// common proxies cut a silent connection.
	PingInterval time.Duration

	// IdleTimeout is how long a peer may be silent, pongs included,
	// before it counts as dead. With pings on, it is given up only after
	// it was asked and had a sixth of IdleTimeout to answer, a minute at
	// most. A peer whose bytes were not read yet, or that takes what is
	// sent to it, is not dead. Default 60 s, two pings. With pings off
	// (PingInterval is Unlimited) it is off, too, unless it is set: then
	// clients have to send something themselves.
	IdleTimeout time.Duration

	// Lifetime is how long a connection may last before it drains, is
	// closed with 1001 and has to connect, and pass the guards, again. It
	// is up to a tenth less, for each connection another time, so that
	// connections which came together do not come back together. Default
	// 4 h, so that no decision about who may connect is kept for ever.
	// Principal.Expires is the limit for one connection.
	Lifetime time.Duration

	// DrainTimeout is how long a connection that reached its Lifetime, or
	// that Shutdown ends, may take for what it has accepted. It refuses
	// new messages with CodeUnavailable and closes when running and
	// waiting calls and streams have ended. Those that have not ended in
	// time are cancelled, and answered with CodeUnavailable if they have
	// an id. Shutdown takes no more than its context leaves. A client that
	// speaks wsgen.v1.json is asked to leave instead, by $goaway, and closed
	// when the time is up; until then nothing is refused. Default 5 s,
	// for calls that somebody waits for; Unlimited lets a stream that
	// does not end keep the connection, and Shutdown, for ever. At its
	// Lifetime a session that goes on with another socket has 5 s then.
	DrainTimeout time.Duration

	// AskTimeout is how long a question waits for its answer if its context has
	// no deadline (Ask). Default 30 s, for a person who has to read it; who
	// wants to give them longer says so by a context.
	AskTimeout time.Duration

	// NoResume has sessions, the connections of clients that speak
	// wsgen.v1.json, end with their sockets. Nothing is kept for another. Default:
	// false.
	NoResume bool

	// ResumeWindow is how long a session whose socket is gone waits for its
	// client: it stays in its rooms, and what is pushed waits. Then it ends, as
	// any connection does. Default 60 s, as long as a silent peer is waited for;
	// Unlimited waits as long as there is room (MaxDetached).
	ResumeWindow time.Duration

	// ResumeFrames and ResumeBytes bound what a session keeps of what it has
	// sent and its client has not acknowledged. Beyond, the oldest is forgotten:
	// a client that has not had that cannot go on, and begins anew. A frame that
	// went to many weighs its share of the bytes in each, also when the others
	// have acknowledged it: one session may hold ResumeFrames frames, of whatever
	// size, until newer ones take their places. Default 256 frames and 64 KiB.
	ResumeFrames int
	ResumeBytes  int

	// ResumeTotalBytes bounds what all sessions keep together, as ResumeBytes
	// does for one. Default 64 MiB. Per Server.
	ResumeTotalBytes int

	// MaxDetached is how many sessions may wait for their clients without a
	// socket. They do not count towards MaxConnections; one more ends the one
	// that has waited longest. Default 10000. Per Server.
	MaxDetached int

	// DisconnectTimeout is the deadline of a disconnect hook's context, from when
	// it is called: hooks of a gateway run one after the other while they are
	// quick, and none waits for others longer than half a second. Default 5 s, so
	// that one hook cannot hold a shutdown.
	DisconnectTimeout time.Duration

	// ShutdownDelay is how long Shutdown only says that the Server is not ready
	// (Readyz), before it refuses handshakes and closes anything; half of what
	// its context leaves at most. Default 0; where a load balancer asks, some
	// seconds more than its interval. Per Server.
	ShutdownDelay time.Duration

	// ShutdownSpread is the longest time over which Shutdown spreads the
	// closing, so that clients do not all come back at once; few connections
	// take less. Default 3 s; Unlimited closes all at once. Per Server.
	ShutdownSpread time.Duration
}

// The defaults. Those that a client notices are in docs/reference/protocol.md,
// "Limits".
const (
	defaultMessageBytes      = 64 << 10
	defaultEventBytes        = 128
	defaultRooms             = 1024
	defaultRoomBytes         = 256
	defaultOutboxFrames      = 256
	defaultOutboxBytes       = 1 << 20
	defaultOutboxTotalBytes  = 256 << 20
	defaultInboxMessages     = 64
	defaultInboxBytes        = 256 << 10
	defaultStreams           = 16
	defaultAsks              = 16
	defaultRateStrikes       = 100
	defaultResumeFrames      = 256
	defaultResumeBytes       = 64 << 10
	defaultResumeTotalBytes  = 64 << 20
	defaultDetached          = 10_000
	defaultResumeWindow      = time.Minute
	defaultHandshakeTimeout  = 5 * time.Second
	defaultConnectTimeout    = 10 * time.Second
	defaultWriteTimeout      = 10 * time.Second
	defaultPingInterval      = 25 * time.Second
	defaultIdleTimeout       = 60 * time.Second
	defaultLifetime          = 4 * time.Hour
	defaultDrainTimeout      = 5 * time.Second
	defaultAskTimeout        = 30 * time.Second
	defaultDisconnectTimeout = 5 * time.Second
	defaultShutdownSpread    = 3 * time.Second
)

// unlimited stands for "any number" in a resolved number.
const unlimited = math.MaxInt

// noLimit stands for "never" in a resolved duration: it is beyond any process.
const noLimit = socket.Never

// resolved returns o with every zero replaced by its default, and every
// Unlimited by a number that nothing reaches.
func (o Options) resolved() Options {
	number(&o.MaxConnections, unlimited)
	number(&o.MaxConnectionsPerAddr, unlimited)
	number(&o.MaxMessageBytes, defaultMessageBytes)
	o.MaxMessageBytes = min(o.MaxMessageBytes, math.MaxInt32)
	number(&o.MaxEventBytes, defaultEventBytes)
	number(&o.MaxRooms, defaultRooms)
	number(&o.MaxRoomBytes, defaultRoomBytes)
	number(&o.OutboxFrames, defaultOutboxFrames)
	number(&o.OutboxBytes, defaultOutboxBytes)
	number(&o.OutboxTotalBytes, defaultOutboxTotalBytes)
	if o.Overflow == 0 {
		o.Overflow = ShedNewest
	}
	number(&o.InboxMessages, defaultInboxMessages)
	number(&o.InboxBytes, defaultInboxBytes)
	number(&o.MaxStreams, defaultStreams)
	number(&o.MaxAsks, defaultAsks)
	number(&o.MaxRateStrikes, defaultRateStrikes)
	number(&o.ResumeFrames, defaultResumeFrames)
	number(&o.ResumeBytes, defaultResumeBytes)
	number(&o.ResumeTotalBytes, defaultResumeTotalBytes)
	number(&o.MaxDetached, defaultDetached)
	duration(&o.ResumeWindow, defaultResumeWindow)
	duration(&o.HandshakeTimeout, defaultHandshakeTimeout)
	duration(&o.ConnectTimeout, defaultConnectTimeout)
	duration(&o.WriteTimeout, defaultWriteTimeout)
	if o.pingsOffAlone() {
		o.IdleTimeout = Unlimited
	}
	duration(&o.PingInterval, defaultPingInterval)
	duration(&o.IdleTimeout, defaultIdleTimeout)
	duration(&o.Lifetime, defaultLifetime)
	duration(&o.DrainTimeout, defaultDrainTimeout)
	duration(&o.AskTimeout, defaultAskTimeout)
	duration(&o.DisconnectTimeout, defaultDisconnectTimeout)
	if o.ShutdownSpread == 0 {
		o.ShutdownSpread = defaultShutdownSpread
	}
	o.ShutdownSpread = max(o.ShutdownSpread, 0)
	o.ShutdownDelay = max(o.ShutdownDelay, 0)
	o.Cluster = o.Cluster.resolved()
	return o
}

// socket returns the limits of a gateway's sockets. The options must be
// resolved.
func (o *Options) socket() socket.Limits {
	lifetime := o.Lifetime
	if !o.NoResume {
		lifetime = min(lifetime, o.ResumeWindow)
	}
	return socket.Limits{
		Frames: o.OutboxFrames, Bytes: o.OutboxBytes, Message: o.MaxMessageBytes,
		Write: o.WriteTimeout, Ping: o.PingInterval, Idle: o.IdleTimeout, Lifetime: lifetime,
		Deflate: o.CompressAbove > 0,
	}
}

// pingsOffAlone reports whether pings are off and IdleTimeout is left to its
// default.
func (o *Options) pingsOffAlone() bool { return o.PingInterval < 0 && o.IdleTimeout == 0 }

// number resolves a number: zero is def, and one below zero is unlimited.
func number(n *int, def int) {
	switch {
	case *n == 0:
		*n = def
	case *n < 0:
		*n = unlimited
	}
}

// duration resolves a duration: zero is def, and one below zero is noLimit.
func duration(d *time.Duration, def time.Duration) {
	switch {
	case *d == 0:
		*d = def
	case *d < 0:
		*d = noLimit
	}
}
