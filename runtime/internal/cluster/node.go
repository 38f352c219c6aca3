package cluster

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// NodeOptions are what a Node is, and what it tells of. The functions are called
// without a lock, by goroutines of the Node and of the Link, and must be quick. All
// of them must be set.
type NodeOptions struct {
	Cluster string // the cluster's name, as Name returns it
	Self    Self
	Guest   bool // it has no connections, and is no member

	Heartbeat, Hold, Linger, QueueTime time.Duration
	QueueMessages, QueueBytes          int

	// Take does what a packet says that is for connections of this node, or asks
	// about them: a Push, Join, Leave, Hangup or Question, or of who is present. The
	// channel is one that such a packet may come by. v and its slices may be used until Take
	// returns; the payload may be kept.
	Take func(channel string, v *View)
	// Kept takes a Push that the engine has kept, and hands over, as Take does; also
	// one of this node.
	Kept func(d broker.Delivery, v *View)
	// Light reports whether Take has little to do with a Push.
	Light func(v *View) bool
	// Rebase makes another Base of a node that has no connections.
	Rebase func()

	Up        func()
	Down      func(cause error)
	Joined    func(Peer)
	Gone      func(p Peer, left bool)
	BaseTaken func(other Peer)                                        // and there are connections here, and this node is the younger
	Dropped   func(why Drop, n int, events map[string]int, err error) // on the way out
	Lost      func(n int, channels []string)                          // on the way in; of these channels, or of any if there are none
	Unkept    func(event string, err error)                           // what was to be kept and is not, or perhaps not
	Failed    func(n int, err error)                                  // channels that were to be subscribed or given up
	Odd       func(from uint64, err error)                            // ErrMalformed or ErrUnknown; from is 0 if it is not known
	Reset     func()                                                  // all others are silent, so the link is made anew
}

// Node is a process's place in a cluster: its Link, what it needs to hear, what
// waits to leave, who else is there, and the questions that are open. It drops its
// own messages and those that make no sense.
type Node struct {
	o         NodeOptions
	link      broker.Link
	keeper    broker.Keeper // nil: the engine keeps nothing
	interest  *Interest
	courier   *Courier
	keeps     *Keeps // nil: as keeper
	members   *Members
	questions *Questions
	views     sync.Pool

	outages, received, lost, unknown, malformed, resets atomic.Uint64
	up                                                  atomic.Bool
	ready                                               atomic.Bool // all of the above is there

	saying sync.Mutex // held while it is said that the link works, or does not
	early  func()     // guarded by saying; what the Link said last before ready

	mu      sync.Mutex
	base    uint32        // guarded by mu; whose channel is wanted
	listens bool          // guarded by mu; All is wanted
	closed  bool          // guarded by mu
	ups     int           // guarded by mu; counts every Up and Down of the link
	met     chan struct{} // guarded by mu; of a guest that listens: closed when it knows the others
	meeting *time.Timer   // guarded by mu; closes met; nil: it is closed, or nobody was asked yet
}

// Open makes a process a Node of a cluster, which takes nothing before Begin. Close
// ends it.
func Open(b broker.Broker, o NodeOptions) (*Node, error) {
	n := &Node{o: o, views: sync.Pool{New: func() any { return new(View) }}}
	link, err := b.Open(o.Cluster, (*ear)(n))
	if err != nil {
		return nil, err
	}
	n.link = link
	n.interest = NewInterest(link, InterestOptions{Hold: o.Hold, Linger: o.Linger, Failed: o.Failed})
	n.courier = NewCourier(link, CourierOptions{
		Messages: o.QueueMessages, Bytes: o.QueueBytes, Age: o.QueueTime, Patience: o.QueueTime, Dropped: o.Dropped,
	})
	if n.keeper, _ = link.(broker.Keeper); n.keeper != nil {
		n.keeps = NewKeeps(n.keeper, KeepsOptions{Messages: o.QueueMessages, Bytes: o.QueueBytes, Age: o.QueueTime, Failed: o.Unkept})
	}
	n.questions = NewQuestions(QuestionsOptions{})
	n.members = NewMembers(o.Self, MembersOptions{
		Heartbeat: o.Heartbeat, Guest: o.Guest,
		Send:      func(packet []byte) { n.courier.SendVital(All, packet) },
		Reset:     n.reset,
		Joined:    o.Joined,
		Gone:      n.gone,
		BaseTaken: n.baseTaken,
	})
	if !o.Guest {
		n.listen()
	}
	return n, nil
}

