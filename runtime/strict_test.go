package ws_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// long returns a client's frame whose length is written in a longer form than
// need be: 2 bytes, or 8.
func long(first byte, form int, payload []byte) []byte {
	out := []byte{first, 0x80 | 126}
	if form == 8 {
		out[1]++
		out = binary.BigEndian.AppendUint64(out, uint64(len(payload)))
	} else {
		out = binary.BigEndian.AppendUint16(out, uint16(len(payload)))
	}
	return append(append(out, 0, 0, 0, 0), payload...)
}

func join(frames ...[]byte) (all []byte) {
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}

// TestStrictFrames: frames that gws would let pass, or refuse only once the
// whole payload is there, are refused by their header (RFC 6455, sections 5.2
// to 5.5), also where compression is agreed on.
func TestStrictFrames(t *testing.T) {
	s := serve(t, ws.Options{CompressAbove: 1 << 20}, gateway{on: map[string]handler{"echo": inline(echo)}})
	hello := []byte(`{"event":"echo"}`)
	for _, c := range []struct {
		name string
		raw  []byte
		why  string
	}{
		{"a length in two bytes that fits in one", long(text, 2, hello), "shortest form"},
		{"a length in eight bytes that fits in one", long(text, 8, hello), "shortest form"},
		{"a length in eight bytes that fits in two", long(text, 8, make([]byte, 300)), "shortest form"},
		{"no length in two bytes", long(text, 2, nil), "shortest form"},
		{"a ping with its length in two bytes", long(ping, 2, nil), "control frame"},
		{"RSV2", frame(text|0x20, hello), "reserved bit"},
		{"RSV3", frame(text|0x10, hello), "reserved bit"},
		{"all reserved bits", frame(text|0x70, hello), "reserved bit"},
		{"RSV1 on a Ping", frame(ping|0x40, nil), "reserved bit"},
		{"RSV1 on a Pong", frame(pong|0x40, nil), "reserved bit"},
		{"RSV1 on a Close", frame(closes|0x40, nil), "reserved bit"},
		{"RSV1 on a continuation", join(frame(0x01, hello), frame(0x80|0x40, nil)), "reserved bit"},
		{"opcode 7", frame(0x87, nil), "unknown opcode"},
		{"opcode 15", frame(0x8f, nil), "unknown opcode"},
		{"a Close in fragments", frame(0x08, nil), "control frame"},
		{"a Pong in fragments", frame(0x0a, nil), "control frame"},
		{"a Close of 126 bytes", frame(closes, make([]byte, 126)), "control frame"},
		{"an unmasked Ping", []byte{ping, 0}, "not masked"},
		{"an unmasked Close", []byte{closes, 2, 3, 232}, "not masked"},
		{"an unmasked continuation", join(frame(0x01, hello), []byte{0x80, 0}), "not masked"},
		{"a continuation first", frame(0x80, hello), "continuation of no message"},
		{"a first fragment that is a continuation", frame(0x00, hello), "continuation of no message"},
		{"a continuation after a whole message", join(frame(text, hello), frame(0x80, nil)), "continuation of no message"},
		{"a continuation after the last", join(frame(0x01, hello), frame(0x80, nil), frame(0x80, nil)), "continuation of no message"},
		{"a text inside a text", join(frame(0x01, nil), frame(text, hello)), "inside a fragmented message"},
		{"a binary inside a text", join(frame(0x01, nil), frame(ping, nil), frame(binari, hello)), "inside a fragmented message"},
		{"a first fragment inside a text", join(frame(0x01, nil), frame(0x00, nil), frame(0x01, nil)), "inside a fragmented message"},
		{"the top bit alone", join([]byte{text, 0xff}, binary.BigEndian.AppendUint64(nil, 1<<63), []byte{0, 0, 0, 0}), "out of range"},
		{"all bits of the length", join([]byte{text, 0xff}, binary.BigEndian.AppendUint64(nil, 1<<64-1), []byte{0, 0, 0, 0}), "out of range"},
	} {
		for name, header := range map[string]string{"plain": "X-Nothing: 1", "deflate": offer} {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				p := s.dial(t, "/ws", header)
				p.raw(c.raw)
				if reason := p.wantClose(ws.CloseProtocol); !strings.Contains(reason, c.why) {
					t.Errorf("reason %q, want one with %q", reason, c.why)
				}
			})
		}
	}
	for name, raw := range map[string][]byte{
		"control frames between fragments":  join(frame(0x01, hello[:4]), frame(ping, nil), frame(0x00, nil), frame(pong, []byte("x")), frame(0x80, hello[4:])),
		"a message of one empty fragment":   join(frame(0x01, nil), frame(0x00, nil), frame(0x80, hello)),
		"a length that needs its two bytes": frame(text, append(hello, strings.Repeat(" ", 110)...)),
		"pongs that nobody asked for":       join(frame(pong, nil), frame(pong, make([]byte, 125)), frame(text, hello)),
	} {
		t.Run(name+" is fine", func(t *testing.T) {
			p := s.dial(t, "/ws", offer)
			for i := range raw { // byte by byte
				p.raw(raw[i : i+1])
			}
			for first, payload, err := p.read(); ; first, payload, err = p.read() {
				if err != nil || first == closes {
					t.Fatalf("%#x %q %v", first, payload, err)
				}
				if first == text {
					break
				}
			}
		})
	}
}

