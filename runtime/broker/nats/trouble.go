package natsbroker

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// trouble writes to the log what a Receiver cannot be told, once a minute at most
// for each kind.
type trouble struct {
	log *slog.Logger

	mu   sync.Mutex
	last map[string]time.Time // guarded by mu; by kind
	why  string               // guarded by mu; the cause of the last Down, "" if the link is up
}

// every is how often a kind of line is written.
const every = time.Minute

func newTrouble(log *slog.Logger) *trouble {
	return &trouble{log: log, last: make(map[string]time.Time)}
}

// may reports whether a line of a kind may be written now.
func (t *trouble) may(kind string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, is := t.last[kind]; is && now.Sub(last) < every {
		return false
	}
	t.last[kind] = now
	return true
}

// stalled says that the server does not read.
func (t *trouble) stalled(server string) {
	if t.may("stalled", time.Now()) {
		t.log.Warn("natsbroker: the server takes long to read what is published: it waits for a slow subscriber, or is overloaded; set no_fast_producer_stall: true in its configuration", "server", server)
	}
}

// lost says that a stream has lost messages.
func (t *trouble) lost(stream string) {
	if t.may("lost", time.Now()) {
		t.log.Error("natsbroker: JetStream has lost the newest messages of a stream, which begins another epoch: its server lost power, or was brought back from a copy; give it sync_interval: always, or the stream 3 replicas", "stream", stream)
	}
}

// denied says that permissions are missing.
func (t *trouble) denied(err error) {
	if t.may("denied", time.Now()) {
		t.log.Error("natsbroker: the server refuses a subject", "error", withCure(err))
	}
}

// down says why there is no connection, if that is another reason than the one that
// the Receiver knows.
func (t *trouble) down(err error) {
	t.mu.Lock()
	before := t.why
	t.why = err.Error()
	t.mu.Unlock()
	if before != "" && before != err.Error() && t.may("down", time.Now()) {
		t.log.Warn("natsbroker: still no connection", "error", err)
	}
}

// up says that there is one.
func (t *trouble) up() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.why = ""
}

// isPermission reports whether the server has refused a subject.
func isPermission(err error) bool { return errors.Is(err, nats.ErrPermissionViolation) }

// isRefusal reports whether the server has refused the connection, or a subject, for
// what this side is.
func isRefusal(err error) bool { return isPermission(err) || isAuth(err) }

func isAuth(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) ||
		errors.Is(err, nats.ErrAuthRevoked) || errors.Is(err, nats.ErrAccountAuthExpired)
}

// withCure adds to an error what to do about it, where that is known.
func withCure(err error) error {
	switch {
	case err == errReset || err == errEnded:
		return err
	case isPermission(err):
		return fmt.Errorf("natsbroker: %w: allow this user to publish and to subscribe to <prefix>.>, which is ws.> by default, and to publish to $JS.API.> if messages are kept", err)
	case isAuth(err):
		return fmt.Errorf("natsbroker: %w: give credentials that the server knows in Options.Connect, such as nats.UserCredentials or nats.UserInfo, or in Options.URL", err)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return fmt.Errorf("natsbroker: %w: write tls:// in Options.URL, or nats.RootCAs in Options.Connect", err)
	case errors.Is(err, nats.ErrMaxConnectionsExceeded) || errors.Is(err, nats.ErrMaxAccountConnectionsExceeded):
		return fmt.Errorf("natsbroker: %w: each node needs one connection", err)
	}
	return fmt.Errorf("natsbroker: %w", err)
}
