package ws

import (
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// Push addresses typed events: E is an interface of yours marked //ws:push,
// whose implementation wsgen generates. A method that chooses receivers
// returns an E, and each call of its methods pushes an event to them. A Push
// is a value; all methods are safe for concurrent use, and none blocks on a
// peer.
//
//	push.In("lobby").Typing(Typing{Author: "ann"})
type Push[E any] struct {
	server *Server
	bind   func(Target) E
	except []ConnID
	how    hub.How
	across *across
	keeps  *keeping // nil: nothing is kept
}

// NewPush returns a Push over a Server's connections. Generated code calls it;
// a test may, with a nil Server and a fake E.
func NewPush[E any](s *Server, bind func(Target) E) Push[E] {
	return Push[E]{server: s, bind: bind}
}

// All addresses every connection.
func (p Push[E]) All() E { return p.To(Target{server: p.server, to: hub.Set[ConnID]{All: true}}) }

// In addresses the members of the rooms, each once.
func (p Push[E]) In(rooms ...string) E {
	return p.To(Target{server: p.server, to: hub.Set[ConnID]{Rooms: rooms}})
}

// Conn addresses connections by id. A push to a single id fails with ErrFull
// if its outbox has no room. If the method of E has no error result, that can
// only be logged.
func (p Push[E]) Conn(ids ...ConnID) E {
	return p.To(Target{server: p.server, to: hub.Set[ConnID]{IDs: ids}})
}

// Users addresses all connections of the principals with these ids.
func (p Push[E]) Users(ids ...string) E {
	return p.To(Target{server: p.server, to: hub.Set[ConnID]{Users: ids}})
}

// Client addresses one connection; as Conn with its id.
func (p Push[E]) Client(c *Client) E { return p.Conn(c.ID()) }

// Except returns a Push that leaves out these connections.
func (p Push[E]) Except(ids ...ConnID) Push[E] {
	p.except = append(slices.Clip(p.except), ids...)
	return p
}

// To addresses a target, without the connections that Except named. A policy
// and a key of the Push count before those of the target.
func (p Push[E]) To(t Target) E {
	t = t.Except(p.except...)
	t.how = over(p.how, t.how)
	t.declared = true
	if p.across != nil {
		t.across = p.across
	}
	t.keeps = p.keeps
	return p.bind(t)
}

// Overflow returns a Push whose events have a policy of their own for full
// outboxes; as Target.Overflow.
func (p Push[E]) Overflow(o Overflow) Push[E] {
	p.how.Overflow = hub.Overflow(o)
	return p
}

// Coalesce returns a Push whose events replace, in each outbox, the one with
// the same key that still waits there; as Target.Coalesce.
//
//	push.Coalesce("price:ACME").In("traders").Price(p)
func (p Push[E]) Coalesce(key string) Push[E] {
	p.how.Key = key
	return p
}

// over returns p, with the fields that are zero taken from q.
func over(p, q hub.How) hub.How {
	if p.Key == "" {
		p.Key = q.Key
	}
	if p.Overflow == 0 {
		p.Overflow = q.Overflow
	}
	return p
}
