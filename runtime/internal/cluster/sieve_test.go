package cluster

import (
	"testing"

	"github.com/wsgen/wsgen/runtime/broker"
)

var _ broker.Sieve = (*ear)(nil)

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
	}
}
