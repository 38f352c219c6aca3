package ws

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/hub"
)

// across is for whom a Target waits, and where it says what it has heard.
type across struct {
	ctx context.Context
	r   *Reached
}

// Reached is what all nodes together did.
type Reached struct {
	Count int // connections, on the nodes that answered
	Nodes int // that answered, this one included
	// Missing are the members of the cluster that did not, sorted. 0 stands for
	// those that this node does not know yet, since its link to the engine was not
	// up, or not for long enough.
	Missing []NodeID
	// At is where a kept push is, in the last of the rooms or users that it went to;
	// zero for others.
	At Position
}

// defaultAcross is how long Across waits under a context without a deadline.
const defaultAcross = 2 * time.Second

// until returns the context that ends when nobody waits any longer.
func (a *across) until() (context.Context, context.CancelFunc) {
	if _, ok := a.ctx.Deadline(); ok {
		return a.ctx, func() {}
	}
	return context.WithTimeout(a.ctx, defaultAcross)
}

// Across returns the target for calls that wait for the other nodes: its Emit,
// Join, Leave, Disconnect and Count are about the connections of all nodes, return
// numbers of all of them, and fill in r, which may be nil: how many were reached,
// and which nodes have not answered. They wait until ctx ends, or for 2 s if it has
// no deadline; a node that leaves, or is gone, is waited for no longer.
//
// The other methods that count never wait, and are about this node; these wait, and
// so must not be called where nothing may. r is set by each call, so calls at once
// need one each. Pushes by Across come in their order, but not in one with other
// pushes. On a Server alone nothing waits.
func (t Target) Across(ctx context.Context, r *Reached) Target {
	if r == nil {
		r = new(Reached)
	}
	t.across = &across{ctx, r}
	return t
}

// Across returns a Push whose typed calls wait for the other nodes; as
// Target.Across.
//
//	var r ws.Reached
//	n, err := push.Across(ctx, &r).Users("ann").Notice("your order is ready")
//	if n == 0 && len(r.Missing) == 0 { sendMail() }
func (p Push[E]) Across(ctx context.Context, r *Reached) Push[E] {
	p.across = Target{}.Across(ctx, r).across
	return p
}

// Member is a connection anywhere in the cluster.
type Member struct {
	Conn  ConnID
	Node  NodeID
	User  string    // Principal.ID; "" for nobody
	Since time.Time // when the connection was made
}

// Answer is what the nodes that answered have said. It is never all or nothing.
type Answer[T any] struct {
	Items   []T
	More    bool     // there are more than were asked for
	Missing []NodeID // members of the cluster that did not answer, as in Reached
}

// Bounds of Members: of what it returns, and of what one node answers.
const (
	maxMembers      = 100_000
	maxMembersBytes = 2 << 20
)

// Members returns who is addressed, on all nodes: at most limit of them, 100 000 at
// most, and of each node no more than about 2 MiB have room for. It waits as Across
// does.
func (t Target) Members(ctx context.Context, limit int) Answer[Member] {
	limit = min(max(limit, 0), maxMembers)
	var got Answer[Member]
	if !t.server.made() {
		return got
	}
	got.Items, got.More = t.membersHere(limit)
	n := t.server.node()
	if n == nil {
		return got
	}
	t.across = &across{ctx, new(Reached)}
	answers, err := t.everyoneElse(cluster.Question, "", func(p *cluster.Packet[ConnID]) { p.Asks, p.Limit = cluster.AskMembers, uint64(limit) })
	t.logUnsent(err)
	got.Missing = n.absent(&answers)
	for _, id := range sortedKeys(answers.By) {
		items, more, ok := readMembers(answers.By[id], NodeID(id))
		if !ok {
			got.Missing = append(got.Missing, NodeID(id))
			continue
		}
		got.Items, got.More = append(got.Items, items...), got.More || more
	}
	slices.Sort(got.Missing)
	if len(got.Items) > limit {
		got.Items, got.More = got.Items[:limit], true
	}
	return got
}

// sortedKeys returns who has answered, in an order that does not change.
func sortedKeys(by map[uint64][]byte) []uint64 {
	ids := make([]uint64, 0, len(by))
	for id := range by {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, cmp.Compare)
	return ids
}

// membersHere returns at most limit of the addressed connections of this node, by
// id, and whether there are more.
func (t *Target) membersHere(limit int) (all []Member, more bool) {
	hub.Present(t.server.hub, &t.to, func(m *hub.Member) {
		if len(all) == limit {
			more = true
			return
		}
		c := clientOf(m)
		all = append(all, Member{Conn: c.ID(), Node: t.server.id, User: c.identity.userID(), Since: time.Now().Add(-c.Age())})
	})
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.Conn, b.Conn) })
	return all, more
}

// appendMembers appends what an answer about members says: one byte, and each with
// its id, the length of the user's name and that, and Unix milliseconds.
func appendMembers(to []byte, all []Member, more bool) []byte {
	to = append(to, 0)
	if more {
		to[len(to)-1] = 1
	}
	for i := range all {
		if len(to) > maxMembersBytes {
			to[0] = 1 // the rest has no room
			break
		}
		to = binary.BigEndian.AppendUint64(to, uint64(all[i].Conn))
		to = binary.AppendUvarint(to, uint64(len(all[i].User)))
		to = append(to, all[i].User...)
		to = binary.AppendUvarint(to, uint64(max(all[i].Since.UnixMilli(), 0)))
	}
	return to
}

