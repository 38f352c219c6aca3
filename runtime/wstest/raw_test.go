package wstest_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestRawFrames: a test can send what no client may, and sees each frame.
func TestRawFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := forms().serve(quiet(ws.Options{}))
		c := wstest.Dial(t, e)
		c.SendFrame(wstest.Frame{First: wstest.Text &^ wstest.Fin, Payload: []byte(`{"event":"echo",`)})
		c.SendFrame(wstest.Frame{First: wstest.Fin, Payload: []byte(`"data":1}`)})
		c.ExpectText(`{"event":"echo","data":1}`)
		c.SendFrame(wstest.Frame{First: wstest.Ping, Payload: []byte("hi")})
		if got := c.Frame(); got.First != wstest.Pong || string(got.Payload) != "hi" {
			t.Error(got)
		}
		for _, n := range []int{125, 126, 60_000} {
			if got := wstest.Decode[string](c.Call("echo", strings.Repeat("x", n))); len(got) != n {
				t.Error(len(got), n)
			}
		}
		c.SendBytes([]byte{0x81, 2, '{', '}'})
		if reason := c.ExpectClose(ws.CloseProtocol); reason != "protocol: frame not masked" {
			t.Error(reason)
		}
	})
}

// TestLongFrames: a frame of the longest form is read, too.
func TestLongFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := spoken{"long": func(c *ws.Call) error { return c.Reply(strings.Repeat("y", 100_000)) }}
		c := wstest.Dial(t, g.serve(quiet(ws.Options{})))
		if got := wstest.Decode[string](c.Call("long", nil)); len(got) != 100_000 {
			t.Error(len(got))
		}
		wantIn(t, failure(t, func(t testing.TB) {
			c := wstest.Dial(t, g.serve(quiet(ws.Options{})))
			c.Send("long", nil)
			wstest.Expect[int](c, "none")
		}), "yyy… (100")
	})
}

// TestManual: Pings and the Close are the test's, if it wants them, and answered
// if not.
func TestManual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := forms().serve(quiet(ws.Options{PingInterval: time.Second, IdleTimeout: 3 * time.Second}))
		c := wstest.Dial(t, e)
		c.ExpectSilence(time.Minute) // whose Pings are answered, else it were dead
		m := wstest.Dial(t, e, wstest.Manual())
		if got := m.Frame(); got.First != wstest.Ping {
			t.Error(got)
		}
		m.ExpectClose(ws.CloseAbnormal) // not answered
		m = wstest.Dial(t, e, wstest.Manual())
		m.Send("leave", nil)
		m.ExpectClose(ws.CloseForbidden) // and not answered
		begun := time.Now()
		m.SendFrame(wstest.Frame{First: wstest.Close, Payload: []byte{0x11, 0x33}})
		synctest.Wait()
		if time.Since(begun) > 0 || e.Server().Stats().Connections != 1 {
			t.Error(time.Since(begun), e.Server().Stats().Connections)
		}
	})
}

// TestDeaf: who is deaf reads nothing, so that the server is stalled, and what
// came meanwhile is there when it hears again.
func TestDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := quiet(ws.Options{OutboxFrames: 4, WriteTimeout: time.Minute, PingInterval: ws.Unlimited})
		e := forms().serve(server)
		c := wstest.Dial(t, e)
		c.Deaf()
		c.Deaf() // is what it was
		sent := 0
		for i := range 20 {
			n, err := server.Broadcast("tick", i)
			if err != nil {
				t.Error(err)
			}
			sent += n
			synctest.Wait()
		}
		if sent >= 20 || server.Stats().Shed == 0 {
			t.Errorf("a deaf client took all %d pushes", sent)
		}
		c.Hear()
		for range sent {
			wstest.Expect[int](c, "tick")
		}
		c.ExpectSilence(0)
		c.Deaf()
		_, _ = server.Broadcast("tick", 0)
		time.Sleep(2 * time.Minute)
		c.Hear()
		c.ExpectClose(ws.CloseAbnormal) // the Close could not be sent
	})
}

// TestTwoWriters: nobody who sends waits for another that waits for a server which
// does not read: in a bubble time would stand still.
func TestTwoWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		g := spoken{"hold": func(*ws.Call) error { <-hold; return nil }}
		e := g.serve(quiet(ws.Options{InboxMessages: 1}))
		c := wstest.Dial(t, e)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 8 {
					c.Send("hold", nil)
				}
			})
		}
		all.Wait()
		begun := time.Now()
		time.Sleep(time.Hour)
		if took := time.Since(begun); took != time.Hour {
			t.Error(took)
		}
		close(hold)
	})
}
