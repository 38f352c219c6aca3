package frame

import (
	"encoding/binary"
	"fmt"
)

// Guard checks the header of every frame that a client sends, before gws acts
// on it. gws 1.9.1 reads a 64-bit length with the top bit set as a negative
// number, and panics outside its own recovery. It also lets some headers pass
// that RFC 6455, section 5.2, forbids. The byte stream may come in pieces of
// any size. The zero Guard is ready.
type Guard struct {
	left   uint32 // bytes of the current payload that have not come
	header [14]byte
	have   uint8 // bytes of header

	fragmented bool // a message has begun and not ended
}

// Left returns how many bytes of the current payload have not come.
func (g *Guard) Left() int { return int(g.left) }

// Rests reports whether nothing has begun that is not over: neither a frame nor a
// message of several.
func (g *Guard) Rests() bool { return g.left == 0 && g.have == 0 && !g.fragmented }

// Skip notes that n more bytes of the current payload have come. n must not be
// more than Left.
func (g *Guard) Skip(n int) { g.left -= uint32(n) }

// Error says what is wrong with a frame that a client must not send, and with
// which code to close.
type Error struct {
	Code CloseCode
	Text string // begins with a word and a colon
}

func (e *Error) Error() string { return "ws: " + e.Text }

// Broken returns the Error of a frame that breaks the protocol.
func Broken(text string) *Error { return &Error{CloseProtocol, "protocol: " + text} }

// Check returns how many bytes of p are sound. If that is not all, bad says
// why, and the rest must not be read. limit is the length of the longest
// payload, below 4 GiB. deflate says that permessage-deflate is agreed on.
func (g *Guard) Check(p []byte, limit uint64, deflate bool) (sound int, bad *Error) {
	for i := 0; i < len(p); {
		if g.left > 0 {
			n := min(int64(g.left), int64(len(p)-i))
			g.left -= uint32(n)
			i += int(n)
			sound = i
			continue
		}
		g.header[g.have] = p[i]
		g.have++
		i++
		if g.have < 2 || int(g.have) < g.size() {
			continue
		}
		n, err := g.judge(limit, deflate)
		if err != nil {
			return sound, err
		}
		g.left, g.have = uint32(n), 0
		sound = i
	}
	return len(p), nil
}

// size returns the length of the header, from its first two bytes.
func (g *Guard) size() int {
	n := 2
	switch g.header[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if g.header[1]&0x80 != 0 {
		n += 4
	}
	return n
}

// judge checks a complete header and returns the payload's length.
func (g *Guard) judge(limit uint64, deflate bool) (uint64, *Error) {
	first, second := g.header[0], g.header[1]
	op, n := first&0x0f, uint64(second&0x7f)
	shortest := uint64(0) // the shortest length that this form is for
	switch n {
	case 126:
		n, shortest = uint64(binary.BigEndian.Uint16(g.header[2:])), 126
	case 127:
		n, shortest = binary.BigEndian.Uint64(g.header[2:]), 1<<16
	}
	switch {
	case first&rsvBits != 0 && !(deflate && compressed(first)):
		return 0, Broken("reserved bit set")
	case second&0x80 == 0:
		return 0, Broken("frame not masked")
	case op > OpBinary && op < OpClose || op > OpPong:
		return 0, Broken(fmt.Sprintf("unknown opcode %d", op))
	case op >= OpClose && (first&FinBit == 0 || second&0x7f > 125):
		return 0, Broken("control frame fragmented or longer than 125 bytes")
	case n >= 1<<63:
		return 0, Broken("frame length out of range")
	case n < shortest:
		return 0, Broken("frame length not in its shortest form")
	case op == OpContinuation && !g.fragmented:
		return 0, Broken("continuation of no message")
	case (op == OpText || op == OpBinary) && g.fragmented:
		return 0, Broken("message inside a fragmented message")
	case n > limit:
		return 0, &Error{CloseTooLarge, fmt.Sprintf("too_large: a message has at most %d bytes", limit)}
	}
	if op < OpClose {
		g.fragmented = first&FinBit == 0
	}
	return n, nil
}

// compressed reports whether the reserved bits are those of a message that may
// be compressed: the first bit, on its first frame.
func compressed(first byte) bool {
	op := first & 0x0f
	return first&rsvBits == RSV1Bit && (op == OpText || op == OpBinary)
}