// TestCloseFrames: a peer may send certain codes, and its own comes back. A
// Close frame that breaks the rules is told apart (RFC 6455, sections 5.5.1 and
// 7.4).
func TestCloseFrames(t *testing.T) {
	closed := make(chan ws.Closed, 1)
	s := serve(t, ws.Options{}, gateway{disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c }})
	coded := func(code int, reason string) []byte {
		return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		p := s.dial(t, "/ws")
		reason := strings.Repeat("ü", 61) + "." // 123 bytes, which is all there may be
		p.raw(frame(closes, coded(code, reason)))
		p.wantClose(ws.CloseCode(code))
		if got := <-closed; got != (ws.Closed{Code: ws.CloseCode(code), Reason: reason, Remote: true}) {
			t.Errorf("%d: the hook got %+v", code, got)
		}
	}
	for _, c := range []struct {
		payload []byte
		answer  ws.CloseCode
	}{
		{coded(0, ""), ws.CloseProtocol},
		{coded(999, ""), ws.CloseProtocol},
		{coded(1004, ""), ws.CloseProtocol},
		{coded(1005, ""), ws.CloseProtocol},
		{coded(1006, "gone"), ws.CloseProtocol},
		{coded(1015, ""), ws.CloseProtocol},
		{coded(1016, ""), ws.CloseProtocol},
		{coded(2999, ""), ws.CloseProtocol},
		{coded(5000, ""), ws.CloseProtocol},
		{coded(65535, ""), ws.CloseProtocol},
		{[]byte{3}, ws.CloseProtocol},
		{[]byte{0}, ws.CloseProtocol},
		{coded(1000, "\xff"), ws.CloseInvalid},
		{coded(1000, "cut \xe2\x82"), ws.CloseInvalid},
		{coded(4000, "\xed\xa0\x80"), ws.CloseInvalid},
	} {
		p := s.dial(t, "/ws")
		p.raw(frame(closes, c.payload))
		p.wantClose(c.answer)
		if got := <-closed; got.Code != c.answer || got.Err == nil || got.Remote {
			t.Errorf("%q: the hook got %+v", c.payload, got)
		}
	}
	t.Run("what follows a Close is not read", func(t *testing.T) {
		p := s.dial(t, "/ws")
		p.raw(join(frame(closes, coded(4000, "")), frame(text, []byte(`{"event":"nobody"}`))))
		p.wantClose(4000)
		<-closed
	})
}

// TestCloseReasonIsText: a reason of the application's is sent as UTF-8,
// whatever it was: a browser would not accept the Close frame otherwise.
func TestCloseReasonIsText(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{})
	p := s.dial(t, "/ws")
	if n := s.All().Disconnect(4000, "a\xffb\xf0\x9f"); n != 1 {
		t.Fatal(n)
	}
	if reason := p.wantClose(4000); reason != "a\ufffdb\ufffd" {
		t.Errorf("%q", reason)
	}
}

