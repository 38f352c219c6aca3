package wstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// forms are handlers whose answers are of every kind.
func forms() spoken {
	return spoken{
		"echo":         echo,
		"stream_ticks": ticks,
		"no":           func(*ws.Call) error { return ws.NewError(ws.CodeConflict, "no") },
		"say": func(c *ws.Call) error {
			for _, event := range []string{"first", "second", "third"} {
				if err := c.Client().Emit(event, event); err != nil {
					return err
				}
			}
			return nil
		},
		"later": func(c *ws.Call) error {
			sender := c.Sender()
			time.AfterFunc(5*time.Second, func() { _ = sender.Emit("late", nil) })
			return nil
		},
		"leave": func(c *ws.Call) error { return c.Client().Close(ws.CloseForbidden, "forbidden: go") },
	}
}

// TestOrder: what is not taken stays, in its order, for whoever asks for it.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wstest.Dial(t, forms().serve(quiet(ws.Options{})))
		c.Call("say", nil).OK()
		c.Send("no", nil)
		if got := wstest.Expect[string](c, "third"); got != "third" {
			t.Error(got)
		}
		c.ExpectError(ws.CodeConflict)
		c.ExpectText(`{"event":"first","data":"first"}`, `{"event":"second","data":"second"}`)
		c.ExpectSilence(time.Minute)
		c.Call("say", nil).OK()
		if got := c.Texts(); len(got) != 3 || got[2] != `{"event":"third","data":"third"}` {
			t.Error(got)
		}

		one, two := c.Begin("echo", 1), c.Begin("echo", 2)
		if b, a := wstest.Decode[int](two.Reply()), wstest.Decode[int](one.Reply()); a != 1 || b != 2 {
			t.Error(a, b)
		}
		if got := c.Call("echo", "x").Text(); got != `"x"` {
			t.Error(got)
		}
		c.SendText("hello")
		c.ExpectError(ws.CodeBadFrame)
		c.Send("leave", nil)
		if reason := c.ExpectClose(ws.CloseForbidden); reason != "forbidden: go" {
			t.Error(reason)
		}
	})
}

// TestStreams: the values, the end, and the other end.
func TestStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wstest.Dial(t, forms().serve(quiet(ws.Options{})))
		s := c.Stream("stream_ticks", nil)
		begun := time.Now()
		for i := range 3 {
			if got := wstest.Next[int](s); got != i {
				t.Error(got, i)
			}
		}
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("three ticks took %v of the bubble's time", took)
		}
		time.Sleep(1500 * time.Millisecond)
		s.Cancel()
		if e := s.ExpectError(ws.CodeCanceled); e.Message == "" {
			t.Error(e)
		}
		c.ExpectSilence(time.Minute)
	})
}

