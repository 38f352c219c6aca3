package ws

import (
	"math"
	"net"

	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// NewLone returns a Client without a connection, for package wstest; nobody else
// can name the type of its second parameter. It is in the registry, in rooms, and
// its outbox, which has no bound, is written to nobody. Nothing reads, so it ends
// with the Server's memory.
func NewLone(s *Server, l *kit.Lone) *Client {
	o := s.opts
	o.OutboxFrames, o.OutboxBytes = unlimited, unlimited
	e := &Endpoint{server: s, protocol: protocolEvents, opts: o, wildcards: l.Wildcards}
	e.profile = s.engine.Profile(o.socket())
	_, nowhere := net.Pipe()
	c := &conn{endpoint: e, born: s.clock()}
	c.member.ID = uint64(s.ids.next())
	c.identity = &identity{remote: l.Remote, path: l.Values}
	if p, known := l.Principal.(Principal); known {
		c.identity.principal.Store(&p)
	}
	c.member.Socket.Open(e.profile, c, nowhere, nil, false)
	if !s.hub.Add(&c.member, c.identity.userID()) {
		c.close(shutdownCause)
	}
	l.Take = c.takeQueued
	l.Closed = func() any {
		if !c.member.Socket.Closes() {
			return nil
		}
		return c.cause()
	}
	return c.asClient()
}

// takeQueued takes all that is queued, of an outbox that nobody writes from.
func (c *conn) takeQueued() (all []byte) {
	var b outbox.Batch
	q := c.member.Socket.Out()
	for q.Take(&b, math.MaxInt); b.Len() > 0; q.Next(&b, math.MaxInt) {
		all = append(all, b.Join(nil)...)
	}
	return all
}
