package contract_test

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// pongs reads what a client sends, the request first, and tells the count in each Pong
// (docs/reference/protocol.md, "Counting").
type pongs struct {
	tell   func(count uint64)
	framed bool   // behind the request
	rest   []byte // not read yet
}

func (p *pongs) read(more []byte) {
	p.rest = append(p.rest, more...)
	if !p.framed {
		end := []byte("\r\n\r\n")
		i := bytes.Index(p.rest, end)
		if i < 0 {
			return
		}
		p.framed = true
		p.rest = p.rest[i+len(end):]
	}
	for {
		frame, payload := maskedFrame(p.rest)
		if frame == 0 {
			return
		}
		const pong = 0x8a // final, of opcode 10 (RFC 6455, section 5.2)
		if p.rest[0] == pong && len(payload) == 8 {
			p.tell(binary.BigEndian.Uint64(payload))
		}
		p.rest = p.rest[frame:]
	}
}

// maskedFrame returns the length of the frame that b begins with, and its payload,
// unmasked; 0 if it is not whole (RFC 6455, sections 5.2 and 5.3).
func maskedFrame(b []byte) (frame int, payload []byte) {
	if len(b) < 2 {
		return 0, nil
	}
	length, header := int(b[1]&0x7f), 2
	switch {
	case length == 126 && len(b) >= 4:
		length, header = int(binary.BigEndian.Uint16(b[2:])), 4
	case length == 127 && len(b) >= 10:
		length, header = int(binary.BigEndian.Uint64(b[2:])), 10
	case length >= 126:
		return 0, nil
	}
	frame = header + 4 + length
	if len(b) < frame {
		return 0, nil
	}
	key := b[header : header+4]
	payload = bytes.Clone(b[header+4 : frame])
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return frame, payload
}

// TestPongs: the reader of Pongs finds them in pieces, behind other frames.
func TestPongs(t *testing.T) {
	var told []uint64
	p := pongs{tell: func(count uint64) { told = append(told, count) }}
	sent := "GET / HTTP/1.1\r\n\r\n" +
		"\x81\x82\x00\x00\x00\x00{}" + // text
		"\x8a\x88\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x05" + // 5, masked
		"\x81\xfe\x00\x80\x00\x00\x00\x00" + string(make([]byte, 128)) + // longer text
		"\x8a\x80\x00\x00\x00\x00" + // of another Ping
		"\x8a\x88\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"
	for i := range sent {
		p.read([]byte{sent[i]})
	}
	if len(told) != 2 || told[0] != 5 || told[1] != 256 {
		t.Errorf("told %v, and not 5 and 256", told)
	}
}