// listen wants the channels that every node hears. A guest does so with its first
// question.
func (n *Node) listen() (first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listens || n.closed {
		return false
	}
	n.listens, n.base, n.met = true, n.o.Self.Base(), make(chan struct{})
	n.interest.Want(All, nil)
	n.interest.Want(NodeChannel(n.base), nil)
	return true
}

// Begin has the Node take what comes, and say what the Link has said until now.
func (n *Node) Begin() {
	n.saying.Lock()
	defer n.saying.Unlock()
	n.ready.Store(true)
	if n.early != nil {
		n.early()
		n.early = nil
	}
}

// Keeper returns what keeps messages; nil if nothing does.
func (n *Node) Keeper() broker.Keeper { return n.keeper }

// Keep has messages kept; as Keeps.Put. There must be a Keeper.
func (n *Node) Keep(all []ToKeep, goesOn bool) error { return n.keeps.Put(all, goesOn) }

// Interest returns the channels that are needed here.
func (n *Node) Interest() *Interest { return n.interest }

// MaxMessage returns how long a packet may be.
func (n *Node) MaxMessage() int { return min(n.link.MaxMessage(), MaxPacket) }

// Send queues a packet for a channel; as Courier.Send.
func (n *Node) Send(channel, event string, head, payload []byte) bool {
	return n.courier.Send(channel, event, head, payload)
}

