package ws_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// pings answers pings, and fails on anything else.
func (p *peer) pings(n int) {
	p.t.Helper()
	for range n {
		first, payload, err := p.read()
		if err != nil || first != ping {
			p.t.Fatalf("got %#x %.200q %v where a ping was expected", first, payload, err)
		}
		p.raw(frame(pong, payload))
	}
}

// TestQuietUnnoticed: handlers and hooks do not notice silences, after which another
// goroutine reads: not of a connection, nor of a session and the sockets that it has
// one after the other.
func TestQuietUnnoticed(t *testing.T) {
	type end struct {
		state any
		why   ws.Closed
	}
	connects, ends := 0, make(chan end, 10)
	s := serve(t, ws.Options{PingInterval: 5 * time.Millisecond, IdleTimeout: time.Hour}, gateway{
		connect: func(context.Context, *ws.Client, *http.Request) (any, error) {
			connects++
			return new(int), nil
		},
		disconnect: func(_ context.Context, _ *ws.Client, state any, why ws.Closed) { ends <- end{state, why} },
		on: map[string]handler{"count": inline(func(c *ws.Call) error {
			n := c.State().(*int) // without a lock: messages are handled one after the other
			*n++
			return c.Reply(n)
		})},
	})
	said := 0
	speaks := func(p *peer, times int) {
		t.Helper()
		for range times {
			said++
			p.send(`{"event":"count","id":%d}`, said)
			p.want(fmt.Sprintf(`{"event":"count","id":%d,"data":%d}`, said, said))
			p.pings(6)
		}
	}
	ended := func(code ws.CloseCode) {
		t.Helper()
		e := await(t, "the disconnect hook", ends)
		if n := *e.state.(*int); n != said || e.why.Code != code || connects != 1 {
			t.Errorf("handled %d of %d, %d connect hooks, %+v", n, said, connects, e.why)
		}
		said, connects = 0, 0
	}

	p := s.dial(t, "/ws")
	speaks(p, 3)
	p.sendClose(1000, "")
	p.wantClose(1000)
	ended(1000)

	p = s.dial(t, "/ws")
	p.pings(4)
	speaks(p, 2)
	_ = p.conn.Close()
	ended(ws.CloseAbnormal)

	p = s.dial(t, "/ws", v1)
	welcomed := func(says string) {
		t.Helper()
		if text := p.next(); !strings.HasPrefix(text, `{"event":"$connected","data":{`+says) {
			t.Fatalf("got %s", text)
		}
	}
	p.send(`{"event":"$connect"}`)
	welcomed(`"resumed":false`)
	sid := p.sid
	speaks(p, 2)
	for _, whole := range []bool{false, true} { // the first message is gws's, or ours
		_ = p.conn.Close()
		p = s.dial(t, "/ws", v1)
		says := fmt.Appendf(nil, `{"event":"$connect","data":{"resume":{"sid":%q,"seq":%d}}}`, sid, said)
		if whole {
			p.raw(frame(text, says))
		} else {
			p.raw(append(frame(0x01, says[:20]), frame(0x80, says[20:])...))
		}
		welcomed(`"resumed":true`)
		speaks(p, 2)
		p.send(`{"event":"$ping"}`)
		p.want(fmt.Sprintf(`{"event":"$pong","data":{"seq":%d}}`, said))
		p.pings(6)
		speaks(p, 1)
	}
	p.sendClose(1000, "")
	p.wantClose(1000)
	ended(1000)
}