// readMembers reads what appendMembers has written; false for anything else.
func readMembers(from []byte, node NodeID) (all []Member, more, ok bool) {
	if len(from) == 0 || from[0] > 1 {
		return nil, false, false
	}
	more, from = from[0] == 1, from[1:]
	for len(from) > 0 {
		if len(from) < 8 || len(all) == maxMembers {
			return nil, false, false
		}
		m := Member{Conn: ConnID(binary.BigEndian.Uint64(from)), Node: node}
		from = from[8:]
		size, k := binary.Uvarint(from)
		if k <= 0 || size > uint64(len(from)-k) {
			return nil, false, false
		}
		m.User, from = string(from[k:k+int(size)]), from[k+int(size):]
		since, k := binary.Uvarint(from)
		if k <= 0 {
			return nil, false, false
		}
		m.Since, from = time.UnixMilli(int64(since)), from[k:]
		all = append(all, m)
	}
	return all, more, true
}

// ask has all other nodes do what a relay says, and returns what they have answered.
func (t *Target) ask(r *relay) (cluster.Answers, error) {
	n, p := t.server.node(), &r.packet
	if t.to.Nobody() {
		return cluster.Answers{}, nil
	}
	p.IDs = t.to.IDs
	if len(r.users) > 0 {
		p.Names = r.users
	}
	ctx, cancel := t.across.until()
	defer cancel()
	return n.in.Ask(ctx, r.about, p.Kind == cluster.Question, func(request uint64, base uint32) ([]byte, []byte, error) {
		p.Request, p.Base = request, base
		head, err := p.Append(r.head[:0])
		r.head = head
		return head, r.frame, err
	})
}

// everyoneElse has all other nodes do what kind says to the addressed connections
// there, or asks about them; it may be about a room, and with completes the packet.
// On an error nobody was asked, and all of them are missing.
func (t *Target) everyoneElse(kind cluster.Kind, room string, with func(*cluster.Packet[ConnID])) (cluster.Answers, error) {
	n := t.server.node()
	r, err := n.relay(kind, t, "", room, nil)
	if err != nil {
		return cluster.Answers{Missing: n.in.IDs()}, err
	}
	defer r.release()
	if with != nil {
		with(&r.packet)
	}
	return t.ask(r)
}

// absent returns who has not answered, and counts them.
func (n *node) absent(answers *cluster.Answers) []NodeID {
	var missing []NodeID
	for _, id := range answers.Missing {
		missing = append(missing, NodeID(id))
	}
	n.missing.Add(uint64(len(missing)))
	return missing
}

// gather fills in r with what was done here and what others have answered, which is
// a number each, and returns how many connections these are.
func (t *Target) gather(here int, answers *cluster.Answers) int {
	r := t.across.r
	*r = Reached{Count: here, Nodes: 1}
	if n := t.server.node(); n != nil {
		if t.server.opts.Cluster.PublishOnly {
			r.Nodes = 0
		}
		r.Missing = n.absent(answers)
	}
	for id, answer := range answers.By {
		count, k := binary.Uvarint(answer)
		if k <= 0 || k != len(answer) {
			r.Missing = append(r.Missing, NodeID(id))
			continue
		}
		r.Nodes++
		r.Count += int(min(count, 1<<31))
	}
	slices.Sort(r.Missing)
	return r.Count
}

// pushAcross is a push that waits for other nodes.
func (t *Target) pushAcross(r *relay) (int, error) {
	sent, err := t.pushHere(r.packet.Event, r.frame, nil)
	if err != nil {
		t.across.r.Nodes = 1 // the only connection is here, and full
		return 0, err
	}
	answers, err := t.ask(r)
	return t.gather(sent, &answers), err
}

// everywhere does what here does on this node, and has other nodes do it, and waits
// for them. If they cannot be told it is not done here either, but for a question.
func (t *Target) everywhere(kind cluster.Kind, room string, with func(*cluster.Packet[ConnID]), here func() int) (int, error) {
	n := t.server.node()
	if n == nil {
		return t.gather(here(), &cluster.Answers{}), nil
	}
	r, err := n.relay(kind, t, "", room, nil)
	if err != nil {
		done := 0
		if kind == cluster.Question {
			done = here()
		}
		return t.gather(done, &cluster.Answers{Missing: n.in.IDs()}), err
	}
	defer r.release()
	if with != nil {
		with(&r.packet)
	}
	done := here()
	answers, err := t.ask(r)
	return t.gather(done, &answers), err
}

// answer answers another node that waits.
func (n *node) answer(v *cluster.View, t *Target, count int) {
	switch {
	case v.Kind != cluster.Question:
	case v.Asks == cluster.AskCount:
		count = t.countHere()
	case v.Asks == cluster.AskMembers:
		all, more := t.membersHere(int(min(v.Limit, maxMembers)))
		n.in.Answer(v, appendMembers(nil, all, more))
		return
	case v.Asks == cluster.AskPresence && v.Target == cluster.ToRooms:
		n.in.Answer(v, n.server.roll.answer(v))
		return
	default:
		n.in.Refuse(v)
		return
	}
	n.in.Answer(v, binary.AppendUvarint(nil, uint64(count)))
}
