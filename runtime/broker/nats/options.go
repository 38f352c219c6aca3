package natsbroker

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Options are what New is told. The zero Options lead to a server on this machine.
type Options struct {
	// URL names one or more servers, with commas between: nats://host:4222. One
	// that is reached tells of the others in its cluster. Scheme tls asks for TLS.
	// Default: nats://127.0.0.1:4222.
	URL string

	// Prefix stands before all subjects. Applications that share servers differ by
	// it. It has up to 64 bytes, each of a-z, A-Z, 0-9, _ and -, and dots between
	// them. Default: ws.
	Prefix string

	// Connect are options of the client library: for credentials
	// (nats.UserCredentials, nats.UserInfo), for TLS (nats.RootCAs), for how long
	// to wait between attempts (nats.ReconnectWait, nats.ReconnectJitter), and so
	// on. Whatever else concerns reconnecting has no effect, because each
	// connection of a link is a new one to the library: no handler is told of a
	// reconnect, but handlers are told of each connection and its end. Handlers
	// return quickly. Default: none.
	Connect []nats.Option

	// History says how messages are kept, where any are. Default: as its fields say.
	History History

	// Logger gets a line, once a minute at most for each of these, when
	// permissions are missing, when it is another reason than before that keeps
	// a link from its server, and when the server does not read what is published.
	// Default: slog.Default().
	Logger *slog.Logger
}

// History says how kept messages are stored: those of each log in a stream of
// JetStream, in files. All nodes must have the same.
type History struct {
	// Replicas is how many servers have each message: 1 to 5, and an odd number. With
	// 3 one server may be lost, with 1 none. It is changed for streams that are there,
	// too. Default: 3 for streams that are made where servers form a cluster, else 1.
	Replicas int

	// MaxBytes is how much of the servers' disks a log may take, for each replica.
	// JetStream reserves it. When it is used up the oldest messages go. -1 is as much
	// as there is. Default: 1 GiB, for streams that are made.
	MaxBytes int64
}

// Errors of Open: mistakes in the History.
var (
	errReplicas = errors.New("natsbroker: Options.History.Replicas is not within 0 and 5: choose another, or leave it 0")
	errMaxBytes = errors.New("natsbroker: Options.History.MaxBytes is negative: choose another, -1 for no bound, or leave it 0 for 1 GiB")
)

func (h History) check() error {
	switch {
	case h.Replicas < 0 || h.Replicas > 5:
		return errReplicas
	case h.MaxBytes < -1:
		return errMaxBytes
	}
	return nil
}

// maxBytes returns what a stream may take.
func (h History) maxBytes() int64 {
	if h.MaxBytes == 0 {
		return 1 << 30
	}
	return h.MaxBytes
}

// What a link asks of the client library, unless Options.Connect says otherwise.
const (
	reconnectWait   = 100 * time.Millisecond
	reconnectJitter = time.Second
	pingInterval    = 5 * time.Second
	pingsOut        = 2 // unanswered, and the connection counts as broken
)

// New returns a Broker that leads to NATS. It connects when it is opened. A mistake
// in o is an error of Open; a server that is not there is none.
func New(o Options) broker.Broker { return &opener{o} }

// opener is the Broker.
type opener struct{ o Options }

var prefixForm = regexp.MustCompile(`^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$`)

// maxPrefix keeps the longest subject far below what a line of the protocol may have.
const maxPrefix = 64

// Open implements broker.Broker.
func (b *opener) Open(name string, r broker.Receiver) (broker.Link, error) {
	o, err := b.o.settings(name)
	if err != nil {
		return nil, err
	}
	prefix := b.o.Prefix
	if prefix == "" {
		prefix = "ws"
	}
	if len(prefix) > maxPrefix || !prefixForm.MatchString(prefix) {
		return nil, fmt.Errorf("natsbroker: Options.Prefix is %q: write up to %d of a-z A-Z 0-9 _ - and dots between them", prefix, maxPrefix)
	}
	log := b.o.Logger
	if log == nil {
		log = slog.Default()
	}
	if err := b.o.History.check(); err != nil {
		return nil, err
	}
	l := newLink(prefix, name, o, b.o.History, r, log.With("cluster", name))
	if err := <-l.begun; err != nil {
		l.in.Close(closedContext()) // nobody was called, so nothing is waited for
		return nil, err
	}
	return l, nil
}

// settings returns the options for the client library.
func (o Options) settings(name string) (nats.Options, error) {
	s := nats.GetDefaultOptions()
	servers := o.URL
	if strings.TrimSpace(servers) == "" {
		servers = nats.DefaultURL
	}
	for server := range strings.SplitSeq(servers, ",") {
		server = strings.TrimSpace(server)
		if server == "" {
			return s, fmt.Errorf("natsbroker: Options.URL is %q: there is nothing between two commas, or beside one", o.URL)
		}
		s.Servers = append(s.Servers, server)
	}
	s.Name = "wsgen " + name
	s.ReconnectWait, s.ReconnectJitter, s.ReconnectJitterTLS = reconnectWait, reconnectJitter, reconnectJitter
	s.PingInterval, s.MaxPingsOut = pingInterval, pingsOut
	for i, option := range o.Connect {
		if option == nil {
			continue
		}
		if err := option(&s); err != nil {
			return s, fmt.Errorf("natsbroker: Options.Connect[%d]: %w", i, err)
		}
	}
	// A link makes its connections itself: the library dials while it holds the
	// lock that every call takes, keeps what is published meanwhile, and sends it
	// too late.
	s.AllowReconnect, s.RetryOnFailedConnect, s.ReconnectToServerCB = false, false, nil
	s.NoEcho = true
	s.NoRandomize = true           // pool has them in the order in which they are tried
	s.SkipHostLookup = true        // the dialer does that
	s.SkipSubjectValidation = true // the names are made by the runtime
	return s, nil
}

// pool returns the servers to be tried: those of the configuration first, in any
// order, then those that were discovered, with the user and the password of the
// first.
func pool(configured, discovered []string) []string {
	all := slices.Clone(configured)
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	first, err := url.Parse(configured[0])
	for _, server := range discovered {
		if u, bad := url.Parse(server); bad == nil && err == nil && first.User != nil && u.User == nil {
			u.User = first.User
			server = u.String()
		}
		if !slices.Contains(all, server) {
			all = append(all, server)
		}
	}
	return all
}

// delay returns how long to wait before the n-th attempt in a row, from 1.
func delay(o nats.Options, n int) time.Duration {
	if o.CustomReconnectDelayCB != nil {
		return o.CustomReconnectDelayCB(n)
	}
	jitter := o.ReconnectJitter
	if o.Secure || o.TLSConfig != nil {
		jitter = o.ReconnectJitterTLS
	}
	wait := o.ReconnectWait
	if jitter > 0 {
		wait += rand.N(jitter)
	}
	return wait
}

// errReset is why a link is down after Reset.
var errReset = errors.New("natsbroker: the link was reset")