// TestFailures: each expectation that is not met fails, and tells what came
// instead.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		test func(c *wstest.Conn)
		want []string
	}{
		"no push":         {func(c *wstest.Conn) { wstest.Expect[int](c, "x") }, []string{`no push "x" came`, "nothing was sent, and nothing came"}},
		"another push":    {func(c *wstest.Conn) { c.Send("say", nil); wstest.Expect[int](c, "x") }, []string{`no push "x"`, `0.000s > {"event":"say"}`, `< {"event":"first","data":"first"}`}},
		"another type":    {func(c *wstest.Conn) { c.Send("say", nil); wstest.Expect[int](c, "first") }, []string{`the data of "first" is no int`}},
		"a push later":    {func(c *wstest.Conn) { c.Send("later", nil); c.ExpectSilence(time.Minute) }, []string{"there should be silence", "late", `5.000s < {"event":"late","data":null}`}},
		"a push before":   {func(c *wstest.Conn) { c.Call("say", nil).OK(); c.ExpectSilence(0) }, []string{"there should be silence", "third"}},
		"silent for ever": {func(c *wstest.Conn) { c.Vanish(); c.ExpectSilence(0) }, []string{"the connection has ended"}},
		"silence unheard": {func(c *wstest.Conn) { c.Deaf(); c.ExpectSilence(0) }, []string{"Hear comes first"}},
		"no error":        {func(c *wstest.Conn) { c.Send("echo", 1); c.ExpectError("no") }, []string{`no error came, and "no" should`}},
		"another error":   {func(c *wstest.Conn) { c.Send("no", 1); c.ExpectError("other") }, []string{`the error is "conflict", want "other": no`}},
		"a result":        {func(c *wstest.Conn) { c.Call("echo", 7).ExpectError("no") }, []string{`"echo" was answered, and should be refused as "no": 7`}},
		"another refusal": {func(c *wstest.Conn) { c.Call("no", 7).ExpectError("other") }, []string{`"no" was refused as "conflict", want "other"`}},
		"a refusal":       {func(c *wstest.Conn) { c.Call("no", nil).OK() }, []string{`"no" was refused: conflict: no`}},
		"unasked":         {func(c *wstest.Conn) { c.Call("no", nil) }, []string{"nobody has asked about a refusal", "no was refused: conflict"}},
		"another result":  {func(c *wstest.Conn) { wstest.Decode[int](c.Call("echo", "a")) }, []string{`the answer to "echo" is no *int`}},
		"a stream":        {func(c *wstest.Conn) { c.Call("stream_ticks", nil) }, []string{"is a stream: use Conn.Stream"}},
		"no stream":       {func(c *wstest.Conn) { wstest.Next[int](c.Stream("echo", nil)) }, []string{`"echo" has ended, and should have a value`}},
		"refused stream":  {func(c *wstest.Conn) { wstest.Collect[int](c.Stream("no", nil)) }, []string{`"no" ended with a refusal: conflict`}},
		"more":            {func(c *wstest.Conn) { c.Stream("stream_ticks", nil).End() }, []string{"should have ended, and has another value: 0"}},
		"ended well":      {func(c *wstest.Conn) { c.Stream("echo", nil).ExpectError("no") }, []string{`"echo" ended well, and should end as "no"`}},
		"no close":        {func(c *wstest.Conn) { c.ExpectClose(1000) }, []string{"the server does not close, and should with 1000"}},
		"another close":   {func(c *wstest.Conn) { c.Send("leave", nil); c.ExpectClose(1000) }, []string{"the server has closed with 4403 forbidden: go, want 1000"}},
		"no Close":        {func(c *wstest.Conn) { c.Vanish(); c.ExpectClose(1000) }, []string{"ended without a Close, and should with 1000", "* vanishes", "* the connection is over"}},
		"another text":    {func(c *wstest.Conn) { c.Send("echo", 1); c.ExpectText("x") }, []string{`got  {"event":"echo","data":1}`, "want x"}},
		"no text":         {func(c *wstest.Conn) { c.Send("leave", nil); _ = c.Text() }, []string{"the next frame should be a text: Close 4403"}},
		"no frame":        {func(c *wstest.Conn) { c.Frame() }, []string{"no frame came"}},
		"an answer never": {func(c *wstest.Conn) { c.Deaf(); c.Call("echo", 1) }, []string{`"echo", with id 1, has no answer`, "* deaf"}},
		"data without":    {func(c *wstest.Conn) { c.Send("echo", func() {}) }, []string{`the data of "echo" has no JSON`}},
		"long transcripts": {func(c *wstest.Conn) {
			for range 50 {
				c.Call("echo", nil).OK()
			}
			c.Frame()
		}, []string{"… 60 lines before", `"id":50`}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := forms().serve(quiet(ws.Options{}))
				wantIn(t, failure(t, func(t testing.TB) { c.test(wstest.Dial(t, e)) }), c.want...)
			})
		})
	}
}

// TestGoneIsToldAtOnce: who waits for something on a connection that has ended
// does not wait.
func TestGoneIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := forms().serve(quiet(ws.Options{}))
		begun := time.Now()
		wantIn(t, failure(t, func(t testing.TB) {
			c := wstest.Dial(t, e)
			c.Send("leave", nil)
			wstest.Expect[int](c, "x")
		}), `no push "x" came`, "< Close 4403 forbidden: go", "> Close 4403", "* the connection is over")
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestPatience: a test waits for as long as it says.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := forms().serve(quiet(ws.Options{}))
		wstest.Expect[any](func() *wstest.Conn {
			c := wstest.Dial(t, e, wstest.Patience(6*time.Second))
			c.Send("later", nil)
			return c
		}(), "late")
		begun := time.Now()
		failure(t, func(t testing.TB) { wstest.Dial(t, e, wstest.Patience(3*time.Second)).Frame() })
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
