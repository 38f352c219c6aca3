package ws

import (
	"encoding/binary"
	"fmt"
)

// frameGuard checks the header of every frame a client sends, before gws acts
// on it: gws 1.9.1 reads a 64-bit length with the top bit set as a negative
// number and panics outside its own recovery, and lets some headers pass that
// RFC 6455, section 5.2, forbids. It sees the byte stream in pieces of any size.
type frameGuard struct {
	left   uint32 // bytes of the current payload that have not come
	header [14]byte
	have   uint8 // bytes of header
	state  guardState
}

// guardState is what the guard knows beyond the frame at hand; bits, since
// every connection has one.
type guardState uint8

const (
	guardDeflate    guardState = 1 << iota // permessage-deflate is agreed on
	guardFragmented                        // a message has begun and not ended
)

// frameError is a frame that a client must not send.
type frameError struct {
	code CloseCode
	text string
}

func (e *frameError) Error() string { return "ws: " + e.text }

// check returns how many bytes of p are sound. If that is not all, bad says
// why, and the rest must not be read. limit is that of a payload,
// below 4 GiB.
func (g *frameGuard) check(p []byte, limit uint64) (sound int, bad *frameError) {
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
		n, err := g.frame(limit)
		if err != nil {
			return sound, err
		}
		g.left, g.have = uint32(n), 0
		sound = i
	}
	return len(p), nil
}

// size returns the length of the header, from its first two bytes.
func (g *frameGuard) size() int {
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

// frame judges a complete header and returns the payload's length.
func (g *frameGuard) frame(limit uint64) (uint64, *frameError) {
	first, second := g.header[0], g.header[1]
	op, n := first&0x0f, uint64(second&0x7f)
	shortest := uint64(0) // that this form of the length is for
	switch n {
	case 126:
		n, shortest = uint64(binary.BigEndian.Uint16(g.header[2:])), 126
	case 127:
		n, shortest = binary.BigEndian.Uint64(g.header[2:]), 1<<16
	}
	switch {
	case first&rsvBits != 0 && !g.compressed(first):
		return 0, protocolError("reserved bit set")
	case second&0x80 == 0:
		return 0, protocolError("frame not masked")
	case op > opBinary && op < opClose || op > opPong:
		return 0, protocolError(fmt.Sprintf("unknown opcode %d", op))
	case op >= opClose && (first&finBit == 0 || second&0x7f > 125):
		return 0, protocolError("control frame fragmented or longer than 125 bytes")
	case n >= 1<<63:
		return 0, protocolError("frame length out of range")
	case n < shortest:
		return 0, protocolError("frame length not in its shortest form")
	case op == opContinuation && g.state&guardFragmented == 0:
		return 0, protocolError("continuation of no message")
	case (op == opText || op == opBinary) && g.state&guardFragmented != 0:
		return 0, protocolError("message inside a fragmented message")
	case n > limit:
		return 0, &frameError{CloseTooLarge, fmt.Sprintf("too_large: a message has at most %d bytes", limit)}
	}
	if op < opClose {
		g.state &^= guardFragmented
		if first&finBit == 0 {
			g.state |= guardFragmented
		}
	}
	return n, nil
}

// compressed reports whether the reserved bits are those of a message that may
// be compressed: the first bit, on its first frame.
func (g *frameGuard) compressed(first byte) bool {
	op := first & 0x0f
	return g.state&guardDeflate != 0 && first&rsvBits == rsv1Bit && (op == opText || op == opBinary)
}

func protocolError(text string) *frameError {
	return &frameError{CloseProtocol, "protocol: " + text}
}
