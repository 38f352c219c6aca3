package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// sent is a server's frame.
func sent(opcode byte, payload []byte) []byte {
	b := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

// TestFramesSurviveAnyCut checks that every message is counted once, with its
// stamp, and that every ping is answered, however the stream is cut.
func TestFramesSurviveAnyCut(t *testing.T) {
	stamped := func(size int) []byte {
		payload, digits := frame.Message(false, "tick", 3, size)
		clock.Put(payload[digits:], clock.Now())
		return payload
	}
	var stream []byte
	messages, pings, bytes := 0, 0, 0
	for i := range 60 {
		switch i % 6 {
		case 0:
			stream = append(stream, sent(frame.Ping, make([]byte, i%126))...)
			pings++
			continue
		case 1:
			stream = append(stream, sent(frame.Text, stamped(70_000))...)
			bytes += 70_000
		case 2:
			stream = append(stream, sent(frame.Text, nil)...)
		default:
			stream = append(stream, sent(frame.Text, stamped(100+i))...)
			bytes += 100 + i
		}
		messages++
	}
	for _, most := range []int{1, 2, 7, 120, 200, 1000, 100_000, len(stream)} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			c := &client{conns: []conn{{fd: -1, state: open}}}
			rng := rand.New(rand.NewPCG(1, uint64(most)))
			for rest := stream; len(rest) > 0; {
				n := min(len(rest), 1+rng.IntN(most))
				c.take(0, rest[:n])
				rest = rest[n:]
			}
			if c.frames != messages || c.bytes != int64(bytes) {
				t.Errorf("%d messages of %d bytes, want %d of %d", c.frames, c.bytes, messages, bytes)
			}
			if stamps := messages - 10; c.seen.Total() != stamps { // the empty ones have none
				t.Errorf("%d stamps, want %d", c.seen.Total(), stamps)
			}
			pongs := 0
			for b := c.out; len(b) > 0; pongs++ {
				b = b[2+4+int(b[1]&0x7F):]
			}
			if pongs != pings {
				t.Errorf("%d pongs, want %d", pongs, pings)
			}
			if c.conns[0].held != 0 || c.conns[0].skip != 0 {
				t.Errorf("something is left over: %+v", c.conns[0])
			}
		})
	}
}

func TestSocketIOGreets(t *testing.T) {
	c := &client{conns: []conn{{fd: -1, state: greeting, socket: true}}}
	c.take(0, sent(frame.Text, []byte(`0{"sid":"a"}`)))
	if string(c.out) != string(frame.Append(nil, frame.Text, []byte("40"))) {
		t.Errorf("the opening is answered %x", c.out)
	}
	c.take(0, sent(frame.Text, []byte(`40{"sid":"b"}`)))
	if c.open != 1 || c.dial.done != 1 {
		t.Errorf("%d open, %d done", c.open, c.dial.done)
	}
	c.out = nil
	c.take(0, append(sent(frame.Text, []byte("2")), sent(frame.Text, []byte(`42["tick",{"at":1000000000000001}]`))...))
	if string(c.out) != string(frame.Append(nil, frame.Text, []byte("3"))) || c.frames != 1 {
		t.Errorf("a heartbeat is answered %x; %d messages", c.out, c.frames)
	}
}

