package frame

import "encoding/binary"

// Whole returns the payload of a text frame that is a message and all there, and
// the size of the frame; 0 if p does not begin with one.
func Whole(p []byte) (payload []byte, size int) {
	const mask = 4 // which is never missing
	if len(p) < 2 || p[0] != FinBit|OpText {
		return nil, 0
	}
	head, n := 2, int(p[1]&0x7f)
	switch {
	case n == 127: // longer than a caller reads at once
		return nil, 0
	case n == 126 && len(p) < 4:
		return nil, 0
	case n == 126:
		head, n = 4, int(binary.BigEndian.Uint16(p[2:]))
	}
	if size = head + mask + n; size > len(p) {
		return nil, 0
	}
	return p[head+mask : size], size
}

// Unmask masks or unmasks a payload (RFC 6455, section 5.3).
func Unmask(p []byte, mask [4]byte) {
	m := uint64(binary.LittleEndian.Uint32(mask[:]))
	xor(p, m<<32|m)
}
