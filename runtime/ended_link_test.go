package ws_test

import (
	"fmt"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestEndedLinkIsDeaf: what comes by a socket that the server has said Close to is
// neither handled nor counted, so the client sends it again by the next, and nothing
// of it is held meanwhile.
func TestEndedLinkIsDeaf(t *testing.T) {
	for name, first := range map[string]string{"without gws": "", "with gws": `{"event":"echo","id":0}`} {
		t.Run(name, func(t *testing.T) {
			w := seen(t, ws.Options{})
			p := w.dial(t, "/ws/a", v1)
			p.send(`{"event":"$connect","data":{"token":"ann 200ms"}}`)
			p.next()
			had := 0
			if first != "" {
				p.raw(pieces(first))
				p.next()
				had = 1
			}
			before := w.Stats()
			if first, payload, err := p.read(); err != nil || first != closes || !strings.HasPrefix(string(payload), "\x11\x31") {
				t.Fatalf("%#x %q, %v", first, payload, err)
			}
			for i := range 100 {
				_, _ = p.conn.Write(frame(text, fmt.Appendf(nil, `{"event":"echo","id":%d,"data":"%s"}`, i, strings.Repeat("x", 300))))
				_, _ = p.conn.Write(frame(text, []byte(`{"event":"$ping"}`)))
			}
			_, _ = p.conn.Write(frame(closes, []byte{0x11, 0x31}))
			p.wantEOF()
			await(t, "that it has no socket", w.detached)
			if after := w.Stats(); after.Accepted != before.Accepted {
				t.Errorf("%d answers to it wait", after.Accepted-before.Accepted)
			}
			q, answer := w.again(t, "ann", p.sid, had)
			if answer != goesOn(had) {
				t.Fatal(answer)
			}
			q.send(`{"event":"echo","id":1,"data":"again"}`)
			q.want(`{"event":"echo","id":1,"data":"again"}`)
		})
	}
}
