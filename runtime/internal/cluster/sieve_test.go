package cluster

import (
	"sync"
	"testing"

	"github.com/wsgen/wsgen/runtime/broker"
)

var _ broker.Sieve = (*ear)(nil)

// TestLight: a push is light if the runtime says so, and nothing else ever is.
func TestLight(t *testing.T) {
	n := &Node{views: sync.Pool{New: func() any { return new(View) }}}
	n.o.Light = func(v *View) bool { return v.From == 7 }
	light := func(p Packet[uint64]) bool {
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return (*ear)(n).Light(broker.Delivery{Channel: All, Data: append(b, textFrame(2)...)})
	}
	push := Packet[uint64]{Kind: Push, From: 7, Target: ToAll, Event: "said"}
	if light(push) {
		t.Error("light before the node is there")
	}
	n.ready.Store(true)
	if !light(push) {
		t.Error("a push to few is not light")
	}
	if kept, _ := push.Append(nil); (*ear)(n).Light(broker.Delivery{Channel: All, Data: append(kept, textFrame(2)...), At: broker.Position{Epoch: "e", Offset: 1}}) {
		t.Error("a push that is kept is light")
	}
	if push.From = 8; light(push) {
		t.Error("a push to many is light")
	}
	if light(Packet[uint64]{Kind: Join, From: 7, Target: ToAll, Room: "r"}) {
		t.Error("a join is light")
	}
	if light(Packet[uint64]{Kind: Push, From: 7, Target: ToAll, Event: "said", Request: 1, Base: 2}) {
		t.Error("a push that is to be answered is light")
	}
	if (*ear)(n).Light(broker.Delivery{Channel: All, Data: []byte("XX")}) {
		t.Error("what is no packet is light")
	}
}

// TestNeeds: a node does not need its own pushes, and all else.
func TestNeeds(t *testing.T) {
	n := &Node{o: NodeOptions{Self: Self{ID: 7}}}
	packet := func(kind Kind, from uint64) []byte {
		b, err := (&Packet[uint64]{Kind: kind, From: from, Target: ToAll}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		what  string
		data  []byte
		needs bool
	}{
		{"its own push", packet(Push, 7), false},
		{"another's push", packet(Push, 8), true},
		{"its own heartbeat", packet(Heartbeat, 7), true},
		{"a piece of its own push", packet(Push, 7)[:headLength-1], true},
		{"something else", []byte("XXXXXXXXXXXXXXXXXX"), true},
		{"nothing", nil, true},
	} {
		if got := (*ear)(n).Needs(broker.Delivery{Channel: All, Data: c.data}); got != c.needs {
			t.Errorf("%s: needed: %t", c.what, got)
		}
		if !(*ear)(n).Needs(broker.Delivery{Channel: All, Data: c.data, At: broker.Position{Epoch: "e", Offset: 1}}) {
			t.Errorf("%s: not needed, and kept", c.what)
		}
	}
}
