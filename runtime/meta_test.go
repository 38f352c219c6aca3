package ws_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestMeta: the meta of a message reaches guards, handlers and streams.
func TestMeta(t *testing.T) {
	guarded := make(chan map[string]string, 1)
	e := gateway{on: map[string]handler{
		"inline": inline(func(c *ws.Call) error { m := ws.Meta(c.Context()); return c.Reply(&m) }),
		"derived": serial(func(c *ws.Call) error {
			ctx, cancel := context.WithCancel(c.Context())
			defer cancel()
			m := ws.Meta(ctx)
			return c.Reply(&m)
		}),
		"guarded": {mode: ws.Serial, call: nothing, guards: []ws.MessageGuard{
			messageGuard(func(_ context.Context, m ws.Message) error { guarded <- m.Meta; return nil }),
		}},
		"stream": stream(func(c *ws.Call) error {
			ctx := c.Context()
			return ws.Stream(c, func(yield func(string) bool) { yield(ws.Meta(ctx)["traceparent"]) })
		}),
	}}.endpoint(ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)}))
	p := wstest.Dial(t, e)
	const meta = `"meta":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`
	const parent = `"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`
	for _, event := range []string{"inline", "derived"} {
		p.SendText(fmt.Sprintf(`{"event":%q,%s}`, event, meta))
		p.ExpectText(`{"event":"` + event + `","data":{"traceparent":` + parent + `}}`)
		p.SendText(fmt.Sprintf(`{"event":%q,"\u006deta":{"a":"1","a":"2"}}`, event))
		p.ExpectText(`{"event":"` + event + `","data":{"a":"2"}}`)
		for _, none := range []string{``, `,"meta":null`} {
			p.SendText(fmt.Sprintf(`{"event":%q%s}`, event, none))
			p.ExpectText(`{"event":"` + event + `","data":null}`)
		}
	}
	p.SendText(fmt.Sprintf(`{"event":"guarded","id":1,%s}`, meta))
	p.ExpectText(`{"event":"guarded","id":1,"data":null}`)
	if got := <-guarded; `"`+got["traceparent"]+`"` != parent {
		t.Error(got)
	}
	p.SendText(fmt.Sprintf(`{%s,"id":1,"event":"stream"}`, meta))
	p.ExpectText(`{"event":"stream","id":1,"data":`+parent+`,"more":true}`, `{"event":"stream","id":1,"data":null}`)
	for _, m := range []string{`[]`, `"x"`, `{"n":1}`, `{"deadlineMs":"soon"}`, `{"deadlineMs":"-1"}`, `{"deadlineMs":"9999999999999999999999"}`} {
		p.SendText(fmt.Sprintf(`{"event":"inline","id":1,"meta":%s}`, m))
		p.ExpectText(strings.Replace(bad(`the member \"meta\" must be an object of strings, its \"deadlineMs\" a number of milliseconds`), `"error",`, `"error","id":1,`, 1))
	}
	p.SendText(`{"event":"inline","id":1,"meta":{"a":tru}}`)
	p.ExpectText(bad("a frame is a JSON object in a text message"))
	p.SendText(`{"event":"inline","id":1,"meta":{"deadlineMs":"9223372036854775807"}}`) // three hundred million years
	p.ExpectText(`{"event":"inline","id":1,"data":{"deadlineMs":"9223372036854775807"}}`)
}

// TestDeadlineMs: deadlineMs is how long the client will wait, from when its
// message came.
func TestDeadlineMs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := false
		e := gateway{on: map[string]handler{
			"left": {mode: ws.Serial, within: time.Minute, call: func(c *ws.Call) error {
				until, _ := c.Context().Deadline()
				left := time.Until(until).Milliseconds()
				return c.Reply(&left)
			}},
			"inline": inline(func(c *ws.Call) error {
				until, _ := c.Context().Deadline()
				left := time.Until(until).Milliseconds()
				return c.Reply(&left)
			}),
			"slow":  serial(func(*ws.Call) error { time.Sleep(time.Second); return nil }),
			"never": serial(func(*ws.Call) error { ran = true; return nil }),
			"wait":  serial(func(c *ws.Call) error { <-c.Context().Done(); return c.Context().Err() }),
		}}.endpoint(ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)}))
		p := wstest.Dial(t, e)
		for ms, want := range map[string]string{"250": "250", "100000": "60000"} {
			p.SendText(fmt.Sprintf(`{"event":"left","id":1,"meta":{"deadlineMs":%q}}`, ms))
			p.ExpectText(`{"event":"left","id":1,"data":` + want + `}`)
		}
		p.SendText(`{"event":"inline","id":1,"meta":{"deadlineMs":"250"}}`)
		p.ExpectText(`{"event":"inline","id":1,"data":250}`)
		p.SendText(`{"event":"wait","id":1,"meta":{"deadlineMs":"250"}}`)
		p.ExpectText(`{"event":"error","id":1,"data":{"code":"timeout","message":"it took too long","event":"wait"}}`)
		p.SendText(`{"event":"slow","id":1}`)
		p.SendText(`{"event":"never","id":2,"meta":{"deadlineMs":"999"}}`)
		p.ExpectText(`{"event":"slow","id":1,"data":null}`, `{"event":"error","id":2,"data":{"code":"timeout","message":"it took too long","event":"never"}}`)
		if ran {
			t.Error("a message whose time was up was handled")
		}
	})
}

// TestMetaOfNone: to look for the meta of a connection's context, which an Observer
// does at each message, costs the connection no memory.
func TestMetaOfNone(t *testing.T) {
	const runs = 100
	var all []context.Context
	for range runs + 1 { // and one before them
		all = append(all, wstest.NewClient().Context())
	}
	next := 0
	if n := testing.AllocsPerRun(runs, func() {
		if ws.Meta(all[next]) != nil {
			t.Error("there is a meta")
		}
		next++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