func TestSessionGreets(t *testing.T) {
	dialed := func(head string) *client {
		c := &client{conns: []conn{{fd: -1, state: upgrading, session: true}}, heads: map[int][]byte{}, pending: map[int][]byte{0: nil}}
		c.take(0, []byte("HTTP/1.1 101 Switching Protocols\r\n"+head+"\r\n"))
		return c
	}
	for _, head := range []string{"", "Sec-WebSocket-Protocol: wsgen.v2.json\r\n", "X-Protocol: wsgen.v1.json\r\n"} {
		if c := dialed(head); c.failure == nil || len(c.pending) != 0 {
			t.Errorf("%q: failure %v, and %x was sent", head, c.failure, c.pending[0])
		}
	}
	c := dialed("Upgrade: websocket\r\nsec-websocket-protocol:wsgen.v1.json\r\n")
	if got := frame.Append(nil, frame.Text, []byte(`{"event":"$connect"}`)); string(c.pending[0]) != string(got) || c.open != 0 {
		t.Errorf("the upgrade is answered %x; %d are open", c.pending[0], c.open)
	}
	connected := sent(frame.Text, []byte(`{"event":"$connected","data":{"sid":"a","resumed":false,"seq":0,"heartbeatMs":25000,"maxBytes":65536}}`))
	for _, b := range connected { // however the stream is cut
		c.take(0, []byte{b})
	}
	if c.open != 1 || c.dial.done != 1 || c.frames != 0 || c.failure != nil {
		t.Errorf("%d open, %d done, %d messages, %v", c.open, c.dial.done, c.frames, c.failure)
	}
	count := binary.BigEndian.AppendUint64(nil, 7) // the answer acknowledges so many
	c.take(0, append(sent(frame.Text, []byte(`{"event":"tick","data":{"at":1000000000000001}}`)), sent(frame.Ping, count)...))
	if string(c.out) != string(frame.Append(nil, frame.Pong, count)) || c.frames != 1 || c.seen.Total() != 1 {
		t.Errorf("a ping is answered %x; %d messages, %d stamps", c.out, c.frames, c.seen.Total())
	}
	c.take(0, sent(frame.Text, []byte(`{"event":"$shed","data":3}`)))
	if c.frames != 1 || c.failure == nil {
		t.Errorf("%d messages; that pushes were lost is %v", c.frames, c.failure)
	}
	c = dialed("Sec-WebSocket-Protocol: wsgen.v1.json\r\n")
	if c.take(0, sent(frame.Text, []byte(`{"event":"tick","data":{}}`))); c.failure == nil || c.open != 0 || c.frames != 0 {
		t.Errorf("a message before $connected: %v, %d are open", c.failure, c.open)
	}
}

func TestCentrifugeGreets(t *testing.T) {
	c := &client{conns: []conn{{fd: -1, state: greeting, central: true}}}
	c.take(0, sent(frame.Text, []byte(`{"id":1,"connect":{"client":"a","version":""}}`)))
	if c.open != 1 || c.dial.done != 1 || c.frames != 0 {
		t.Errorf("%d open, %d done, %d messages", c.open, c.dial.done, c.frames)
	}
	c.take(0, append(sent(frame.Text, []byte("{}")), sent(frame.Text, []byte(`{"push":{"channel":"r","pub":{"data":{"at":1000000000000001}}}}`))...))
	if string(c.out) != string(frame.Append(nil, frame.Text, []byte("{}"))) || c.frames != 1 || c.seen.Total() != 1 {
		t.Errorf("a ping is answered %x; %d messages, %d stamps", c.out, c.frames, c.seen.Total())
	}
	push := `{"push":{"channel":"r","pub":{"data":{"at":1000000000000001,"text":"` + strings.Repeat("a", 200) + `"}}}}`
	for i, text := range []string{push + "\n{}", "{}\n" + push} {
		c.out = nil
		for _, b := range sent(frame.Text, []byte(text)) { // however the stream is cut
			c.take(0, []byte{b})
		}
		if string(c.out) != string(frame.Append(nil, frame.Text, []byte("{}"))) || c.frames != i+2 || c.seen.Total() != i+2 {
			t.Errorf("a ping beside a publication is answered %x; %d messages, %d stamps", c.out, c.frames, c.seen.Total())
		}
	}
	c.frames = 1
	c.take(0, sent(frame.Text, []byte(`{"id":2,"subscribe":{}}`)))
	if c.frames != 1 || c.failure != nil {
		t.Errorf("%d messages, %v: a reply is none, and no error", c.frames, c.failure)
	}
	c.take(0, sent(frame.Text, []byte(`{"id":2,"error":{"code":103}}`)))
	if c.failure == nil {
		t.Error("an error is none")
	}
}
