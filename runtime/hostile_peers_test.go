package ws_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestHostileSilence: peers that are connected and say nothing, or stop in the
// middle, or only close their half, are found and given up.
func TestHostileSilence(t *testing.T) {
	s := besiege(t, ws.Options{PingInterval: 500 * time.Millisecond, IdleTimeout: 3 * time.Second}, village())
	stop := s.keepAlive()
	whole := frame(text, []byte(`{"event":"echo"}`))
	var attackers []net.Conn
	for i := range 120 {
		p := s.join()
		attackers = append(attackers, p.conn)
		switch i % 4 {
		case 0: // silent from the beginning
		case 1:
			p.raw(whole[:i%len(whole)])
		case 2: // silent after the first fragment
			p.raw(frame(0x01, []byte(`{"event":`)))
		default:
			_ = p.conn.(*net.TCPConn).CloseWrite()
		}
	}
	eventually(t, "the silent are given up", func() bool { return s.Stats().Connections == 1 })
	for _, conn := range attackers {
		_ = conn.Close()
	}
	stop()
	s.over()
}

// TestHostileFragments: a message in as many fragments as there are stays
// within the limit of a message.
func TestHostileFragments(t *testing.T) {
	s := besiege(t, ws.Options{}, village())
	s.run("without end", func(s *siege) {
		swarm(16, func(int) {
			p := s.join()
			go func() { // 1 KiB each, until the server has enough
				more := frame(0x00, make([]byte, 1024))
				_, err := p.conn.Write(frame(0x01, nil))
				for err == nil {
					_, err = p.conn.Write(more)
				}
			}()
			p.wantClose(ws.CloseTooLarge)
			_ = p.conn.Close()
		})
	})
	s.run("empty ones without end", func(s *siege) {
		p := s.join()
		p.raw(frame(0x01, []byte(`{"event":"echo",`)))
		empty := strings.Repeat(string(frame(0x00, nil)), 5000)
		for range 40 {
			p.raw([]byte(empty))
		}
		if heap := heapInUse(); heap > s.heap+heapSlack {
			t.Errorf("200 000 empty fragments hold %d KiB", (heap-s.heap)>>10)
		}
		p.raw(frame(0x80, []byte(`"data":1}`)))
		p.want(`{"event":"echo","data":1}`)
		p.leave()
	})
	s.run("of one byte", func(s *siege) {
		p := s.join()
		message := `{"event":"echo","data":"` + strings.Repeat("x", 60<<10) + `"}`
		out := bufio.NewWriterSize(p.conn, 32<<10)
		_, _ = out.Write(frame(0x01, nil))
		for i := range len(message) {
			_, _ = out.Write(frame(0x00, []byte(message[i:i+1])))
		}
		_, _ = out.Write(frame(0x80, nil))
		_ = out.Flush()
		p.want(message)
		p.leave()
	})
	s.over()
}

// TestHostilePings: each ping of a flood is answered to a peer that reads. For
// one that does not the answers are bounded: nothing is read while they wait,
// and in the end the connection is closed.
func TestHostilePings(t *testing.T) {
	t.Run("read", func(t *testing.T) {
		s := besiege(t, ws.Options{}, village())
		swarm(8, func(int) {
			const n = 5000
			p := s.join()
			go func() {
				out := bufio.NewWriterSize(p.conn, 32<<10)
				for i := range n {
					_, _ = out.Write(frame(ping, binary.BigEndian.AppendUint32(nil, uint32(i))))
				}
				_ = out.Flush()
			}()
			for i := range n {
				if first, payload, err := p.read(); first != pong || err != nil || binary.BigEndian.Uint32(payload) != uint32(i) {
					t.Errorf("ping %d: got %#x %x %v", i, first, payload, err)
					break
				}
			}
			p.leave()
		})
		s.over()
	})
	t.Run("unread", func(t *testing.T) {
		s := besiege(t, ws.Options{WriteTimeout: 500 * time.Millisecond}, village())
		flood := []byte(strings.Repeat(string(frame(ping, make([]byte, 125))), 500))
		swarm(16, func(int) {
			p := s.join()
			sent := 0
			for {
				n, err := p.conn.Write(flood)
				sent += n
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("who floods and never reads is not closed")
				}
				if err != nil {
					break
				}
			}
			// What the kernel buffers is megabytes, the outbox is not.
			if sent > 32<<20 {
				t.Errorf("took %d bytes from a peer that reads nothing", sent)
			}
			_ = p.conn.Close()
		})
		s.over()
	})
}

