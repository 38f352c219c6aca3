// Package memory carries messages between Servers of one process: for tests of
// programs that run on many nodes, without a port or an engine, also in a bubble
// of testing/synctest. Make the Broker in the bubble then.
//
//	cluster := memory.New()
//	one := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: cluster}})
//	two := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: cluster}})
//
// Its Links keep messages, too, as broker.Keeper has it: what is kept is lost with
// the Broker.
//
// It can be stopped and started as an engine can, can lose what it keeps, and single
// nodes can be cut off. For losses, delays and links that break by themselves there is
// brokertest.Faulty, which wraps it.
package memory

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Why a Link is down, as its Receiver is told.
var (
	errStopped = errors.New("memory: the engine was stopped")
	errCut     = errors.New("memory: the node was cut off")
	errReset   = errors.New("memory: the link was reset")
)

// MaxMessage is how many bytes a message may have: as many as NATS takes if its
// configuration says nothing, so that what is too large there is too large in
// tests.
const MaxMessage = 1 << 20

// Broker is an engine in memory, and the adapter to it. Make one with New. Its
// methods are safe for concurrent use. It has no goroutine of its own; those of a
// Link end with its Close.
type Broker struct {
	all Node // for Open

	mu      sync.Mutex
	stopped bool                 // guarded by mu
	heard   map[place][]*link    // guarded by mu; who is subscribed, up or down
	links   map[*link]struct{}   // guarded by mu; all that are open
	epochs  map[logName]string   // guarded by mu
	kept    map[shelf]*history   // guarded by mu
	bounds  broker.IntakeOptions // of each Link
}

// place is a channel of a cluster.
type place struct{ cluster, channel string }

// Node is a Broker for one node, which can be cut off from the others. Its
// methods are safe for concurrent use.
type Node struct {
	broker *Broker
	cut    bool // guarded by broker.mu
}

// New returns a Broker. Give the same to all Servers that shall hear each other.
func New() *Broker { return NewBounded(broker.IntakeOptions{}) }

// NewBounded is New with bounds for what waits in front of each node. Whatever
// finds no room there is lost, and told.
func NewBounded(bounds broker.IntakeOptions) *Broker {
	b := &Broker{
		heard: make(map[place][]*link), links: make(map[*link]struct{}),
		epochs: make(map[logName]string), kept: make(map[shelf]*history), bounds: bounds,
	}
	b.all.broker = b
	return b
}

// Open returns a Link to all others of the same name. It never fails.
func (b *Broker) Open(name string, r broker.Receiver) (broker.Link, error) {
	return b.all.Open(name, r)
}

// Node returns another way to the same engine.
func (b *Broker) Node() *Node { return &Node{broker: b} }

// Stop takes the engine away from all Links, until Start.
func (b *Broker) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.review(errStopped)
}

// Start gives the engine back. Subscriptions are as they were.
func (b *Broker) Start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = false
	b.review(nil)
}

// Open returns a Link to all others of the same name. It never fails.
func (n *Node) Open(name string, r broker.Receiver) (broker.Link, error) {
	b := n.broker
	l := &link{
		node: n, name: name, in: broker.NewIntake(r, b.bounds),
		asked: make(map[string]struct{}), closed: make(chan struct{}),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links[l] = struct{}{}
	switch {
	case b.stopped:
		l.in.Down(errStopped)
	case n.cut:
		l.in.Down(errCut)
	default:
		l.up = true
		l.in.Up()
	}
	return l, nil
}

// Cut takes the engine away from the Links that n has opened, until Heal.
func (n *Node) Cut() {
	n.broker.mu.Lock()
	defer n.broker.mu.Unlock()
	n.cut = true
	n.broker.review(errCut)
}

// Heal gives the engine back to them. Subscriptions are as they were.
func (n *Node) Heal() {
	n.broker.mu.Lock()
	defer n.broker.mu.Unlock()
	n.cut = false
	n.broker.review(nil)
}

// review tells the Links for which something has changed. The caller holds mu.
func (b *Broker) review(cause error) {
	for l := range b.links {
		switch now := l.reachable(); {
		case now && !l.up:
			l.up = true
			l.in.Up()
		case !now && l.up:
			l.up = false
			l.in.Down(cause)
		}
	}
}

// link is one node's way to the Broker.
type link struct {
	node  *Node
	name  string // of the cluster
	in    *broker.Intake
	up    bool                // guarded by Broker.mu
	asked map[string]struct{} // guarded by Broker.mu; the channels

	once   sync.Once
	closed chan struct{}
}

// reachable reports whether the engine is there for l. The caller holds mu.
func (l *link) reachable() bool { return !l.node.broker.stopped && !l.node.cut }

// ready returns why nothing can be done, or nil. The caller holds mu.
func (l *link) ready() error {
	select {
	case <-l.closed:
		return broker.ErrClosed
	default:
	}
	if !l.up {
		return broker.ErrDown
	}
	return nil
}

// Subscribe implements broker.Link. It never waits.
func (l *link) Subscribe(ctx context.Context, channels []string) error {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	err := l.ready()
	if err == broker.ErrClosed {
		return err
	}
	for _, c := range channels {
		if _, is := l.asked[c]; !is {
			l.asked[c] = struct{}{}
			at := place{l.name, c}
			b.heard[at] = append(b.heard[at], l)
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// Unsubscribe implements broker.Link. It never waits.
func (l *link) Unsubscribe(ctx context.Context, channels []string) error {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	err := l.ready()
	for _, c := range channels {
		l.forget(c)
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// forget ends the interest in a channel. The caller holds mu.
func (l *link) forget(channel string) {
	if _, is := l.asked[channel]; !is {
		return
	}
	delete(l.asked, channel)
	b, at := l.node.broker, place{l.name, channel}
	rest := slices.DeleteFunc(b.heard[at], func(other *link) bool { return other == l })
	if b.heard[at] = rest; len(rest) == 0 {
		delete(b.heard, at)
	}
}

// Publish implements broker.Link. It never waits. What a node publishes does not
// come back to it.
func (l *link) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, out := range batch {
		if err := l.ready(); err != nil {
			return i, err
		}
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if len(out.Data) > MaxMessage {
			return i, broker.ErrTooLarge
		}
		var data []byte // one copy for all: nobody changes it
		for _, to := range b.heard[place{l.name, out.Channel}] {
			if to == l || !to.up {
				continue
			}
			if data == nil {
				data = bytes.Clone(out.Data)
			}
			to.in.Put(broker.Delivery{Channel: out.Channel, Data: data})
		}
	}
	return len(batch), nil
}

// MaxMessage implements broker.Link.
func (*link) MaxMessage() int { return MaxMessage }

// Reset implements broker.Link.
func (l *link) Reset() {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.ready() == nil {
		l.in.Down(errReset)
		l.in.Up()
	}
}

// Close implements broker.Link.
func (l *link) Close(ctx context.Context) error {
	l.once.Do(l.leave)
	return l.in.Close(ctx)
}

// leave takes l out of the Broker.
func (l *link) leave() {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	close(l.closed)
	for c := range l.asked {
		l.forget(c)
	}
	delete(b.links, l)
	l.up = false
}
