package ws_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestOneAnswer has calls end in every way at the same time: they reply, fail,
// are cancelled, are too late, stream. Each id gets one last frame and nothing
// behind it, and everything has ended when the disconnect hook runs.
func TestOneAnswer(t *testing.T) {
	const calls = 2000
	wait := func(ctx context.Context) error {
		if rand.IntN(2) == 0 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	brief := func(mode ws.Mode) handler {
		return handler{mode: mode, within: time.Millisecond, call: func(c *ws.Call) error { return wait(c.Context()) }}
	}
	gone := make(chan struct{})
	s := serve(t, ws.Options{MaxStreams: 4, OutboxFrames: 8, InboxMessages: 8}, gateway{
		on: map[string]handler{
			"serial":   brief(ws.Serial),
			"parallel": brief(ws.Parallel),
			"inline":   inline(echo),
			"stream": {mode: ws.Serial, stream: true, within: time.Millisecond, call: func(c *ws.Call) error {
				ctx := c.Context()
				return ws.Stream2(c, func(yield func(int, error) bool) {
					for i := range rand.IntN(50) {
						if !yield(i, nil) {
							return
						}
					}
					yield(0, wait(ctx))
				})
			}},
			"chan": {mode: ws.Parallel, stream: true, call: func(c *ws.Call) error {
				ch, ctx := make(chan int), c.Context()
				go func() {
					defer close(ch)
					for i := range rand.IntN(50) {
						select {
						case ch <- i:
						case <-ctx.Done():
							return
						}
					}
				}()
				return ws.StreamChan(c, ch)
			}},
		},
		disconnect: func(context.Context, *ws.Client, any, ws.Closed) { close(gone) },
	})
	p := s.dial(t, "/ws")
	events := []string{"serial", "parallel", "inline", "stream", "chan"}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for id := range calls {
			if rand.IntN(2) == 0 {
				p.send(`{"event":%q,"id":%d}`, events[rand.IntN(len(events))], id)
			} else {
				p.send(`{"event":%q,"id":%d,"meta":{"credit":"%d"}}`, events[rand.IntN(len(events))], id, rand.IntN(9))
				p.send(`{"event":"$credit","id":%d,"data":%d}`, id, 50)
			}
			if rand.IntN(2) == 0 {
				p.send(`{"event":"$cancel","id":%d}`, max(0, id-rand.IntN(10)))
			}
		}
	}()
	answered := make([]bool, calls)
	for left := calls; left > 0; {
		var f struct {
			Event string
			ID    *int
			More  bool
			Data  json.RawMessage
		}
		if err := json.Unmarshal([]byte(p.next()), &f); err != nil || f.ID == nil {
			t.Fatal(f, err)
		}
		if answered[*f.ID] {
			t.Fatalf("a frame behind the answer to %d: %s %s", *f.ID, f.Event, f.Data)
		}
		if !f.More {
			answered[*f.ID] = true
			left--
		}
	}
	<-sent
	_ = p.conn.Close()
	<-gone
}

// TestCancelFull: a stream whose items fill the outbox is cancelled. Only
// frames that were queued before come before the answer.
func TestCancelFull(t *testing.T) {
	s := serve(t, ws.Options{OutboxFrames: 4}, gateway{on: map[string]handler{
		"s": stream(func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(string) bool) {
				page := string(make([]byte, 100_000))
				for yield(page) {
					continue
				}
			})
		}),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"s","id":1}`)
	p.send(`{"event":"$cancel","id":1}`)
	for {
		var f struct{ More bool }
		got := p.next()
		if err := json.Unmarshal([]byte(got), &f); err != nil {
			t.Fatal(err)
		}
		if !f.More {
			if want := `{"event":"error","id":1,"data":{"code":"canceled","message":"canceled by the client","event":"s"}}`; got != want {
				t.Error(got)
			}
			break
		}
	}
	p.send(`{"event":"none","id":1}`)
	p.want(`{"event":"error","id":1,"data":{"code":"unknown_event","message":"unknown event","event":"none"}}`)
}