// TestHostileClaims: a header that claims more than the limit is refused
// without waiting for, or making room for, the payload. One that claims the
// limit and sends nothing holds that much, and no longer than it is there.
func TestHostileClaims(t *testing.T) {
	s := besiege(t, ws.Options{MaxMessageBytes: 32 << 10}, village())
	for _, claim := range []uint64{32<<10 + 1, 1 << 20, 1 << 31, 1<<32 + 5, 1 << 62} {
		p := s.join()
		head := binary.BigEndian.AppendUint64([]byte{text, 0x80 | 127}, claim)
		if claim < 1<<16 {
			head = binary.BigEndian.AppendUint16([]byte{text, 0x80 | 126}, uint16(claim))
		}
		p.raw(append(head, 1, 2, 3, 4))
		p.wantClose(ws.CloseTooLarge)
		_ = p.conn.Close()
	}
	const claimants = 100
	var peers []*peer
	for range claimants {
		p := s.join()
		p.raw([]byte{text, 0x80 | 126, 0x80, 0x00, 1, 2, 3, 4})
		peers = append(peers, p)
	}
	s.old.echoes()
	if heap := heapInUse(); heap > s.heap+claimants*(64<<10)+heapSlack {
		t.Errorf("%d claims of 32 KiB hold %d KiB", claimants, (heap-s.heap)>>10)
	}
	for _, p := range peers {
		_ = p.conn.Close()
	}
	s.over()
}

// TestHostileDeflate: a message that inflates to more than the limit is cut
// there, and one that does not inflate is told. Nothing of either remains.
func TestHostileDeflate(t *testing.T) {
	s := besiege(t, ws.Options{CompressAbove: 1}, village())
	bomb := deflate(t, `{"event":"echo","data":"`+strings.Repeat("x", 20<<20)+`"}`)
	if len(bomb) > 64<<10 {
		t.Fatalf("the bomb has %d bytes: it would be refused for its own length", len(bomb))
	}
	empty := []byte(strings.Repeat("\x00\x00\x00\xff\xff", 10_000) + "\x00") // blocks of nothing
	for name, c := range map[string]struct {
		raw  []byte
		code ws.CloseCode
	}{
		"a bomb":              {frame(compressed, bomb), ws.CloseTooLarge},
		"a bomb in fragments": {join(frame(0x41, bomb[:99]), frame(0x00, bomb[99:1000]), frame(0x80, bomb[1000:])), ws.CloseTooLarge},
		"garbage":             {frame(compressed, []byte(strings.Repeat("\xff", 60<<10))), ws.CloseInvalid},
		"a bomb cut off":      {frame(compressed, bomb[:len(bomb)/2]), ws.CloseTooLarge},
		"a dictionary before": {frame(compressed, []byte{0x02, 0x80, 0xff, 0x00}), ws.CloseInvalid},
	} {
		s.run(name, func(s *siege) {
			swarm(20, func(int) {
				p := s.join(offer)
				p.raw(c.raw)
				p.wantClose(c.code)
				_ = p.conn.Close()
			})
		})
	}
	s.run("blocks of nothing", func(s *siege) {
		p := s.join(offer)
		p.raw(frame(compressed, empty))
		p.want(bad("a frame is a JSON object in a text message"))
		p.leave()
	})
	s.over()
}

