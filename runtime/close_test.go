package ws_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestHostileFrames: a frame that RFC 6455, section 5, forbids closes the
// connection with the code that says why, and nothing else happens to the
// process.
func TestHostileFrames(t *testing.T) {
	s := serve(t, ws.Options{MaxMessageBytes: 1000}, gateway{on: map[string]handler{"echo": inline(echo)}})
	topBit := append([]byte{text, 0x80 | 127}, binary.BigEndian.AppendUint64(nil, 1<<63)...)
	huge := append([]byte{text, 0x80 | 127}, binary.BigEndian.AppendUint64(nil, 1<<40)...)
	unmasked := append([]byte{text, 2}, "{}"...)
	for _, c := range []struct {
		name string
		raw  []byte
		code ws.CloseCode
	}{
		{"64-bit length with the top bit set", append(topBit, 1, 2, 3, 4), ws.CloseProtocol},
		{"a length nobody means", append(huge, 1, 2, 3, 4), ws.CloseTooLarge},
		{"one byte too long", frame(text, make([]byte, 1001)), ws.CloseTooLarge},
		{"too long in fragments", append(frame(0x01, make([]byte, 600)), frame(0x80, make([]byte, 600))...), ws.CloseTooLarge},
		{"not masked", unmasked, ws.CloseProtocol},
		{"RSV1 without an extension", frame(text|0x40, []byte("{}")), ws.CloseProtocol},
		{"RSV2", frame(text|0x20, []byte("{}")), ws.CloseProtocol},
		{"opcode 3", frame(0x83, nil), ws.CloseProtocol},
		{"opcode 11", frame(0x8b, nil), ws.CloseProtocol},
		{"a ping in fragments", frame(0x09, nil), ws.CloseProtocol},
		{"a ping of 126 bytes", frame(ping, make([]byte, 126)), ws.CloseProtocol},
		{"a continuation of nothing", frame(0x80, []byte("x")), ws.CloseProtocol},
		{"a message inside a message", append(frame(0x01, []byte("x")), frame(text, []byte("x"))...), ws.CloseProtocol},
		{"text that is not UTF-8", frame(text, []byte("\"\xff\"")), ws.CloseInvalid},
		{"UTF-8 cut between fragments is fine, broken is not", append(frame(0x01, []byte("\xc3")), frame(0x80, []byte("("))...), ws.CloseInvalid},
		{"a Close with a code that must not be sent", frame(closes, []byte{0x03, 0xed}), ws.CloseProtocol},
		{"a Close of one byte", frame(closes, []byte{3}), ws.CloseProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.dial(t, "/ws")
			p.send(`{"event":"echo","data":1}`)
			p.want(`{"event":"echo","data":1}`)
			p.raw(c.raw)
			reason := p.wantClose(c.code)
			if strings.Contains(reason, "127.0.0.1") || strings.Contains(reason, "gws") {
				t.Errorf("the reason tells too much: %q", reason)
			}
		})
	}
	t.Run("sound frames before a bad one in the same packet are answered", func(t *testing.T) {
		p := s.dial(t, "/ws")
		p.raw(append(frame(text, []byte(`{"event":"echo","data":1}`)), topBit...))
		p.raw([]byte{1, 2, 3, 4})
		p.want(`{"event":"echo","data":1}`)
		p.wantClose(ws.CloseProtocol)
	})
	t.Run("the limit itself fits", func(t *testing.T) {
		p := s.dial(t, "/ws")
		head := `{"event":"echo","data":"`
		data := strings.Repeat("x", 1000-len(head)-2)
		p.send(`%s%s"}`, head, data)
		p.want(`{"event":"echo","data":"` + data + `"}`)
	})
}

// TestFirstFrameWithRequest: a frame in the packet of the request is not lost.
func TestFirstFrameWithRequest(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	p := s.dial(t, "/ws", "X-Nothing: 1\r\n\r\n"+string(frame(text, []byte(`{"event":"echo","data":1}`)))+"\x89\x80\x00\x00")
	p.raw([]byte("\x00\x00")) // the dialer's line end became mask and payload
	p.want(`{"event":"echo","data":1}`)
}