// Knows reports whether there is another node whose connections have ids that
// begin with base. A guest that knows nobody yet says yes.
func (n *Node) Knows(base uint32) bool {
	if _, ok := n.members.Knows(base); ok {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.o.Guest && !n.listens
}

// Others returns the other members, by ID.
func (n *Node) Others() []Peer { return n.members.Others() }

// Member reports whether a node is a member, as far as is known. It takes no lock.
func (n *Node) Member(id uint64) bool { return n.members.Has(id) }

// IDs returns the ids of the other members, and Unknown if they are not known yet.
func (n *Node) IDs() []uint64 {
	ids := n.members.IDs()
	if !n.members.Settled() {
		ids = append(ids, Unknown)
	}
	return ids
}

// Settled reports whether the others are known, as far as they answer, and speak a
// language that this node understands.
func (n *Node) Settled() bool { return n.members.Settled() && n.Fits() }

// Understands reports whether another node and this one have a layout in common.
func (n *Node) Understands(p *Peer) bool { return n.members.understands(p) }

// Fits reports whether this node has a layout in common with all that are older.
func (n *Node) Fits() bool {
	_, fits := n.members.Layouts()
	return fits
}

// Tell has the others know soon of what has changed here.
func (n *Node) Tell() { n.members.Tell() }

// Numbers are what a Node has counted.
type Numbers struct {
	Up               bool
	Others, Channels int
	Outages          uint64
	Received         uint64
	Lost             uint64
	Unknown          uint64
	Malformed        uint64
	Resets           uint64
	Unconfirmed      uint64
	Carried          Carried
	Kept             KeptNumbers
}

// Numbers returns them.
func (n *Node) Numbers() Numbers {
	channels, unconfirmed := n.interest.Count()
	var kept KeptNumbers
	if n.keeps != nil {
		kept = n.keeps.Numbers()
	}
	return Numbers{
		Up: n.up.Load(), Others: n.members.Count(), Channels: channels, Outages: n.outages.Load(), Received: n.received.Load(),
		Lost: n.lost.Load(), Unknown: n.unknown.Load(), Malformed: n.malformed.Load(), Resets: n.resets.Load(),
		Unconfirmed: unconfirmed, Carried: n.courier.Numbers(), Kept: kept,
	}
}

// Close says bye, sends what waits, and ends all that Open has begun. When ctx ends
// first the rest is dropped, and unsent says why; err is the Link's.
func (n *Node) Close(ctx context.Context) (unsent, err error) {
	n.mu.Lock()
	n.closed = true
	if n.meeting != nil && n.meeting.Stop() {
		close(n.met)
	}
	n.mu.Unlock()
	n.members.Close(n.up.Swap(false)) // without a link there is nobody to say bye to
	n.interest.Close()
	n.questions.Down()
	unsent = n.courier.Close(ctx)
	if n.keeps != nil {
		unsent = cmp.Or(unsent, n.keeps.Close(ctx))
	}
	return unsent, n.link.Close(ctx)
}

func (n *Node) reset() {
	n.resets.Add(1)
	n.o.Reset()
	n.link.Reset()
}

func (n *Node) gone(p Peer, left bool) {
	n.questions.Gone(p.ID, left)
	n.o.Gone(p, left)
}

// Ask sends what pack makes to all other members, and returns what they answer until
// ctx ends: head and payload of a packet that has this Request and this Base. first
// says that it overtakes what waits for the engine. The error is pack's, and then
// nothing was sent.
func (n *Node) Ask(ctx context.Context, event string, first bool, pack func(request uint64, base uint32) (head, payload []byte, err error)) (Answers, error) {
	known := n.meet(ctx)
	var failed error
	answers := n.questions.Ask(ctx, n.members.IDs, func(request uint64) bool {
		head, payload, err := pack(request, n.o.Self.Base())
		switch {
		case err != nil:
			failed = err
			return false
		case first:
			return request != 0 && n.courier.SendFirst(All, head)
		}
		return n.courier.Send(All, event, head, payload)
	})
	if !known {
		answers.Missing = slices.Insert(answers.Missing, 0, Unknown)
	}
	return answers, failed
}

// Unknown stands, among those who have not answered, for members that this node does
// not know yet: its link was not up, or not for long enough.
const Unknown = 0

// meet has the others be known before a question, if that is a matter of moments: a
// guest asks for them before its first one, and a node that has just begun waits;
// neither does while the link is down. It reports whether they are known, as far as they answer.
func (n *Node) meet(ctx context.Context) bool {
	if !n.o.Guest {
		n.settle(ctx)
		return n.members.Settled()
	}
	if n.listen() && n.up.Load() {
		n.whenHeard()
	}
	n.mu.Lock()
	met, without := n.met, n.closed || n.ups > 0 && !n.up.Load()
	n.mu.Unlock()
	if without {
		return false
	}
	select {
	case <-met:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle waits until the others are known, for as long as the link is up.
func (n *Node) settle(ctx context.Context) {
	for n.up.Load() {
		wait := n.members.Settles()
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(min(wait, settling/10)) // the link may break meanwhile
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// whenHeard begins with what needs All, when what is sent there comes here, or may:
// a member says hello, and a guest asks who is there. If the link has broken
// meanwhile that begins with the next Up.
func (n *Node) whenHeard() {
	n.mu.Lock()
	ups := n.ups
	n.mu.Unlock()
	settled := func(bool) {
		n.interest.Drop(All)
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.ups != ups || n.closed {
			return
		}
		n.members.Up()
		if n.o.Guest && n.meeting == nil && n.met != nil {
			n.members.Ask()
			n.meeting = time.AfterFunc(meetingTime, func() { close(n.met) })
		}
	}
	if !n.interest.Want(All, settled) {
		settled(true)
	}
}

// meetingTime is how long a guest waits for the others to say that they are there,
// which they do within answering.
const meetingTime = answering + 150*time.Millisecond

// Answer answers a packet that has a Request.
func (n *Node) Answer(v *View, answer []byte) {
	if n.o.Guest {
		return // nobody waits for it
	}
	p := Packet[uint64]{Kind: Answer, From: n.o.Self.ID, Request: v.Request, Asks: v.Asks}
	n.reply(v, &p, answer)
}

// Refuse says that this release does not know what another node asks.
func (n *Node) Refuse(v *View) {
	if n.o.Guest {
		return
	}
	n.reply(v, &Packet[uint64]{Kind: Answer, From: n.o.Self.ID, Request: v.Request, Asks: v.Asks, Refusal: true}, nil)
}

func (n *Node) reply(v *View, p *Packet[uint64], answer []byte) {
	to := NodeChannel(v.Base)
	p.Split(answer, min(MaxPart, n.MaxMessage()-headLength-64), func(p *Packet[uint64]) bool {
		data, err := p.Append(nil)
		return err == nil && n.courier.SendFirst(to, data)
	})
}

// baseTaken takes another base, if there are no connections, or says what is wrong.
func (n *Node) baseTaken(other Peer, move bool) {
	if !move {
		n.o.BaseTaken(other)
		return
	}
	n.o.Rebase()
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := n.o.Self.Base(); n.listens && now != n.base {
		n.interest.Want(NodeChannel(now), nil)
		n.interest.Drop(NodeChannel(n.base))
		n.base = now
	}
}
