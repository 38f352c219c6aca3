package wstest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Frame is a frame of a WebSocket (RFC 6455, section 5.2), without its length
// and its mask.
type Frame struct {
	// First is the first byte: FIN, the reserved bits, and the opcode. The
	// constants of this package are those of frames that are whole.
	First   byte
	Payload []byte
}

// First bytes of frames that are whole. The fragments of a message begin with
// Text &^ Fin, or Binary, and end with Fin.
const (
	Fin    byte = 0x80
	Text   byte = Fin | 0x1
	Binary byte = Fin | 0x2
	Close  byte = Fin | 0x8
	Ping   byte = Fin | 0x9
	Pong   byte = Fin | 0xa
)

// Masked returns the frame as a client sends it, masked (section 5.3). What no
// client may send can be made of it, and sent by Conn.SendBytes.
func (f Frame) Masked() []byte {
	mask := [4]byte{1, 2, 3, 4}
	out := []byte{f.First}
	switch n := len(f.Payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	out = append(out, mask[:]...)
	for i, b := range f.Payload {
		out = append(out, b^mask[i%4])
	}
	return out
}

// String is how a transcript shows the frame.
func (f Frame) String() string {
	switch f.First {
	case Text:
		return cut(string(f.Payload))
	case Close:
		if len(f.Payload) < 2 {
			return "Close"
		}
		return fmt.Sprintf("Close %d %s", binary.BigEndian.Uint16(f.Payload), f.Payload[2:])
	case Ping:
		return fmt.Sprintf("Ping %q", f.Payload)
	case Pong:
		return fmt.Sprintf("Pong %q", f.Payload)
	}
	return fmt.Sprintf("frame %#x %s", f.First, cut(fmt.Sprintf("%q", f.Payload)))
}

// cut shortens a text that would hide the others of a transcript.
func cut(text string) string {
	const most = 300
	if len(text) <= most {
		return text
	}
	end := most
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:end], len(text))
}

// split returns the first frame of what a server sent, and the rest; false if it
// is not all there.
func split(b []byte) (f Frame, rest []byte, whole bool) {
	if len(b) < 2 {
		return f, b, false
	}
	n, at := uint64(b[1]&0x7f), 2
	switch {
	case n == 126 && len(b) >= 4:
		n, at = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case n == 127 && len(b) >= 10:
		n, at = binary.BigEndian.Uint64(b[2:]), 10
	case n >= 126:
		return f, b, false
	}
	if uint64(len(b)-at) < n {
		return f, b, false
	}
	end := at + int(n)
	return Frame{b[0], append([]byte(nil), b[at:end]...)}, b[end:], true
}

// closing returns a Close frame.
func closing(code uint16, reason string) Frame {
	return Frame{Close, append(binary.BigEndian.AppendUint16(nil, code), reason...)}
}
