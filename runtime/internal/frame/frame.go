// Package frame is what bytes on the wire look like: the headers of RFC 6455,
// section 5, control frames, close codes, the guard of incoming headers, and a
// message's compressed twin (RFC 7692). It has no state but what a caller keeps,
// and knows nothing of connections.
package frame

import "encoding/binary"

// The opcodes and bits of a frame's first byte (RFC 6455, section 5.2).
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xA
	FinBit         = 0x80
	RSV1Bit        = 0x40 // of a message that is compressed (RFC 7692, section 6)
	rsvBits        = 0x70
)

// HeadRoom is the length of the longest header of a server's frame. A payload
// that is encoded in place keeps it free in front.
const HeadRoom = len(NoHeader)

// NoHeader is head room to append a payload to.
const NoHeader = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// Seal writes the header of a text frame into the head room of buf, and returns
// the frame. The frame shares buf's memory.
func Seal(buf []byte) []byte {
	n := len(buf) - HeadRoom
	var start int
	switch {
	case n < 126:
		start = HeadRoom - 2
		buf[start+1] = byte(n)
	case n < 1<<16:
		start = HeadRoom - 4
		buf[start+1] = 126
		binary.BigEndian.PutUint16(buf[start+2:], uint16(n))
	default:
		start = 0
		buf[start+1] = 127
		binary.BigEndian.PutUint64(buf[start+2:], uint64(n))
	}
	buf[start] = FinBit | OpText
	return buf[start:]
}

// headerLen returns the length of a server's frame header.
func headerLen(frame []byte) int {
	switch frame[1] {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// Payload returns the payload of a server's frame, which is whole.
func Payload(frame []byte) []byte { return frame[headerLen(frame):] }

// Control returns a Ping, Pong or Close frame. The payload has at most 125 bytes.
func Control(op byte, payload []byte) []byte {
	frame := make([]byte, 2, 2+len(payload))
	frame[0], frame[1] = FinBit|op, byte(len(payload))
	return append(frame, payload...)
}

// Text returns a text frame in memory of its own.
func Text(text string) []byte {
	buf := make([]byte, HeadRoom, HeadRoom+len(text))
	return Seal(append(buf, text...))
}
