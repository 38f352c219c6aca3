//go:build linux && !386

package ws_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestWrittenCountsNoMore: of pushes to a peer that stalls, those that its
// kernel has taken count no more towards the total, though the rest waits.
func TestWrittenCountsNoMore(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{OutboxFrames: ws.Unlimited, OutboxBytes: ws.Unlimited}, gateway{
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
			clients <- c
			return nil, nil
		},
	})
	for range 5 {
		p := s.dial(t, "/ws") // and does not read
		c := await(t, "the connection", clients)
		before := ws.Written(c)
		const pushes = 10_000
		data := strings.Repeat("x", 1000)
		size := len(`....{"event":"e","data":""}`) + len(data)
		for range pushes {
			if n, err := s.Broadcast("e", data); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		eventually(t, "no more counts than waits", func() bool {
			waits := pushes - (ws.Written(c)-before)/size
			counts := int(s.Stats().Outboxes)
			return counts == waits*size || counts == (waits-1)*size // one that was alone does not
		})
		_ = p.conn.Close()
		eventually(t, "nothing waits", func() bool { return s.Stats().Outboxes == 0 && s.Stats().Connections == 0 })
	}
}
