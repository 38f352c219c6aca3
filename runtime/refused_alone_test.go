package ws_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestRefusedAlone: a session that its connect hook refuses gets the Close and
// nothing else, whatever is pushed to it meanwhile.
func TestRefusedAlone(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
		_ = c.Emit("hello", 1)
		return nil, ws.NewError(ws.CodeForbidden, "no seat")
	}})
	stop := make(chan struct{})
	var pushers sync.WaitGroup
	for range 2 {
		pushers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = s.Broadcast("e", 1)
				}
			}
		})
	}
	for range 300 {
		p := s.dial(t, "/ws", v1)
		p.send(`{"event":"$connect"}`)
		if first, payload, err := p.read(); err != nil || first != closes {
			t.Errorf("%#x %q, %v", first, payload, err)
			break
		}
		_ = p.conn.Close()
	}
	close(stop)
	pushers.Wait()
	eventually(t, "all are gone", func() bool { return s.Stats().Admitted == 0 })
}
