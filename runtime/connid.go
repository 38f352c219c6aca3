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
	base uint64
	last atomic.Uint64
}

const counterBits = 40

func newIDs() ids { return ids{base: rand.Uint64() >> counterBits << counterBits} }

// node returns the digits that all ids begin with.
func (n *ids) node() string { return ConnID(n.base).String()[:(64-counterBits)/4] }

func (n *ids) next() ConnID {
	return ConnID(n.base | n.last.Add(1)&(1<<counterBits-1))
}
