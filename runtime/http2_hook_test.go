package ws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestHTTP2HookReadsAhead: a hook has asked whether the peer of its stream is
// gone. The stream is read on afterwards, in order, however much has come
// meanwhile.
func TestHTTP2HookReadsAhead(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	for _, total := range []int{0, 1, 3, 200} { // 200 are more than are read ahead
		for _, early := range []int{0, 1, total} { // that come while the hook waits
			if early > total {
				continue
			}
			t.Run(fmt.Sprintf("%d of %d", early, total), func(t *testing.T) {
				w := newPatient()
				s := serve(t, ws.Options{}, w.gateway)
				c := s.rawH2(t, 1<<20)
				c.connect(1, "/ws", 0)
				var sent [2][]byte
				var want []byte
				for i := range total {
					to := &sent[1]
					if i < early {
						to = &sent[0]
					}
					*to = append(*to, frame(text, fmt.Appendf(nil, `{"event":"echo","data":%d}`, i))...)
					reply := fmt.Appendf(nil, `{"event":"echo","data":%d}`, i)
					want = append(append(want, text, byte(len(reply))), reply...)
				}
				await(t, "the hook waits", w.waits)
				if len(sent[0]) > 0 {
					c.send(h2Data, 0, 1, sent[0])
				}
				close(w.goOn)
				if !c.accepted(1) {
					t.Fatal("refused")
				}
				if len(sent[1]) > 0 {
					c.send(h2Data, 0, 1, sent[1])
				}
				var got []byte
				for len(got) < len(want) {
					if f := c.next(); f.kind == h2Data {
						got = append(got, f.payload...)
					} else if f.kind != h2Window {
						t.Fatalf("frame %d with %x after %q", f.kind, f.payload, got)
					}
				}
				if !bytes.Equal(got, want) {
					t.Errorf("got  %q\nwant %q", got, want)
				}
				c.send(h2Data, 0, 1, frame(closes, []byte{0x03, 0xe8}))
				if cause := await(t, "the end", w.closed); cause.Code != ws.CloseNormal {
					t.Errorf("%+v", cause)
				}
			})
		}
	}
}

// TestHTTP2HookPeerGone: a hook that waits hears when its stream has ended,
// however it did, and when the TCP connection has.
func TestHTTP2HookPeerGone(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	for name, end := range map[string]func(*rawH2){
		"reset":      func(c *rawH2) { c.reset(1, h2Cancel) },
		"end":        func(c *rawH2) { c.send(h2Data, h2End, 1, nil) },
		"connection": func(c *rawH2) { _ = c.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newPatient()
			s := serve(t, ws.Options{HandshakeTimeout: ws.Unlimited}, w.gateway)
			c := s.rawH2(t, window)
			c.connect(1, "/ws?mind", 0)
			await(t, "the hook waits", w.waits)
			end(c)
			if err := await(t, "its context ends", w.ended); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			eventually(t, "gone", func() bool { return s.Held() == 0 })
		})
	}
}
