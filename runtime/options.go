package ws

import (
	"log/slog"
	"math"
	"time"
)

// Unlimited lifts a limit of [Options], for numbers and durations alike.
const Unlimited = -1

// Options are a Server's limits and habits. The zero value is safe for a
// public server: zero means the default that stands beside a field, Unlimited
// lifts a limit.
type Options struct {
	// Logger gets every refusal and failure. Default: slog.Default().
	Logger *slog.Logger

	// Observer is told what happens, for metrics. Default: nobody.
	Observer Observer

	// Origins are the origins, besides the server's own, whose pages may
	// connect: "https://app.example.com", scheme and port included. Default:
	// same origin only (RFC 6455, section 10.2). A request without an Origin
	// header is not from a browser and passes.
	Origins []string

	// InsecureSkipOriginCheck lets pages of any origin connect. With cookies
	// as credentials that is cross-site WebSocket hijacking.
	InsecureSkipOriginCheck bool

	// MaxMessageBytes is the longest message accepted, all its fragments
	// together; a longer one closes the connection with 1009. Default 64 KiB;
	// Unlimited is 2 GiB less one byte.
	MaxMessageBytes int

	// OutboxFrames and OutboxBytes bound what waits to be written to one
	// connection, and what is being written. What happens to a push beyond is
	// said by Overflow; a reply waits. An empty outbox takes a frame of any
	// size. Default 256 frames and 1 MiB.
	OutboxFrames int
	OutboxBytes  int

	// OutboxTotalBytes bounds what waits in all outboxes of the Server together:
	// beyond it an outbox that is not empty is full. A frame counts in each
	// outbox that has it, though they share its memory, in steps of 2 KiB, and
	// not at all while it is alone there. It is the Server's, not a gateway's.
	// Default 256 MiB: as much as 256 peers that read nothing may hold.
	OutboxTotalBytes int

	// Overflow is what becomes of a push to a full outbox, unless the push says
	// it (Target.Overflow). Default ShedNewest.
	Overflow Overflow

	// InboxMessages and InboxBytes bound what waits for a handler of one
	// connection that runs beside the read loop; when full, reading pauses.
	// Default 64 messages and 256 KiB.
	InboxMessages int
	InboxBytes    int

	// CompressAbove is the size, in bytes, from which a message to a client that
	// offers permessage-deflate (RFC 7692) is compressed, if it becomes shorter.
	// A push is compressed once for all receivers. Whether a client compresses
	// what it sends is its choice; inflated messages are bounded by
	// MaxMessageBytes as well. Default 0: the extension is declined.
	CompressAbove int

	// HandshakeTimeout bounds the writing of the handshake's answer. Default 5 s.
	HandshakeTimeout time.Duration

	// WriteTimeout is how long a peer may take nothing at all of what is being
	// written to it before it is closed with 1008. Default 10 s.
	WriteTimeout time.Duration

	// PingInterval is how often a connection is pinged. Default 25 s.
	PingInterval time.Duration

	// IdleTimeout is how long a peer may be silent, pongs included, before it
	// counts as dead. Default 60 s.
	IdleTimeout time.Duration

	// Lifetime is how long a connection may last before it is closed with 1001
	// and has to connect, and pass the guards, again. Default 4 h.
	Lifetime time.Duration

	// DisconnectTimeout is the deadline of a disconnect hook's context.
	// Default 5 s.
	DisconnectTimeout time.Duration

	// ShutdownSpread is the longest time over which Shutdown spreads the
	// closing, so that clients do not all come back at once; few connections
	// take less. Default 3 s; Unlimited closes all at once.
	ShutdownSpread time.Duration
}

// The defaults, as protocol.md states them under "Limits".
const (
	defaultMessageBytes      = 64 << 10
	defaultOutboxFrames      = 256
	defaultOutboxBytes       = 1 << 20
	defaultOutboxTotalBytes  = 256 << 20
	defaultInboxMessages     = 64
	defaultInboxBytes        = 256 << 10
	defaultHandshakeTimeout  = 5 * time.Second
	defaultWriteTimeout      = 10 * time.Second
	defaultPingInterval      = 25 * time.Second
	defaultIdleTimeout       = 60 * time.Second
	defaultLifetime          = 4 * time.Hour
	defaultDisconnectTimeout = 5 * time.Second
	defaultShutdownSpread    = 3 * time.Second
)

// noLimit stands for "never" in a resolved duration: it is beyond any process.
const noLimit = time.Duration(math.MaxInt64)

// resolved returns o with every zero replaced by its default, and every
// Unlimited by a number that nothing reaches.
func (o Options) resolved() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	number(&o.MaxMessageBytes, defaultMessageBytes)
	o.MaxMessageBytes = min(o.MaxMessageBytes, math.MaxInt32)
	number(&o.OutboxFrames, defaultOutboxFrames)
	number(&o.OutboxBytes, defaultOutboxBytes)
	number(&o.OutboxTotalBytes, defaultOutboxTotalBytes)
	if o.Overflow == 0 {
		o.Overflow = ShedNewest
	}
	number(&o.InboxMessages, defaultInboxMessages)
	number(&o.InboxBytes, defaultInboxBytes)
	duration(&o.HandshakeTimeout, defaultHandshakeTimeout)
	duration(&o.WriteTimeout, defaultWriteTimeout)
	duration(&o.PingInterval, defaultPingInterval)
	duration(&o.IdleTimeout, defaultIdleTimeout)
	duration(&o.Lifetime, defaultLifetime)
	duration(&o.DisconnectTimeout, defaultDisconnectTimeout)
	if o.ShutdownSpread == 0 {
		o.ShutdownSpread = defaultShutdownSpread
	}
	o.ShutdownSpread = max(o.ShutdownSpread, 0)
	return o
}

func number(n *int, def int) {
	switch {
	case *n == 0:
		*n = def
	case *n < 0:
		*n = math.MaxInt
	}
}

func duration(d *time.Duration, def time.Duration) {
	switch {
	case *d == 0:
		*d = def
	case *d < 0:
		*d = noLimit
	}
}

// deadline returns the time d from now; the zero time, which is none, if d is
// not limited.
func deadline(d time.Duration) time.Time {
	if d == noLimit {
		return time.Time{}
	}
	return time.Now().Add(d)
}