// TestTextIsUTF8: no text that is not UTF-8 is sent.
func TestTextIsUTF8(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	p := s.dial(t, "/ws")
	if n, err := s.Broadcast("e", json.RawMessage("\"\xff\"")); n != 0 || err == nil {
		t.Errorf("raw JSON that is not UTF-8 reached %d, %v", n, err)
	}
	if n, err := s.Broadcast("e", "\xff"); n != 1 || err != nil {
		t.Errorf("a string reached %d, %v", n, err)
	}
	p.want(`{"event":"e","data":"\ufffd"}`)
}

// TestFragmentedUTF8: a rune may be cut by fragments anywhere. Every kind of
// text that is no UTF-8 is refused, however it is cut.
func TestFragmentedUTF8(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	message := []byte(`{"event":"echo","data":"κόσμε 🙂"}`)
	p := s.dial(t, "/ws")
	for i := range len(message) + 1 {
		p.raw(join(frame(0x01, message[:i]), frame(ping, nil), frame(0x80, message[i:])))
		if first, _, err := p.read(); first != pong || err != nil {
			t.Fatalf("%#x %v", first, err)
		}
		p.want(string(message))
	}
	for name, bad := range map[string]string{
		"a lone byte": "\x80", "overlong": "\xc0\xaf", "a surrogate": "\xed\xa0\x80", "beyond Unicode": "\xf4\x90\x80\x80",
		"cut": "\xf0\x9f\x99", "no such byte": "\xfe",
	} {
		for i := range len(bad) + 1 {
			p := s.dial(t, "/ws")
			p.raw(join(frame(0x01, []byte(`{"event":"echo","data":"`+bad[:i])), frame(0x80, []byte(bad[i:]+`"}`))))
			if reason := p.wantClose(ws.CloseInvalid); !strings.Contains(reason, "UTF-8") {
				t.Errorf("%s: reason %q", name, reason)
			}
		}
	}
}

// TestPings: each Ping is answered by a Pong with its payload, in order, also
// between the fragments of a message.
func TestPings(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	p := s.dial(t, "/ws")
	payloads := []string{"", "a", "\x00\xff\xfe", strings.Repeat("x", 125)}
	p.raw(frame(0x01, []byte(`{"event":`)))
	for _, payload := range payloads {
		p.raw(frame(ping, []byte(payload)))
	}
	p.raw(frame(0x80, []byte(`"echo"}`)))
	for _, payload := range payloads {
		if first, got, err := p.read(); first != pong || string(got) != payload || err != nil {
			t.Fatalf("got %#x %q %v, want a Pong of %q", first, got, err, payload)
		}
	}
	p.want(`{"event":"echo","data":null}`)
}

// TestFramesWithRequest: frames in the packet of the request, or behind it
// before the answer, are not lost, whole or cut anywhere. They are checked,
// too.
func TestFramesWithRequest(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	big := `{"event":"echo","data":"` + strings.Repeat("x", 20_000) + `"}` // more than net/http's buffer
	frames := join(frame(text, []byte(`{"event":"echo","data":1}`)), frame(text, []byte(big)), frame(text, []byte(`{"event":"echo","data":2}`)))
	for _, cut := range []int{len(frames), 0, 1, 3, 10, 40, 5000} {
		p := s.early(t, frames[:cut])
		p.raw(frames[cut:])
		p.want(`{"event":"echo","data":1}`, big, `{"event":"echo","data":2}`)
	}
	s.early(t, []byte{text, 0}).wantClose(ws.CloseProtocol)
}

// early is dial for a client that does not wait for the answer.
func (s *site) early(t *testing.T, frames []byte) *peer {
	t.Helper()
	conn, r, res := s.request(t, "GET /ws HTTP/1.1", upgradeLines, string(frames))
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res.Status)
	}
	return &peer{t: t, conn: conn, r: r, header: res.Header}
}

