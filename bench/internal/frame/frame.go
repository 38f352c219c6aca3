// Package frame cuts and builds WebSocket frames for the raw client: no
// allocation, no state.
package frame

import (
	"encoding/binary"

	"github.com/wsgen/wsgen/bench/internal/clock"
)

// Opcodes of RFC 6455, section 5.2.
const (
	Text   = 0x1
	Binary = 0x2
	Close  = 0x8
	Ping   = 0x9
	Pong   = 0xA
)

// Header is the front of a server's frame, which is never masked.
type Header struct {
	Opcode byte
	Fin    bool
	Length int // of the payload
}

// Cut reads a header from the front of b and returns its length; 0 while b is
// too short to tell.
func Cut(b []byte) (Header, int) {
	if len(b) < 2 {
		return Header{}, 0
	}
	h := Header{Opcode: b[0] & 0x0F, Fin: b[0]&0x80 != 0, Length: int(b[1] & 0x7F)}
	switch {
	case h.Length < 126:
		return h, 2
	case h.Length == 126 && len(b) >= 4:
		h.Length = int(binary.BigEndian.Uint16(b[2:]))
		return h, 4
	case h.Length == 127 && len(b) >= 10:
		h.Length = int(binary.BigEndian.Uint64(b[2:]))
		return h, 10
	}
	return Header{}, 0
}

// key masks every frame of the raw client. It is no secret here; it is not
// zero, so that a server has its unmasking to do.
func key() [4]byte { return [4]byte{0x37, 0xfa, 0x21, 0x3d} }

// Append appends a final, masked frame.
func Append(dst []byte, opcode byte, payload []byte) []byte {
	k := key()
	dst = append(dst, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|127), uint64(n))
	}
	dst = append(dst, k[:]...)
	for i, c := range payload {
		dst = append(dst, c^k[i&3])
	}
	return dst
}

// Template is a masked frame whose stamp can be renewed in place.
type Template struct {
	frame  []byte
	digits int // where the stamp begins in frame
	phase  int // where it begins in the payload, modulo 4: its place in the key
}

// NewTemplate makes a text frame of payload, whose stamp begins at the index
// digits; a negative index means that it has none.
func NewTemplate(payload []byte, digits int) Template {
	f := Append(nil, Text, payload)
	return Template{frame: f, digits: len(f) - len(payload) + digits, phase: digits}
}

// Append appends the frame with stamp in it.
func (t Template) Append(dst []byte, stamp int64) []byte {
	n := len(dst)
	dst = append(dst, t.frame...)
	if t.phase < 0 {
		return dst
	}
	k := key()
	at := dst[n+t.digits : n+t.digits+clock.Digits]
	clock.Put(at, stamp)
	for i := range at {
		at[i] ^= k[(t.phase+i)&3]
	}
	return dst
}

// Len is the length of the frame.
func (t Template) Len() int { return len(t.frame) }
