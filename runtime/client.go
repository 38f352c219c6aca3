package ws

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/inbox"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
)

// Client is one connection, as its handlers and hooks see it. All methods are
// safe for concurrent use, also after the connection has ended, and none
// blocks on the peer. To keep a handle elsewhere, take its Sender or its ID.
// The zero Client is a closed connection of no Server. A Client must not be
// copied.
type Client struct {
	member hub.Member

	// Set before the connection is registered.
	endpoint *Endpoint     // nil: the zero Client
	identity *identity     // nil: nobody known, and nothing to remember
	born     time.Duration // by Server.clock

	inbox atomic.Pointer[inbox.Queue[*task]] // made by the read goroutine; nil: nothing ever waited
	some  atomic.Pointer[seldom]             // nil: none of it is there
}

// ID returns the connection's id; 0 for the zero Client.
func (c *Client) ID() ConnID {
	if c.endpoint == nil {
		return 0
	}
	return c.conn().id()
}

// Server returns the registry that the connection is in; nil for the zero Client.
func (c *Client) Server() *Server {
	if c.endpoint == nil {
		return nil
	}
	return c.endpoint.server
}

// conn returns c as the runtime sees it; nil for the zero Client.
func (c *Client) conn() *conn {
	if c.endpoint == nil {
		return nil
	}
	return (*conn)(c)
}

// Sender returns a handle to this connection that may be stored.
func (c *Client) Sender() Sender { return Sender{c.conn()} }

// Context returns a context that is cancelled when the connection begins to
// close, whoever closes it. ClientFrom finds the Client in it.
func (c *Client) Context() context.Context {
	if c.endpoint == nil {
		return lazy.Canceled()
	}
	return connContext{c.conn()}
}

// Principal returns who connected, as the connection guards found out, at the
// handshake or when the client refreshed its token last.
func (c *Client) Principal() Principal {
	if c.endpoint == nil {
		return Principal{}
	}
	if p := c.conn().principal(); p != nil {
		return *p
	}
	return Principal{}
}

// RemoteAddr returns the peer's address as net/http saw it: behind a proxy,
// the proxy's, unless Options.ClientAddr knows better; then the port is 0. It
// is the zero AddrPort if it was not an IP address.
func (c *Client) RemoteAddr() netip.AddrPort {
	if c.endpoint == nil {
		return netip.AddrPort{}
	}
	return c.conn().remote()
}

// PathValue returns the value of a wildcard in the gateway's path; "" if the
// path has none of this name.
func (c *Client) PathValue(name string) string {
	if c.endpoint == nil {
		return ""
	}
	return c.conn().pathValue(name)
}

// Emit pushes an event to this connection. It fails with ErrClosed once the
// connection is closing, with ErrFull if its outbox has no room, and if data
// cannot be encoded.
func (c *Client) Emit(event string, data any) error { return c.Sender().Emit(event, data) }

// To pushes an event to the members of a room, c too if it is one, and returns
// how many outboxes took it; as Server.EmitTo.
func (c *Client) To(room, event string, data any) (int, error) {
	return c.target(Target{to: hub.Set[ConnID]{Rooms: []string{room}}}).Emit(event, data)
}

// Broadcast pushes an event to every connection, c too; as Server.Broadcast.
func (c *Client) Broadcast(event string, data any) (int, error) {
	return c.target(Target{to: hub.Set[ConnID]{All: true}}).Emit(event, data)
}

// Others addresses the members of the rooms, or everyone if none is named,
// without c.
func (c *Client) Others(rooms ...string) Target {
	return c.target(Target{to: hub.Set[ConnID]{All: len(rooms) == 0, Rooms: rooms, Except: []ConnID{c.ID()}}})
}

func (c *Client) target(t Target) Target {
	t.server = c.Server()
	return t
}

// Join makes the connection a member of rooms; those it is in already stay. It
// fails with ErrClosed when the connection is gone, and joins none of the rooms
// if that is beyond Options.MaxRooms (ErrTooManyRooms) or a name is longer than
// Options.MaxRoomBytes (ErrRoomName). A handler may return that error as it is.
// A room's name is opaque: any bytes are a name, and no pattern means anything.
func (c *Client) Join(rooms ...string) error {
	if c.endpoint == nil {
		return ErrClosed
	}
	return c.conn().join(rooms...)
}

// Leave takes the connection out of rooms; those it is not in do not matter.
func (c *Client) Leave(rooms ...string) {
	if c.endpoint != nil {
		c.endpoint.server.hub.Leave(&c.member, rooms...)
	}
}

// Rooms returns the names of the connection's rooms, sorted.
func (c *Client) Rooms() []string {
	if c.endpoint == nil {
		return nil
	}
	return c.member.Rooms()
}

// Close closes the connection with a code and a reason of at most 123 bytes (a
// longer one is cut), after what is queued for it. It returns at once. It
// fails with ErrClosed if the connection was closing already, and for a code
// that must not be sent.
func (c *Client) Close(code CloseCode, reason string) error { return c.Sender().Close(code, reason) }

// ClientFrom returns the Client whose connection ctx belongs to: the context of
// a handler, hook or message guard, or one derived from it.
func ClientFrom(ctx context.Context) (*Client, bool) {
	c, ok := ctx.Value(clientKey{}).(*Client)
	return c, ok
}
