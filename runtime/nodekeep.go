package ws

import (
	"context"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file is about pushes that the cluster's engine is to keep. They are not pushed
// here: they come back from there, to this node as to all others.

// keepPush is a push on its way to the engine. It is kept in the history of each of its
// rooms or users.
//
// The rooms of a union are kept one after the other, since each says where it is in
// the histories of those before: so who follows several of them gets it once.
type keepPush struct {
	in     *cluster.Node
	failed func(event string, err error) // told of a copy that finds no room any more
	head   cluster.Packet[ConnID]        // of the copy that is next; its Target says what the names are
	text   []byte
	log    broker.Log
	key    string
	names  []string
	done   chan struct{} // closed when all is said; nil: nobody waits

	mu    sync.Mutex
	left  int             // guarded by mu; copies of which nothing was said yet
	kept  int             // guarded by mu
	first error           // guarded by mu; the first failure
	at    broker.Position // guarded by mu; of the last copy that is kept
}

// push queues the push for the names, all or nothing. If somebody waits, wait says what
// became of it.
func (p *keepPush) push(names []string, waits bool) error {
	p.names = distinctNames(names)
	all, longest := namesSize(p.names)
	size := headRoom + len(p.head.Event) + len(p.log.Name) + 8*len(p.head.Except) + len(p.text) + longest
	if p.isUnion() {
		if len(p.names) > cluster.MaxNames || all > maxNames {
			return ErrTooMany
		}
		size += all + len(p.names)*(history.MaxPosition+1)
		p.head.Names = p.names
	}
	switch {
	case len(p.head.Except) > cluster.MaxIDs, max(longest, len(p.head.Event)) > maxNames:
		return ErrTooMany
	case size > p.in.MaxMessage():
		return ErrTooLarge
	}
	if p.left = len(p.names); waits {
		p.done = make(chan struct{})
	}
	return p.begin()
}

// wait waits until all is said, or ctx ends.
func (p *keepPush) wait(ctx context.Context) (Position, error) {
	select {
	case <-p.done:
		return Position(p.at), p.err()
	case <-ctx.Done():
		return Position{}, ErrUnsure
	}
}

// distinctNames returns names without those that were there before.
func distinctNames(names []string) []string {
	seen := make(map[string]struct{}, len(names))
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, again := seen[name]
		seen[name] = struct{}{}
		return again
	})
}

// isUnion reports whether the push goes to several rooms.
func (p *keepPush) isUnion() bool { return p.head.Target == cluster.ToRooms && len(p.names) > 1 }

// begin queues the copy of the first room, or those of all users.
func (p *keepPush) begin() error {
	if p.isUnion() {
		return keepError(p.put(0))
	}
	all := make([]cluster.ToKeep, 0, len(p.names))
	for _, name := range p.names {
		p.head.Names = []string{name} // a connection has one user: nobody needs to know of the others
		copied, err := p.copied(name)
		if err != nil {
			return err
		}
		if p.done != nil {
			copied.Done = p.said
		}
		all = append(all, copied)
	}
	return keepError(p.in.Keep(all, false))
}

// copied returns the copy for a room or user, which the head is for.
func (p *keepPush) copied(name string) (cluster.ToKeep, error) {
	data, err := p.head.Append(make([]byte, 0, headRoom+len(p.text)))
	if err != nil {
		return cluster.ToKeep{}, ErrTooMany
	}
	channel := cluster.Room(name)
	if p.head.Target == cluster.ToUsers {
		channel = cluster.User(name)
	}
	return cluster.ToKeep{
		Kept:  broker.Kept{Outgoing: broker.Outgoing{Channel: channel, Data: append(data, p.text...)}, Log: p.log, Key: p.key},
		Event: p.head.Event,
	}, nil
}

// put queues the copy of a room of a union. The next one follows when it is kept.
func (p *keepPush) put(place int) error {
	p.head.Place = place
	copied, err := p.copied(p.names[place])
	if err != nil {
		return err
	}
	copied.Done = func(o broker.Outcome) {
		next := place + 1
		p.head.Places = append(p.head.Places, history.Position(o.At).String())
		switch {
		case o.Err != nil: // nobody knows where it would be, so the others do without
			p.give(o, len(p.names)-place)
		case next == len(p.names):
			p.give(o, 1)
		default:
			p.give(o, 1)
			if err := p.put(next); err != nil {
				p.give(broker.Outcome{Err: err}, len(p.names)-next)
				p.failed(p.head.Event, err)
			}
		}
	}
	return p.in.Keep([]cluster.ToKeep{copied}, place > 0)
}

// said takes what became of one copy.
func (p *keepPush) said(o broker.Outcome) { p.give(o, 1) }

// give notes what became of so many copies.
func (p *keepPush) give(o broker.Outcome, copies int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left -= copies; o.Err == nil {
		p.kept, p.at = p.kept+copies, o.At
	} else if p.first == nil {
		p.first = o.Err
	}
	if p.left == 0 && p.done != nil {
		close(p.done)
	}
}

// err returns what the pusher is told, when all is said.
func (p *keepPush) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first != nil && p.kept > 0 {
		return ErrUnsure
	}
	return keepError(p.first)
}

// keepError returns the error of package ws for one of a Keeper.
func keepError(err error) error {
	switch {
	case err == nil || err == ErrTooMany:
		return err
	case steady.Is(err, broker.ErrUnsure):
		return ErrUnsure
	case steady.Is(err, broker.ErrTooLarge):
		return ErrTooLarge
	}
	return ErrUnavailable
}
