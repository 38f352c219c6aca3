package cluster

import (
	"encoding/binary"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// ear is a Node as its Link knows it.
type ear Node

// Up implements broker.Receiver.
func (e *ear) Up() { e.say((*Node)(e).linkUp) }

// Down implements broker.Receiver.
func (e *ear) Down(cause error) { e.say(func() { (*Node)(e).linkDown(cause) }) }

// say calls f, as soon as the Node is there.
func (e *ear) say(f func()) {
	e.saying.Lock()
	defer e.saying.Unlock()
	if e.ready.Load() {
		f()
	} else {
		e.early = f
	}
}

// Lost implements broker.Receiver.
func (e *ear) Lost(lost int, channels ...string) {
	e.lost.Add(uint64(lost))
	if e.ready.Load() {
		e.o.Lost(lost, channels)
	}
}

// Needs implements broker.Sieve: a node does not need its own pushes, which make up
// most of what it gets from itself, but for those that are kept. Other packets of its
// own are signs of life.
func (e *ear) Needs(d broker.Delivery) bool {
	data := d.Data
	return isKept(&d) || len(data) < headLength || data[0] != magic || Kind(data[2]) != Push || binary.BigEndian.Uint64(data[4:]) != e.o.Self.ID
}

// Light implements broker.Sieve: a push to a few connections is light.
func (e *ear) Light(d broker.Delivery) bool {
	n := (*Node)(e)
	if !n.ready.Load() || isKept(&d) {
		return false
	}
	v := n.view()
	defer n.put(v)
	return v.Parse(d.Data) == nil && v.Kind == Push && v.Request == 0 && n.o.Light(v)
}

// isKept reports whether the engine keeps a message.
func isKept(d *broker.Delivery) bool { return d.At.Epoch != "" }

// view returns a View, which put takes back.
func (n *Node) view() *View { return n.views.Get().(*View) }

func (n *Node) put(v *View) {
	*v = View{} // it has parts of the packet
	n.views.Put(v)
}

// Deliver implements broker.Receiver.
func (e *ear) Deliver(d broker.Delivery) {
	n := (*Node)(e)
	if !n.ready.Load() {
		return // nothing is subscribed yet
	}
	v := n.view()
	defer n.put(v)
	err := v.Parse(d.Data)
	own := v.From == n.o.Self.ID
	if err == nil && (!own || isKept(&d)) && !v.cameBy(d.Channel, n.o.Self.Base()) {
		err = ErrMalformed
	}
	kept := isKept(&d)
	if err == nil && kept != (v.Log != nil) {
		err = ErrMalformed
	}
	if !steady.Is(err, ErrMalformed) && !kept { // what is kept may be of a node that is gone
		n.members.Heard(v)
	}
	if own && !kept {
		return
	}
	switch {
	case steady.Is(err, ErrUnknown):
		n.unknown.Add(1)
		n.o.Odd(v.From, err)
		if v.Request != 0 && v.Kind != Answer {
			n.Refuse(v)
		}
	case err != nil:
		n.malformed.Add(1)
		n.o.Odd(v.From, err)
	case kept:
		n.received.Add(1)
		n.o.Kept(d, v)
	case v.Kind == Answer:
		n.questions.Heard(v)
	case v.Kind != Heartbeat && v.Kind != Bye:
		n.received.Add(1)
		n.o.Take(d.Channel, v)
	}
}

// linkUp takes that the link works.
func (n *Node) linkUp() {
	n.up.Store(true)
	n.mu.Lock()
	n.ups++
	listens := n.listens
	n.mu.Unlock()
	n.interest.Up()
	n.courier.Up()
	if n.keeps != nil {
		n.keeps.Up()
	}
	n.questions.Up()
	n.o.Up()
	if listens {
		n.whenHeard()
	}
}

// linkDown takes that the link has broken, or could not be made.
func (n *Node) linkDown(cause error) {
	if n.up.Swap(false) {
		n.outages.Add(1)
	}
	n.mu.Lock()
	n.ups++
	n.members.Down()
	n.mu.Unlock()
	n.interest.Down()
	if n.keeps != nil {
		n.keeps.Down()
	}
	n.questions.Down()
	n.o.Down(cause)
}
