package ws

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
)

// Client is one connection, as its handlers and hooks see it. All methods are
// safe for concurrent use, also after the connection has ended, and none
// blocks on the peer. To keep a handle elsewhere, take its Sender or its ID.
// The zero Client is a closed connection of no Server. A Client must not be
// copied.
type Client struct {
	member   hub.Member
	identity *identity              // nil: nobody known, and nothing to remember. Set before the connection is registered
	some     atomic.Pointer[seldom] // nil: none of it is there
}

// owner is what a Client asks of the gateway that it is connected to. It is the
// conn of which the Client is a part, or the session around that.
type owner interface {
	hub.Keeper
	asClient() *Client
	registry() *Server
	limits() *Options    // the gateway's, resolved
	wildcards() []string // the names in the gateway's path
	gateway() string     // as in Spec.Gateway
	age() time.Duration  // since the connection was made
	// whence returns where the peer of a session was when that was resumed; the
	// zero AddrPort: it was not.
	whence() netip.AddrPort
	// lapse ends a session that has no socket, with the cause of that. It returns
	// false, and changes nothing, if there is a socket.
	lapse() bool
	// leave closes the connection when what it has accepted has ended, or has
	// taken as long as it may.
	leave(d departure)
	// answers reports whether the client answers questions: whether it speaks a
	// protocol in which ids that begin with "$" are the server's.
	answers() bool
	// claim returns what the client says that it has had of a history, once.
	claim(id string) history.Claim
	// ask sends a question to the client and returns the data of its answer.
	ask(ctx context.Context, event string, data any) ([]byte, error)
}

// departure is how a connection ends that has done nothing wrong.
type departure struct {
	cause  Closed
	within time.Duration // how long what it has accepted may take
	lead   time.Duration // how long a client that can be asked to leave may take to
	spread time.Duration // over which all that leave now come back
}

// seldom holds the fields that most Clients never need. It is allocated on
// first use, so that an idle connection stays at 320 bytes.
type seldom struct {
	ctx   lazy.Context // made when somebody first waits
	mu    sync.Mutex
	lines *[logKinds]allowance // guarded by mu; nil: no line was logged
}

// seldom returns c.some, made if need be.
func (c *Client) seldom() *seldom {
	if some := c.some.Load(); some != nil {
		return some
	}
	c.some.CompareAndSwap(nil, new(seldom))
	return c.some.Load()
}

// owner returns what c is a part of; nil for the zero Client.
func (c *Client) owner() owner {
	if o := c.member.Socket.Owner(); o != nil {
		return o.(owner)
	}
	return nil
}

// ownerOf returns what a member is a part of.
func ownerOf(m *hub.Member) owner { return m.Socket.Owner().(owner) }

// clientOf returns the Client that a member is a part of.
func clientOf(m *hub.Member) *Client { return ownerOf(m).asClient() }

// ID returns the connection's id; 0 for the zero Client.
func (c *Client) ID() ConnID { return ConnID(c.member.ID) }

// String returns the connection's id as 16 digits, as lines of the log have it.
func (c *Client) String() string { return c.ID().String() }

// Format writes what String returns, whatever the verb. Without it package fmt,
// and all that prints with it, would read and show what else the connection
// holds, frames of others among it.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Server returns the registry that the connection is in; nil for the zero Client.
func (c *Client) Server() *Server {
	if o := c.owner(); o != nil {
		return o.registry()
	}
	return nil
}

// Principal returns who is behind the connection, as the connection guards
// decided at the handshake or at the last $refresh. It is the zero Principal
// if they named nobody.
func (c *Client) Principal() Principal {
	if p := c.identity.who(); p != nil {
		return *p
	}
	return Principal{}
}

// RemoteAddr returns the peer's address as net/http saw it: behind a proxy,
// the proxy's, unless Options.ClientAddr knows better; then the port is 0. It
// is the zero AddrPort if it was not an IP address.
func (c *Client) RemoteAddr() netip.AddrPort {
	o := c.owner()
	if o != nil {
		if at := o.whence(); at.IsValid() {
			return at
		}
	}
	if c.identity != nil && c.identity.remote.IsValid() {
		return c.identity.remote
	}
	if o == nil {
		return netip.AddrPort{}
	}
	return addrOf(c.member.Socket.RemoteAddr())
}

// PathValue returns the value of a wildcard in the gateway's path; "" if the
// path has no wildcard of this name.
func (c *Client) PathValue(name string) string {
	if o := c.owner(); o != nil {
		return c.identity.pathValue(name, o.wildcards())
	}
	return ""
}

// Gateway returns the name of the gateway that the connection is to, as lines of
// the log have it: "chat.Gateway". It is "" for a Client that a test made without
// one.
func (c *Client) Gateway() string {
	if o := c.owner(); o != nil {
		return o.gateway()
	}
	return ""
}

// Age returns how long ago the connection was made, which goes on when it has
// ended; 0 for the zero Client.
func (c *Client) Age() time.Duration {
	if o := c.owner(); o != nil {
		return o.age()
	}
	return 0
}

// close begins to close the connection: its context is cancelled, nothing
// more is accepted, and a Close frame leaves after the frames that are
// queued. Only the first cause counts; close reports whether this was it.
func (c *Client) close(cause Closed) (first bool) { return c.member.Socket.Close(cause.socket()) }

// abort closes the connection at once, without the frames that are queued.
func (c *Client) abort(cause Closed) { c.member.Socket.Abort(cause.socket()) }

// cause returns why the connection closes. It must be closing.
func (c *Client) cause() Closed { return closedBy(c.member.Socket.Cause()) }