const upgradeLines = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// request sends a request as it is, and reads the head of the answer.
func (s *site) request(t *testing.T, line, header, body string) (net.Conn, *bufio.Reader, *http.Response) {
	t.Helper()
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, line+"\r\n"+header+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, r, res
}

// TestStrictHandshakes: a request is a handshake by the grammar of its
// headers, not by how one client writes them (RFC 6455, section 4.2.1), and
// anything else gets an HTTP answer.
func TestStrictHandshakes(t *testing.T) {
	s := serve(t, ws.Options{CompressAbove: 100}, gateway{})
	const version, key = "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for _, c := range []struct {
		name, line, header string
		status             int
	}{
		{"as every client", "GET /ws HTTP/1.1", upgradeLines, 101},
		{"in two lines", "GET /ws HTTP/1.1", "Host: x\r\nConnection: keep-alive\r\nConnection: x, UPGRADE\r\nUpgrade: h2c, WebSocket\r\n" + version + key, 101},
		{"in any case", "GET /ws HTTP/1.1", "hOST: x\r\ncONNECTION: uPGRADE\r\nuPGRADE: wEBSOCKET\r\nsEC-wEBsOCKET-vERSION: 13\r\n" + strings.ToLower(key[:18]) + key[18:], 101},
		{"extensions in two lines", "GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Extensions: x-other\r\n" + offer + "\r\n", 101},
		{"HTTP/1.0", "GET /ws HTTP/1.0", upgradeLines, 505},
		{"no Host", "GET /ws HTTP/1.1", strings.TrimPrefix(upgradeLines, "Host: x\r\n"), 400},
		{"two Hosts", "GET /ws HTTP/1.1", upgradeLines + "Host: y\r\n", 400},
		{"not a GET", "HEAD /ws HTTP/1.1", upgradeLines, 405},
		{"a word that contains upgrade", "GET /ws HTTP/1.1", "Host: x\r\nConnection: notupgrade\r\nUpgrade: websocket\r\n" + version + key, 426},
		{"another upgrade", "GET /ws HTTP/1.1", "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket2\r\n" + version + key, 426},
		{"another version", "GET /ws HTTP/1.1", strings.Replace(upgradeLines, "13", "7", 1), 426},
		{"no key", "GET /ws HTTP/1.1", strings.Replace(upgradeLines, key, "", 1), 400},
		{"two keys", "GET /ws HTTP/1.1", upgradeLines + key, 400},
		{"a key of 15 bytes", "GET /ws HTTP/1.1", strings.Replace(upgradeLines, "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 1), 400},
		{"a body", "GET /ws HTTP/1.1", upgradeLines + "Content-Length: 6\r\n", 400},
		{"a body in chunks", "GET /ws HTTP/1.1", upgradeLines + "Transfer-Encoding: chunked\r\n", 400},
		{"subprotocols nobody speaks", "GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Protocol: a, b\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, r, res := s.request(t, c.line, c.header, "\x81\x80\x00\x00\x00\x00")
			if res.StatusCode != c.status {
				body, _ := io.ReadAll(res.Body)
				t.Fatalf("%s, want %d: %s", res.Status, c.status, body)
			}
			if c.status != 101 {
				return
			}
			if head, err := r.Peek(1); err != nil || head[0] != text { // the empty text was no message
				t.Errorf("no answer: %x %v", head, err)
			}
			if got := len(res.Header["Sec-Websocket-Extensions"]) > 0; got != strings.Contains(c.header, "Extensions") {
				t.Errorf("extensions: %q", res.Header["Sec-Websocket-Extensions"])
			}
			for name := range res.Header {
				if name != "Connection" && name != "Upgrade" && name != "Sec-Websocket-Accept" && name != "Sec-Websocket-Extensions" {
					t.Errorf("the answer has a %s, which nobody asked for", name)
				}
			}
		})
	}
	if n := s.Stats().Opened; n != 4 {
		t.Error(fmt.Sprint(n, " opened: what gets no 101 must not have been a connection"))
	}
}
