package ws_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// TestLongMessages: long messages arrive whole, in pieces of any size, in
// fragments with Pings between them, and one behind the other. Frames behind a
// long payload are checked like any others. A long message that breaks off ends
// the connection like any other.
func TestLongMessages(t *testing.T) {
	causes := make(chan ws.Closed, 1)
	s := serve(t, ws.Options{}, gateway{
		on:         map[string]handler{"echo": inline(echo)},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, cause ws.Closed) { causes <- cause },
	})
	message := func(size int) []byte {
		m := fmt.Appendf(nil, `{"event":"echo","data":"%d `, size)
		for i := 0; len(m) < size-2; i++ {
			m = append(m, byte('a'+i%26))
		}
		return append(m, `"}`...)
	}
	p := s.dial(t, "/ws")
	sizes := []int{4095, 4096, 4097, 4100, 4112, 8192, 20_000, 65_535, 65_536}
	var stream []byte
	for _, size := range sizes {
		m := message(size)
		stream = append(stream, frame(text, m)...)
		stream = append(stream, join(frame(0x01, m[:4096%size]), frame(ping, []byte("?")), frame(0, m[4096%size:size/2+2048]), frame(0x80, m[size/2+2048:]))...)
	}
	for _, piece := range []int{997, 4096, 5003, len(stream)} {
		sent := make(chan struct{})
		go func() { // the server reads no further while its answers are not read
			defer close(sent)
			for rest := stream; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
				_, _ = p.conn.Write(rest[:min(piece, len(rest))])
			}
		}()
		for _, size := range sizes {
			p.want(string(message(size)))
			if first, payload, err := p.read(); first != pong || string(payload) != "?" || err != nil {
				t.Fatalf("%d in pieces of %d: got %#x %.50q %v, want a Pong", size, piece, first, payload, err)
			}
			p.want(string(message(size)))
		}
		<-sent
	}
	p.raw(join(frame(text, message(30_000)), []byte{text, 1, 'x'}))
	p.want(string(message(30_000)))
	if reason := p.wantClose(ws.CloseProtocol); !strings.Contains(reason, "masked") {
		t.Errorf("reason %q", reason)
	}
	if cause := await(t, "the disconnect hook", causes); cause.Code != ws.CloseProtocol {
		t.Errorf("%+v", cause)
	}

	p = s.dial(t, "/ws")
	p.raw(frame(text, message(60_000))[:40_000])
	_ = p.conn.Close()
	if cause := await(t, "the disconnect hook", causes); cause.Code != ws.CloseAbnormal || !cause.Remote {
		t.Errorf("%+v", cause)
	}
}

// TestLongAnswers: long answers of generated code arrive whole and in order, among short
// ones and pushes, whether they are written on the read loop or beside it, at a client
// that does not read at first.
func TestLongAnswers(t *testing.T) {
	answer := func(c *ws.Call) error {
		v, err := ws.DecodeJSON(c, func(r *wsjson.Reader) (s string) { wsjson.ReadString(r, &s); return s })
		if err != nil {
			return err
		}
		return ws.ReplyJSON(c, v, wsjson.WriteString)
	}
	const rounds, late = 300, 40
	const tick = `{"event":"tick","data":1}`
	for event, h := range map[string]handler{"inline": inline(answer), "serial": serial(answer)} {
		t.Run(event, func(t *testing.T) {
			s := serve(t, ws.Options{}, gateway{on: map[string]handler{event: h}})
			message := func(i int) string {
				size := []int{10, 5_000, 60_000, 4_100, 30_000}[i%5]
				return fmt.Sprintf(`{"event":%q,"data":"%d %s"}`, event, i, strings.Repeat(string(rune('a'+i%26)), size))
			}
			p := s.dial(t, "/ws")
			begun, over := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(over)
				for i := range rounds {
					if i == late {
						close(begun)
					}
					_, _ = p.conn.Write(frame(text, []byte(message(i))))
					_, _ = s.Broadcast("tick", 1)
				}
			}()
			await(t, "the first messages", begun)
			for i := range rounds {
				got := p.next()
				for got == tick {
					got = p.next()
				}
				if want := message(i); got != want {
					t.Fatalf("answer %d is %.80q of %d bytes, not %.80q of %d", i, got, len(got), want, len(want))
				}
			}
			<-over
		})
	}
}

// TestHandlersKeepText: what generated code has read of a message stays as it was,
// whatever comes later, who guards it, and where it is handled.
func TestHandlersKeepText(t *testing.T) {
	type item struct{ got, want string }
	var mu sync.Mutex
	var kept []item
	take := func(c *ws.Call) error {
		v, err := ws.DecodeJSON(c, func(r *wsjson.Reader) (s string) { wsjson.ReadString(r, &s); return s })
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, item{v, strings.Clone(v)})
		return c.Reply(len(v))
	}
	allow := []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error { return nil })}
	pass := func(next ws.Next) ws.Next {
		buf := make([]byte, 0, 400_000)
		return func(ctx context.Context, m ws.Message) error {
			m.Data = append(buf[:0], m.Data...) // which the interceptor may use again
			return next(ctx, m)
		}
	}
	on := map[string]handler{}
	for name, mode := range map[string]ws.Mode{"inline": ws.Inline, "serial": ws.Serial} {
		on[name] = handler{mode: mode, call: take}
		on[name+"-guarded"] = handler{mode: mode, call: take, guards: allow}
	}
	for _, around := range [][]ws.Interceptor{nil, {pass}} {
		s := serve(t, ws.Options{MaxMessageBytes: 1 << 20, Interceptors: around}, gateway{on: on})
		p := s.dial(t, "/ws")
		sizes := []int{1, 600, 1_025, 1_100, 5_000, 65_400, 300_000}
		for i := range 10 * len(sizes) {
			for name := range on {
				text := strings.Repeat(string(rune('a'+i%26)), sizes[i%len(sizes)])
				p.send(`{"event":%q,"id":1,"data":%q}`, name, text)
				p.want(fmt.Sprintf(`{"event":%q,"id":1,"data":%d}`, name, len(text)))
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for i, k := range kept {
		if k.got != k.want {
			t.Fatalf("text %d was %.40q and is %.40q", i, k.want, k.got)
		}
	}
}