// TestPeerCloses: the peer's Close is answered with its code, after the frames
// that were queued before. The hook knows who closed and why.
func TestPeerCloses(t *testing.T) {
	closed := make(chan ws.Closed, 1)
	s := serve(t, ws.Options{}, gateway{
		on: map[string]handler{"push": inline(func(c *ws.Call) error {
			for range 100 {
				if err := c.Client().Emit("e", 1); err != nil {
					return err
				}
			}
			return nil
		})},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
	})
	for _, c := range []struct {
		name string
		end  func(p *peer)
		want ws.Closed
	}{
		{"own code", func(p *peer) { p.sendClose(4321, "done"); p.wantClose(4321) }, ws.Closed{Code: 4321, Reason: "done", Remote: true}},
		{"normal", func(p *peer) { p.sendClose(1000, ""); p.wantClose(1000) }, ws.Closed{Code: 1000, Remote: true}},
		{"no code", func(p *peer) { p.raw(frame(closes, nil)); p.wantEOF() }, ws.Closed{Code: ws.CloseNoStatus, Remote: true}},
		{"no Close at all", func(p *peer) { _ = p.conn.Close() }, ws.Closed{Code: ws.CloseAbnormal, Remote: true}},
		{"queued before Close", func(p *peer) {
			p.raw(append(frame(text, []byte(`{"event":"push"}`)), frame(closes, []byte{3, 232})...))
			for range 100 {
				p.want(`{"event":"e","data":1}`)
			}
			p.wantClose(1000)
		}, ws.Closed{Code: 1000, Remote: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.end(s.dial(t, "/ws"))
			got := <-closed
			if (got.Err == nil) != (c.want.Code != ws.CloseAbnormal) {
				t.Errorf("error %v", got.Err)
			}
			got.Err = nil
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestServerCloses: a reason is cut at a rune to 123 bytes, and the Close comes
// after the frames that are queued.
func TestServerCloses(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"bye": inline(func(c *ws.Call) error {
		_ = c.Client().Emit("last", 1)
		if err := c.Client().Close(4000, strings.Repeat("ä", 100)); err != nil {
			return err
		}
		if err := c.Client().Close(4001, "twice"); !errors.Is(err, ws.ErrClosed) {
			t.Errorf("second Close: %v", err)
		}
		return nil
	})}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"bye","id":1}`)
	p.want(`{"event":"last","data":1}`)
	if reason := p.wantClose(4000); reason != strings.Repeat("ä", 61) {
		t.Errorf("reason %q", reason)
	}
}

// TestPanics: a panic in any user code is logged with its stack, and answered
// as internal where there is a message to answer. It ends that connection with
// 1011 and no other, and the disconnect hook runs.
func TestPanics(t *testing.T) {
	hooks := make(chan ws.Closed, 10)
	boom := func(*ws.Call) error { panic("boom") }
	g := gateway{
		on: map[string]handler{
			"echo": inline(echo), "inline": inline(boom), "serial": serial(boom),
			"goexit": serial(func(*ws.Call) error { runtime.Goexit(); return nil }),
			"exit":   inline(func(*ws.Call) error { runtime.Goexit(); return nil }),
			"guard":  {call: echo, guards: []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error { panic("boom") })}},
		},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { hooks <- c; panic("boom in disconnect") },
	}
	refusing := gateway{path: "/hook", connect: func(context.Context, *ws.Client, *http.Request) (any, error) { panic("boom in connect") }}
	guarded := gateway{path: "/guard", connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { panic("boom in guard") })}}
	s := serve(t, ws.Options{}, g, refusing, guarded)
	other := s.dial(t, "/ws")
	for _, event := range []string{"inline", "serial", "guard"} {
		p := s.dial(t, "/ws")
		p.send(`{"event":%q,"id":1}`, event)
		if got := p.next(); !strings.Contains(got, `"code":"internal","message":"internal error"`) || strings.Contains(got, "boom") {
			t.Errorf("%s: %s", event, got)
		}
		p.wantClose(ws.CloseInternal)
		if c := <-hooks; c.Code != ws.CloseInternal {
			t.Errorf("%s: hook got %+v", event, c)
		}
	}
	for _, event := range []string{"goexit", "exit"} {
		p := s.dial(t, "/ws")
		p.send(`{"event":%q,"id":1}`, event)
		p.wantClose(ws.CloseInternal)
		<-hooks
	}
	s.dial(t, "/hook").wantClose(ws.CloseInternal)
	if _, res := s.try(t, "/guard"); res == nil || res.StatusCode != 500 || strings.Contains(res.body, "boom") {
		t.Errorf("guard: %v", res)
	}
	other.send(`{"event":"echo","data":1}`)
	other.want(`{"event":"echo","data":1}`)
	_ = other.conn.Close()
	<-hooks
	eventually(t, "all gone", func() bool { return s.Stats().Connections == 0 })
	for _, where := range []string{"boom in disconnect", "boom in connect", "boom in guard", "close_test.go"} {
		if !strings.Contains(s.logs.String(), where) {
			t.Errorf("the log does not tell of %q", where)
		}
	}
}

// TestConnectRefuses: a connect hook's error closes with its code, and then the
// disconnect hook does not run.
func TestConnectRefuses(t *testing.T) {
	for _, c := range []struct {
		err    error
		code   ws.CloseCode
		reason string
	}{
		{ws.NewError(ws.CodeUnauthenticated, "who?"), 4401, "unauthenticated: who?"},
		{ws.NewError(ws.CodeForbidden, "no"), 4403, "forbidden: no"},
		{ws.NewError(ws.CodeRateLimited, "slow"), 4429, "rate_limited: slow"},
		{ws.NewError(ws.CodeUnavailable, "later"), 1013, "unavailable: later"},
		{ws.NewError(ws.CodeTimeout, "slow"), 1013, "timeout: slow"},
		{ws.NewError(ws.CodeNotFound, "where?"), 1008, "not_found: where?"},
		{ws.NewError("mine", "no"), 1008, "mine: no"},
		{errors.New("secret"), 1011, "internal: internal error"},
	} {
		s := serve(t, ws.Options{}, gateway{
			connect: func(_ context.Context, client *ws.Client, r *http.Request) (any, error) {
				_ = client.Emit("hello", r.Header.Get("X-Name"))
				return nil, fmt.Errorf("wrapped: %w", c.err)
			},
			disconnect: func(context.Context, *ws.Client, any, ws.Closed) { t.Error("disconnect hook ran") },
		})
		p := s.dial(t, "/ws", "X-Name: ann")
		p.want(`{"event":"hello","data":"ann"}`)
		if reason := p.wantClose(c.code); reason != c.reason {
			t.Errorf("reason %q, want %q", reason, c.reason)
		}
	}
}
