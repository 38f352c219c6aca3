package frame

import "encoding/binary"

// AppendMasked appends a frame of a client's, which is a whole message or a control
// frame. mask is what it is masked with: a server that is attacked through a client
// must not know it before (RFC 6455, sections 5.3 and 10.3). The payload of a control
// frame has at most 125 bytes.
func AppendMasked(dst []byte, op byte, payload []byte, mask uint32) []byte {
	const masked = 0x80
	dst = append(dst, FinBit|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, masked|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, masked|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, masked|127), uint64(n))
	}
	dst = binary.LittleEndian.AppendUint32(dst, mask)
	start := len(dst)
	dst = append(dst, payload...)
	xor(dst[start:], uint64(mask)<<32|uint64(mask))
	return dst
}

// xor masks eight bytes at a time.
func xor(p []byte, mask uint64) {
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^mask)
	}
	for i := range p {
		p[i] ^= byte(mask >> (8 * i))
	}
}
