package ws

import (
	"log/slog"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// relay passes one push on to other nodes, as a hub.Relay, or something else that is
// to be done there. It is used again.
type relay struct {
	node   *node
	packet cluster.Packet[ConnID]
	users  []string
	seen   map[string]struct{} // those of very many users that were passed on
	one    [1]string           // of users
	about  string              // what is lost if it does not leave: the event, or what is to be done
	frame  []byte
	head   []byte
}

var relays = sync.Pool{New: func() any { return new(relay) }}

// relay returns the relay of a push, or of what else kind says, which may be about
// a room; release gives it back. A push that other nodes cannot get is an error.
func (n *node) relay(kind cluster.Kind, t *Target, event, room string, text []byte) (*relay, error) {
	size := headRoom + len(event) + len(room) + len(t.how.Key) + 8*min(len(t.to.IDs), cluster.MaxIDs) + 8*len(t.to.Except) + len(text)
	names, longest := namesSize(t.to.Rooms)
	users, longestUser := namesSize(t.to.Users)
	if together := t.across != nil; !together { // each user has a message
		users = longestUser
	} else if len(t.to.Users) > cluster.MaxNames || len(t.to.IDs) > cluster.MaxIDs {
		return nil, ErrTooMany
	}
	switch {
	case len(t.to.Except) > cluster.MaxIDs, len(t.to.Rooms) > cluster.MaxNames,
		max(names, users, longest, len(event), len(room), len(t.how.Key)) > maxNames:
		return nil, ErrTooMany
	case size+names+users > n.in.MaxMessage():
		return nil, ErrTooLarge
	}
	r := relays.Get().(*relay)
	r.node, r.frame, r.users, r.about = n, text, nil, event
	r.packet = cluster.Packet[ConnID]{
		Kind: kind, From: uint64(n.server.id), Target: cluster.ToConns, Except: t.to.Except,
		Event: event, Declared: t.declared, Room: room, Key: t.how.Key, Overflow: uint8(t.how.Overflow),
	}
	switch kind {
	case cluster.Join:
		r.about = "$join"
	case cluster.Leave:
		r.about = "$leave"
	case cluster.Hangup:
		r.about = "$disconnect"
	}
	switch {
	case t.to.All:
		r.packet.Target = cluster.ToAll
	case len(t.to.Rooms) > 0:
		r.packet.Target, r.packet.Names = cluster.ToRooms, t.to.Rooms
	case len(t.to.Users) > 0:
		r.packet.Target, r.users = cluster.ToUsers, t.to.Users
	}
	return r, nil
}

// release gives the relay back.
func (r *relay) release() {
	r.packet = cluster.Packet[ConnID]{}
	if clear(r.seen); len(r.users) > 4096 {
		r.seen = nil // a crowd's memory goes with the crowd
	}
	if cap(r.head) > 4<<10 {
		r.head = nil
	}
	r.node, r.frame, r.users, r.one[0], r.about = nil, nil, nil, "", ""
	relays.Put(r)
}

// Relay implements hub.Relay. A lock may be held.
func (r *relay) Relay(place int, channel string) {
	p := &r.packet
	switch p.Target {
	case cluster.ToAll:
		channel = cluster.All
	case cluster.ToRooms:
		name := p.Names[place]
		if slices.Contains(p.Names[:place], name) {
			return
		}
		if p.Place = place; channel == "" {
			channel = cluster.Room(name)
		}
	case cluster.ToUsers:
		name := r.users[place]
		if r.again(place) {
			return
		}
		r.one[0] = name // a connection has one user: nobody needs to know of the others
		p.Names = r.one[:]
		switch {
		case r.node.server.opts.Cluster.UsersToAll:
			channel = cluster.All
		case channel == "":
			channel = cluster.User(name)
		}
	}
	r.send(channel)
}

// toConns passes it on to those of the ids that may be of other nodes, and reports
// whether there are any.
func (r *relay) toConns(ids []ConnID) (any bool) {
	own := r.node.server.ids.first()
	for i, id := range ids {
		base := id.node()
		before := func(other ConnID) bool { return other.node() == base }
		if base == own || slices.ContainsFunc(ids[:i], before) || !r.node.in.Knows(base) {
			continue
		}
		any = true
		r.packet.IDs = r.packet.IDs[:0]
		for _, other := range ids[i:] {
			if other.node() == base {
				r.packet.IDs = append(r.packet.IDs, other)
			}
			if len(r.packet.IDs) == cluster.MaxIDs {
				r.send(cluster.NodeChannel(base))
				r.packet.IDs = r.packet.IDs[:0]
			}
		}
		if len(r.packet.IDs) > 0 {
			r.send(cluster.NodeChannel(base))
		}
	}
	return any
}

// again reports whether the user of a place was passed on before.
func (r *relay) again(place int) bool {
	const few = 16 // which are compared
	if len(r.users) <= few {
		return slices.Contains(r.users[:place], r.users[place])
	}
	if r.seen == nil {
		r.seen = make(map[string]struct{})
	}
	before := len(r.seen)
	r.seen[r.users[place]] = struct{}{}
	return len(r.seen) == before
}

// push is Target.push for a node: what is pushed goes to this node's connections at
// once, and into the queue to the engine; what is kept goes to the engine alone.
func (n *node) push(t *Target, event string, text []byte) (int, error) {
	if t.isKept() {
		return 0, n.pushKept(t, event, text)
	}
	r, err := n.relay(cluster.Push, t, event, "", text)
	if err != nil {
		if t.across != nil {
			t.gather(0, &cluster.Answers{Missing: n.in.IDs()})
		}
		t.logUnsent(err)
		return 0, err
	}
	defer r.release()
	if t.across != nil {
		return t.pushAcross(r)
	}
	sent, err := t.pushHere(event, text, r)
	if r.packet.Target == cluster.ToConns {
		r.toConns(t.to.IDs)
	}
	return sent, err
}

// pushKept is push for an event that is kept. It does not wait for that, unless the
// caller does (Across).
func (n *node) pushKept(t *Target, event string, text []byte) error {
	p := keepPush{in: n.in, failed: n.notKept, text: text, log: broker.Log(*t.keeps.log), key: t.keeps.key}
	p.head = cluster.Packet[ConnID]{
		Kind: cluster.Push, From: uint64(n.server.id), Target: cluster.ToRooms, Except: slices.Clone(t.to.Except),
		Event: event, Declared: t.declared, Overflow: uint8(t.how.Overflow), Log: t.keeps.log.Name,
	}
	names := t.to.Rooms
	if len(names) == 0 {
		p.head.Target, names = cluster.ToUsers, t.to.Users
	}
	err := p.push(names, t.across != nil)
	if t.across != nil {
		t.gather(0, &cluster.Answers{})
	}
	if err == nil && t.across != nil {
		ctx, cancel := t.across.until()
		defer cancel()
		t.across.r.At, err = p.wait(ctx)
	}
	switch {
	case err == nil:
		n.server.tellSent(Sent{Event: event, Declared: t.declared, Bytes: len(text)})
	case t.resultless: // nobody else is told
		n.server.logPeer(nil, slog.LevelError, "ws: a push is not kept, or perhaps not, and its caller was not told: give the push method the result error", "event", event, "error", err)
	}
	return err
}

// emitTo pushes to a connection that is not here. It reports whether it may be
// elsewhere.
func (n *node) emitTo(id ConnID, event string, text []byte) (bool, error) {
	t := n.server.Conn(id)
	r, err := n.relay(cluster.Push, &t, event, "", text)
	if err != nil {
		return false, err
	}
	defer r.release()
	return r.toConns(t.to.IDs), nil
}

// elsewhere has other nodes do to the addressed connections there what kind says,
// which may be about a room; with completes the packet, if it is not nil.
func (t *Target) elsewhere(kind cluster.Kind, room string, with func(*cluster.Packet[ConnID])) error {
	if !t.server.made() || t.server.cluster == nil {
		return nil
	}
	r, err := t.server.node().relay(kind, t, "", room, nil)
	if err != nil {
		return err
	}
	defer r.release()
	if with != nil {
		with(&r.packet)
	}
	r.toAll(t)
	return nil
}

// logUnsent logs an error of a method that may have no other way to tell.
func (t *Target) logUnsent(err error) {
	if err != nil {
		t.server.logPeer(nil, slog.LevelError, "ws: not sent to other nodes", "error", err)
	}
}

// toAll passes it on for the whole target, in the order in which Relay is called.
func (r *relay) toAll(t *Target) {
	switch r.packet.Target {
	case cluster.ToAll:
		r.Relay(0, "")
	case cluster.ToRooms:
		for place := range t.to.Rooms {
			r.Relay(place, "")
		}
	case cluster.ToUsers:
		for place := range t.to.Users {
			r.Relay(place, "")
		}
	default:
		r.toConns(t.to.IDs)
	}
}

// send queues the packet for a channel.
func (r *relay) send(channel string) {
	head, err := r.packet.Append(r.head[:0])
	if err != nil {
		return // its bounds were looked at before
	}
	r.head = head
	r.node.in.Send(channel, r.about, head, r.frame)
}

var _ hub.Relay = (*relay)(nil)