// TestHostileJSON: JSON made to cost much is answered, by data or by an error
// frame, and the connection stays.
func TestHostileJSON(t *testing.T) {
	s := besiege(t, ws.Options{}, village())
	const size = 60 << 10
	fill := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, (size-len(head)-len(tail))/len(unit)) + tail
	}
	nested := func(open, shut string) string {
		n := size / (len(open) + len(shut))
		return strings.Repeat(open, n) + strings.Repeat(shut, n)
	}
	values := map[string]string{
		"deep arrays":             nested("[", "]"),
		"deep objects":            nested(`{"a":`, "}") + "",
		"deep and never closed":   strings.Repeat("[", size),
		"deep objects, one value": strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
		"a huge number":           strings.Repeat("9", size),
		"a huge exponent":         "1e" + strings.Repeat("9", size),
		"a long fraction":         "0." + strings.Repeat("0", size) + "1",
		"minus zero":              "-0",
		"many members":            fill(`{"a":1`, `,"b":[]`, "}"),
		"one member many times":   fill(`{"a":1`, `,"a":1`, "}"),
		"escapes":                 fill(`"`, `\u0041`, `"`),
		"lone surrogates":         fill(`"`, `\ud800`, `"`),
		"backslashes":             fill(`"`, `\\`, `"`),
		"quotes":                  fill(`"`, `\"`, `"`),
		"NUL":                     fill(`"`, `\u0000`, `"`),
		"a key of escapes":        fill(`{"`, `\u0061`, `":1}`),
		"white space":             fill("[", " ", "]"),
		"many numbers":            fill("[1", ",1e5", "]"),
		"many strings":            fill(`[""`, `,""`, "]"),
		"a prototype":             `{"__proto__":{"a":1},"constructor":null}`,
		"not JSON":                fill("[", ",", "]"),
	}
	p := s.join()
	for name, value := range values {
		for _, event := range []string{"any", "typed", "echo", "join", "nobody"} {
			p.send(`{"event":%q,"id":1,"data":%s}`, event, value)
			if got := p.next(); !strings.HasPrefix(got, `{"event":"`) || !strings.Contains(got, `"id":1`) && !strings.Contains(got, `"bad_frame"`) {
				t.Errorf("%s to %s: %.200s", name, event, got)
			}
		}
		// The same where the protocol's own members are.
		for _, format := range []string{`{"event":"echo","id":%s}`, `{"event":%s,"id":1}`, `{"event":"echo","meta":%s}`, `{%s:1,"event":"echo"}`, `%s`} {
			p.send(format, value)
			if got := p.next(); !strings.HasPrefix(got, `{"event":"e`) || len(got) > 1000 && !strings.Contains(got, `"event":"echo"`) {
				t.Errorf("%s in %s: %.200s", name, format, got)
			}
		}
		p.echoes()
	}
	p.leave()
	s.over()
}

// TestHostileRooms: whatever a client calls a room or an event is a name and
// nothing else. It matches no other, breaks no line of the log, and is bounded.
func TestHostileRooms(t *testing.T) {
	s := serve(t, ws.Options{MaxMessageBytes: 2 << 20}, village())
	member := s.dial(t, "/ws")
	member.send(`{"event":"join","id":1,"data":["lobby"]}`)
	member.want(`{"event":"join","id":1,"data":null}`)
	p := s.dial(t, "/ws")
	for _, name := range []string{
		"*", "**", "?", "#", ".*", "lobb?", "lobby*", "lobby,", " lobby", "lobby ", "LOBBY", "lobby\x00", "\x00lobby", "\x00", "\r\n", "lobby\r\ntime=now level=ERROR msg=forged",
		"../lobby", "/", "$all", "$SYS/#", "__proto__", "\u2028", "\u202elobby", "l\u200bobby", "\ufeff", "'; DROP TABLE rooms; --", "%00", "{{.}}", "${x}", strings.Repeat("l", 257), strings.Repeat("*", 1<<20),
	} {
		p.send(`{"event":"join","id":1,"data":[%s]}`, quote(name))
		joined := p.next()
		switch want := `{"event":"join","id":1,"data":null}`; {
		case len(name) <= 256 && joined != want:
			t.Errorf("join %.100q: %.300s", name, joined)
		case len(name) > 256 && (joined == want || len(joined) > 1000):
			t.Errorf("join of %d bytes: %.300s", len(name), joined)
		}
		p.send(`{"event":"say","id":1,"data":%s}`, quote(name)) // to nobody, or the one who joined
		if got := p.next(); got != `{"event":"say","id":1,"data":null}` {
			p.want(`{"event":"say","id":1,"data":null}`)
		}
		p.send(`{"event":%s,"id":1}`, quote(name))
		if got := p.next(); !strings.Contains(got, `"unknown_event"`) && !strings.Contains(got, `"bad_frame"`) || len(got) > 4000 {
			t.Errorf("event %.100q: %.300s", name, got)
		}
		p.send(`{"event":"leave","id":1,"data":[%s]}`, quote(name))
		p.want(`{"event":"leave","id":1,"data":null}`)
	}
	// The member of lobby has heard nothing of all that, and the log is whole.
	member.send(`{"event":"echo"}`)
	member.want(`{"event":"echo","data":null}`)
	s.logs.lines(t)
	if n := len(s.logs.String()); n > 200<<10 {
		t.Errorf("the names filled %d bytes of log", n)
	}
	if st := s.Stats(); st.Rooms != 1 {
		t.Errorf("%d rooms are left", st.Rooms)
	}
}

// quote writes a name as JSON.
func quote(name string) string {
	text, _ := json.Marshal(name) // strings always encode
	return string(text)
}
