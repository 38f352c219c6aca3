package ws

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"sync/atomic"
)

// ConnID names one connection of one Server. It is never reused, and cannot be
// guessed from another Server's: its high bits are random. As text it is 16
// hexadecimal digits, since JavaScript cannot hold it as a number.
type ConnID uint64

var errConnID = errors.New("ws: a connection id has 16 hexadecimal digits")

// String returns the 16 digits.
func (id ConnID) String() string {
	text, _ := id.MarshalText()
	return string(text)
}

// MarshalText returns the 16 digits; it never fails.
func (id ConnID) MarshalText() ([]byte, error) {
	raw := [8]byte{byte(id >> 56), byte(id >> 48), byte(id >> 40), byte(id >> 32), byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}
	return hex.AppendEncode(nil, raw[:]), nil
}

// UnmarshalText reads the 16 digits that MarshalText writes, and fails on
// anything else.
func (id *ConnID) UnmarshalText(text []byte) error {
	var raw [8]byte
	if len(text) != 16 {
		return errConnID
	}
	if _, err := hex.Decode(raw[:], text); err != nil {
		return errConnID
	}
	*id = 0
	for _, b := range raw {
		*id = *id<<8 | ConnID(b)
	}
	return nil
}

// ids hands out the ids of one Server: 24 random bits, then a counter.
type ids struct {
	base   atomic.Uint64 // changes only while there are none
	digits atomic.Pointer[string]
	last   atomic.Uint64
}

const counterBits = 40

// renew chooses other bits to begin with.
func (n *ids) renew() {
	n.base.Store(rand.Uint64() >> counterBits << counterBits)
	digits := nodeDigits(n.first())
	n.digits.Store(&digits)
}

// first returns the bits that all ids begin with, as a number.
func (n *ids) first() uint32 { return ConnID(n.base.Load()).node() }

// node returns the digits that all ids begin with.
func (n *ids) node() string { return *n.digits.Load() }

// nodeDigits returns the digits that the ids of a node's connections begin with.
func nodeDigits(first uint32) string {
	return (ConnID(first) << counterBits).String()[:(64-counterBits)/4]
}

func (n *ids) next() ConnID {
	return ConnID(n.base.Load() | n.last.Add(1)&(1<<counterBits-1))
}

// node returns the bits that name the node of a connection: all ids that it hands
// out begin with them.
func (id ConnID) node() uint32 { return uint32(id >> counterBits) }
