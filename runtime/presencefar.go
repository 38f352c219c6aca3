package ws

import (
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/presence"
)

// This file is about what nodes tell each other of who is present.

// presenceEvent is what is lost, in the log and for the Observer, if a message about
// who is present does not leave.
const presenceEvent = "$presence"

// fewLeft is how many nodes are remembered that have left, or were not heard any more.
const fewLeft = 64

// askSpread is over what time all rooms ask when messages were lost, and askEvery how
// often they do at most.
const (
	askSpread = 2 * time.Second
	askEvery  = 5 * time.Second
)

// presenceBytes returns how much of one message may be about connections.
func (n *node) presenceBytes() int { return min(cluster.MaxPart, n.in.MaxMessage()/2) }

// send tells other nodes. The caller holds r.mu.
func (r *presenceRoom) send(out []presence.Message, now time.Duration) {
	if len(out) == 0 {
		return
	}
	n := r.kind.of.server.node()
	for i := range out {
		if !n.sendPresence(r.kind.spec.Name, r.name, r.channel, &out[i]) {
			r.state.Unheard(now)
		}
	}
}

// sendPresence sends a message to all who hear a room's channel, or to one node. It
// reports whether there was room for it.
func (n *node) sendPresence(name, room, channel string, m *presence.Message) bool {
	p := cluster.Packet[ConnID]{
		Kind: cluster.PresenceChange + cluster.Kind(m.Kind-presence.Change), // they have one order
		From: uint64(n.server.id), Base: n.server.ids.first(), Target: cluster.ToRooms, Names: []string{room},
		Presence: name, Version: m.Version, Since: m.Since, Part: m.Part, Last: m.Last,
	}
	if m.Direct {
		channel = cluster.NodeChannel(m.Base)
	}
	head, err := p.Append(nil)
	return err == nil && n.in.Send(channel, presenceEvent, head, m.Items)
}

// take takes what another node tells.
func (p *presences) take(channel string, v *cluster.View) {
	n, k := p.server.node(), p.named(v.Presence)
	if k == nil || p.hasLeft(v.From) {
		return // another release may have more of them
	}
	from := presence.Origin{Node: v.From, Base: v.Base, Direct: cluster.IsNodeChannel(channel)}
	m := presence.Message{
		Kind:    presence.Change + presence.Kind(v.Kind-cluster.PresenceChange),
		Version: v.Version, Since: v.Since, Part: v.Part, Last: v.Last, Items: v.Payload,
	}
	name := string(v.Names.At(0))
	sound := true
	if r := k.room(name); r != nil && r.do(func(now time.Duration) { sound = r.state.Hear(&from, &m, now) }) {
		if !sound {
			n.odd(v.From, cluster.ErrMalformed)
		}
		return
	}
	if reply, wanted := presence.Nobody(&k.state, &from, &m); wanted {
		_ = n.sendPresence(k.spec.Name, name, "", &reply) // whoever asks asks again
	}
}

// named returns the kind of a name; nil if there is none.
func (p *presences) named(name []byte) *presenceKind {
	for _, k := range p.all() {
		if k.spec.Name == string(name) {
			return k
		}
	}
	return nil
}

// hasLeft reports whether a node has said bye: what comes of it now is older than that.
func (p *presences) hasLeft(node uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.left, node)
}

// linkUp notes that the link to other nodes works, and may have lost messages before.
func (p *presences) linkUp() {
	p.up.Store(true)
	p.each(func(r *presenceRoom) { r.do(func(now time.Duration) { r.state.Up(now) }) })
}

// linkDown notes that it does not work. Nobody leaves for that.
func (p *presences) linkDown() {
	p.up.Store(false)
	p.each(func(r *presenceRoom) { r.do(func(time.Duration) { r.state.Down() }) })
}

// lostSome notes that messages were lost on the way here: all rooms ask, but not all the
// time.
func (p *presences) lostSome() {
	at, plans := p.nextRound()
	if plans {
		p.each(func(r *presenceRoom) { r.do(func(time.Duration) { r.state.Asks(at, askSpread) }) })
	}
}

// nextRound returns when all rooms ask, unless that is planned already.
func (p *presences) nextRound() (at time.Duration, plans bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.server.clock()
	if len(p.kinds) == 0 || p.round > now {
		return 0, false
	}
	at = now
	if p.round != 0 {
		at = max(now, p.round+askEvery)
	}
	p.round = at
	return at, true
}

// nodeGone has the people of a node be gone: it has left, or was not heard any more.
func (p *presences) nodeGone(node uint64, left bool) {
	p.mu.Lock()
	if left {
		p.left = remember(p.left, node)
	} else {
		p.lost = remember(p.lost, node)
	}
	p.mu.Unlock()
	p.each(func(r *presenceRoom) { r.do(func(now time.Duration) { r.state.Gone(node, left, now) }) })
}

// remember returns the last nodes with another one.
func remember(last []uint64, node uint64) []uint64 {
	if len(last) == fewLeft {
		last = slices.Delete(last, 0, 1)
	}
	return append(last, node)
}

// nodeJoined has a node asked who is there that was not heard for a while, and is back.
func (p *presences) nodeJoined(node uint64, base uint32) {
	p.mu.Lock()
	at := slices.Index(p.lost, node)
	if at >= 0 {
		p.lost = slices.Delete(p.lost, at, at+1)
	}
	p.mu.Unlock()
	if at >= 0 {
		p.each(func(r *presenceRoom) { r.do(func(now time.Duration) { r.state.Back(node, base, now) }) })
	}
}
