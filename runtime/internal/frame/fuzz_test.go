package frame

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// This file holds the parsers between a peer and the rest to others that were
// written for these tests: slow, simple, and from the standard's text.

// FuzzFrames holds Guard to a parser that takes one frame after the other off a
// stream that is all there.
func FuzzFrames(f *testing.F) {
	frame := func(first byte, n int) []byte {
		return append([]byte{first, 0x80 | byte(n), 1, 2, 3, 4}, make([]byte, n)...)
	}
	for _, deflate := range []bool{false, true} {
		f.Add(slices.Concat(frame(0x81, 5), frame(0x89, 0), frame(0x88, 2)), deflate)
		f.Add(slices.Concat(frame(0x01, 5), frame(0x89, 0), frame(0x00, 0), frame(0x80, 2), frame(0xc1, 1)), deflate)
		f.Add(slices.Concat(frame(0x41, 5), frame(0x80, 0), frame(0x80, 0)), deflate)
		f.Add(slices.Concat(frame(0x01, 5), frame(0x81, 0)), deflate)
		f.Add([]byte{0x81, 0xfe, 0, 126, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x81, 0xfe, 0, 125, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x8a, 0x7d}, deflate)
	}
	const limit = 1000
	f.Fuzz(func(t *testing.T, stream []byte, deflate bool) {
		g := Guard{}
		sound, bad := g.Check(stream, limit, deflate)
		wantSound, wantCode := framesByTheBook(stream, limit, deflate)
		code := CloseCode(0)
		if bad != nil {
			code = bad.Code
		}
		if code != wantCode || bad != nil && sound != wantSound || bad == nil && sound != len(stream) {
			t.Fatalf("%x: %d bytes sound, then %v; want %d, then %d", stream, sound, bad, wantSound, wantCode)
		}
	})
}

// framesByTheBook returns where the first frame begins that must not be, and the
// close code for it: 0 if there is none as far as the stream goes.
func framesByTheBook(stream []byte, limit uint64, deflate bool) (at int, code CloseCode) {
	message := false // has begun
	for at < len(stream) {
		s := stream[at:]
		if len(s) < 2 {
			return at, 0
		}
		fin, rsv1, rsv23, op := s[0]>>7 == 1, s[0]>>6&1 == 1, s[0]>>4&3, s[0]&15
		masked, n := s[1]>>7 == 1, uint64(s[1]&127)
		head := map[uint64]int{126: 4, 127: 10}[n]
		if head == 0 {
			head = 2
		}
		whole := head
		if masked {
			whole += 4
		}
		if len(s) < whole {
			return at, 0
		}
		short := n < 126
		if !short {
			n = 0
			for _, b := range s[2:head] {
				n = n<<8 | uint64(b)
			}
		}
		control := op == OpClose || op == OpPing || op == OpPong
		first := op == OpText || op == OpBinary
		legal := masked && rsv23 == 0 && // 5.2, 5.3
			(!rsv1 || deflate && first) && // RFC 7692, 6
			(control || first || op == OpContinuation) && // 5.2
			(!control || fin && short) && // 5.5
			(short || head == 4 && n > 125 || head == 10 && n > 65535 && n < 1<<63) && // 5.2
			(!first || !message) && (op != OpContinuation || message) // 5.4
		if !legal {
			// A frame that is both too long and illegal has either code.
			return at, CloseProtocol
		}
		if n > limit {
			return at, CloseTooLarge
		}
		if first || op == OpContinuation {
			message = !fin
		}
		if uint64(len(s)-whole) < n {
			return at, 0
		}
		at += whole + int(n)
	}
	return at, 0
}

// FuzzCloseFrame: whatever the code and the reason, the frame is a Close that a
// peer has to take.
func FuzzCloseFrame(f *testing.F) {
	f.Add(uint16(1000), "")
	f.Add(uint16(1005), "x")
	f.Add(uint16(4000), strings.Repeat("ä\xff", 100))
	f.Fuzz(func(t *testing.T, code uint16, reason string) {
		frame := Close(CloseCode(code), reason)
		if frame[0] != FinBit|OpClose || len(frame) > 127 || int(frame[1]) != len(frame)-2 {
			t.Fatalf("%x", frame)
		}
		if payload := frame[2:]; len(payload) > 0 {
			sent := CloseCode(binary.BigEndian.Uint16(payload))
			if !Sendable(sent) || !bytes.Equal(payload[2:], bytes.ToValidUTF8(payload[2:], nil)) {
				t.Fatalf("%x", frame)
			}
		}
	})
}
