package ws_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestStream: a stream is items with "more", and then one frame without, on a
// socket.
func TestStream(t *testing.T) {
	type page struct {
		N int `json:"n"`
	}
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"seq":   stream(func(c *ws.Call) error { return ws.Stream(c, count(2)) }),
		"none":  stream(func(c *ws.Call) error { return ws.Stream(c, count(0)) }),
		"nil":   stream(func(c *ws.Call) error { return ws.Stream[int](c, nil) }),
		"nil2":  stream(func(c *ws.Call) error { return ws.Stream2[int](c, nil) }),
		"nilch": stream(func(c *ws.Call) error { return ws.StreamChan[int](c, nil) }),
		"seq2": stream(func(c *ws.Call) error {
			return ws.Stream2(c, func(yield func(page, error) bool) {
				_ = yield(page{1}, nil) && yield(page{}, ws.NewError("gone", "no more pages"))
			})
		}),
		"chan": stream(func(c *ws.Call) error {
			ch := make(chan string, 2)
			ch <- "a"
			ch <- "b"
			close(ch)
			return ws.StreamChan(c, ch)
		}),
		"refused":    stream(func(*ws.Call) error { return ws.NewError("no", "not today") }),
		"inline":     {stream: true, call: func(c *ws.Call) error { return ws.Stream(c, count(1)) }},
		"parallel":   {stream: true, mode: ws.Parallel, call: func(c *ws.Call) error { return ws.Stream(c, count(1)) }},
		"unsendable": stream(func(c *ws.Call) error { return ws.Stream(c, func(yield func(chan int) bool) { yield(make(chan int)) }) }),
		"fails": stream(func(c *ws.Call) error {
			return ws.Stream2(c, func(yield func(int, error) bool) { yield(0, errors.New("secret")) })
		}),
		"twice": stream(func(c *ws.Call) error {
			return errors.Join(ws.Stream(c, count(0)), ws.Stream(c, count(0)))
		}),
		"not one": serial(func(c *ws.Call) error { return ws.Stream(c, count(1)) }),
		"echo":    inline(echo),
	}})
	p := s.dial(t, "/ws")
	for _, c := range []struct {
		event string
		want  []string
	}{
		{"seq", []string{`{"event":"seq","id":1,"data":0,"more":true}`, `{"event":"seq","id":1,"data":1,"more":true}`, `{"event":"seq","id":1,"data":null}`}},
		{"none", []string{`{"event":"none","id":1,"data":null}`}},
		{"nil", []string{`{"event":"nil","id":1,"data":null}`}},
		{"nil2", []string{`{"event":"nil2","id":1,"data":null}`}},
		{"nilch", []string{`{"event":"nilch","id":1,"data":null}`}},
		{"seq2", []string{`{"event":"seq2","id":1,"data":{"n":1},"more":true}`, `{"event":"error","id":1,"data":{"code":"gone","message":"no more pages","event":"seq2"}}`}},
		{"chan", []string{`{"event":"chan","id":1,"data":"a","more":true}`, `{"event":"chan","id":1,"data":"b","more":true}`, `{"event":"chan","id":1,"data":null}`}},
		{"refused", []string{`{"event":"error","id":1,"data":{"code":"no","message":"not today","event":"refused"}}`}},
		{"inline", []string{`{"event":"inline","id":1,"data":0,"more":true}`, `{"event":"inline","id":1,"data":null}`}},
		{"parallel", []string{`{"event":"parallel","id":1,"data":0,"more":true}`, `{"event":"parallel","id":1,"data":null}`}},
	} {
		p.send(`{"event":%q,"id":1}`, c.event)
		p.want(c.want...)
	}
	for _, event := range []string{"unsendable", "fails", "not one"} {
		p.send(`{"event":%q,"id":"x"}`, event)
		if got := p.next(); !strings.HasPrefix(got, `{"event":"error","id":"x","data":{"code":"internal","message":"internal error","event":"`+event+`","ref":`) {
			t.Errorf("%s: %s", event, got)
		}
	}
	p.send(`{"event":"seq"}`)
	p.want(bad("a stream needs an id"))
	p.send(`{"event":"echo","id":1,"data":"alive"}`)
	p.want(`{"event":"echo","id":1,"data":"alive"}`)
}

// TestStreamEnds: however a stream ends, its producer returns, its context is
// cancelled, nothing follows the last frame, and the disconnect hook comes
// last.
func TestStreamEnds(t *testing.T) {
	for name, begin := range map[string]func(c *ws.Call, out chan<- string) error{
		"seq": func(c *ws.Call, out chan<- string) error {
			return ws.Stream(c, func(yield func(int) bool) {
				for i := 0; ; i++ {
					if !yield(i) {
						break
					}
				}
				out <- "ended"
			})
		},
		"seq that waits": func(c *ws.Call, out chan<- string) error {
			ctx := c.Context()
			return ws.Stream2(c, func(yield func(int, error) bool) {
				yield(0, nil)
				<-ctx.Done()
				yield(0, ctx.Err())
				out <- "ended"
			})
		},
		"chan": func(c *ws.Call, out chan<- string) error {
			ch, ctx := make(chan int), c.Context()
			go func() {
				defer func() { out <- "ended" }()
				for i := 0; ; i++ {
					select {
					case ch <- i:
					case <-ctx.Done():
						return
					}
				}
			}()
			return ws.StreamChan(c, ch)
		},
	} {
		for by, end := range map[string]func(*peer){
			"cancel":    func(p *peer) { p.send(`{"event":"$cancel","id":1}`) },
			"close":     func(p *peer) { p.sendClose(1000, "") },
			"vanishing": func(p *peer) { _ = p.conn.Close() },
		} {
			t.Run(name+" by "+by, func(t *testing.T) {
				out := make(chan string, 2)
				s := serve(t, ws.Options{}, gateway{
					on:         map[string]handler{"s": stream(func(c *ws.Call) error { return begin(c, out) }), "echo": inline(echo)},
					disconnect: func(context.Context, *ws.Client, any, ws.Closed) { out <- "disconnected" },
				})
				p := s.dial(t, "/ws")
				p.send(`{"event":"s","id":1}`)
				p.want(`{"event":"s","id":1,"data":0,"more":true}`)
				end(p)
				if by == "cancel" {
					for got := ""; got != `{"event":"error","id":1,"data":{"code":"canceled","message":"canceled by the client","event":"s"}}`; {
						if got = p.next(); !strings.Contains(got, `"more":true`) && !strings.Contains(got, "canceled") {
							t.Fatal(got)
						}
					}
					p.send(`{"event":"echo","id":1}`) // nothing follows, and the id is free
					p.want(`{"event":"echo","id":1,"data":null}`)
					_ = p.conn.Close()
				}
				// The goroutine that sends to a channel is its owner's.
				if first, second := <-out, <-out; first != "ended" && name != "chan" || first == second {
					t.Error(first, second)
				}
			})
		}
	}
}

// TestStreamWaits: a stream goes on as fast as its receiver reads, and no
// further than the outbox is long. Other messages are answered meanwhile.
func TestStreamWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var produced atomic.Int32
		s := servePipe(t, ws.Options{OutboxFrames: 4}, gateway{on: map[string]handler{
			"s": stream(func(c *ws.Call) error {
				return ws.Stream(c, func(yield func(int) bool) {
					for i := range count(100) {
						produced.Add(1)
						if !yield(i) {
							return
						}
					}
				})
			}),
		}})
		p := s.dial(t, "/ws")
		p.send(`{"event":"s","id":1}`)
		synctest.Wait()
		if n := produced.Load(); n < 4 || n > 6 {
			t.Errorf("%d produced for a peer that does not read", n)
		}
		for i := range 100 {
			p.want(`{"event":"s","id":1,"data":` + strconv.Itoa(i) + `,"more":true}`)
		}
		p.want(`{"event":"s","id":1,"data":null}`)
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestMaxStreams: one stream more is refused. The end of one makes room.
func TestMaxStreams(t *testing.T) {
	hold := make(chan int)
	s := serve(t, ws.Options{MaxStreams: 2}, gateway{on: map[string]handler{
		"s": stream(func(c *ws.Call) error { return ws.StreamChan(c, hold) }),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"s","id":1}`)
	p.send(`{"event":"s","id":2}`)
	p.send(`{"event":"s","id":3}`)
	p.want(`{"event":"error","id":3,"data":{"code":"rate_limited","message":"too many streams at a time","event":"s"}}`)
	p.send(`{"event":"$cancel","id":1}`)
	p.want(`{"event":"error","id":1,"data":{"code":"canceled","message":"canceled by the client","event":"s"}}`)
	p.send(`{"event":"s","id":4}`)
	p.send(`{"event":"$cancel","id":4}`)
	p.want(`{"event":"error","id":4,"data":{"code":"canceled","message":"canceled by the client","event":"s"}}`)
	close(hold)
	p.want(`{"event":"s","id":2,"data":null}`)
}

// TestNextStream: who has the last frame of a stream may begin another at once, also
// when its iteration takes a while to end. Of those there are no more than there may
// be streams.
func TestNextStream(t *testing.T) {
	hold := make(chan int)
	s := serve(t, ws.Options{MaxStreams: 1}, gateway{on: map[string]handler{
		"short": stream(func(c *ws.Call) error { return ws.Stream[int](c, nil) }),
		"deaf": stream(func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(int) bool) { yield(1); <-hold })
		}),
	}})
	p := s.dial(t, "/ws")
	for id := range 300 {
		p.send(`{"event":"short","id":%d}`, id)
		p.want(fmt.Sprintf(`{"event":"short","id":%d,"data":null}`, id))
	}
	for id := 300; id < 302; id++ {
		p.send(`{"event":"deaf","id":%d}`, id)
		p.want(fmt.Sprintf(`{"event":"deaf","id":%d,"data":1,"more":true}`, id))
		p.send(`{"event":"$cancel","id":%d}`, id)
		p.want(fmt.Sprintf(`{"event":"error","id":%d,"data":{"code":"canceled","message":"canceled by the client","event":"deaf"}}`, id))
	}
	p.send(`{"event":"deaf","id":302}`)
	p.want(`{"event":"error","id":302,"data":{"code":"rate_limited","message":"too many streams at a time","event":"deaf"}}`)
	close(hold)
}

// TestStreamPanics: a panic of a stream is answered and logged, as a handler's
// is, and the connection ends.
func TestStreamPanics(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"s": stream(func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(int) bool) { yield(1); panic("oh no") })
		}),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"s","id":1}`)
	p.want(`{"event":"s","id":1,"data":1,"more":true}`)
	if got := p.next(); !strings.HasPrefix(got, `{"event":"error","id":1,"data":{"code":"internal"`) {
		t.Error(got)
	}
	p.wantClose(ws.CloseInternal)
	if log := s.logs.String(); !strings.Contains(log, "panic in stream of s: oh no") || !strings.Contains(log, "stream_test.go") {
		t.Error(log)
	}
}

// TestStreamLeavesRoom: a stream without credit whose client is away fills half of
// the outbox and waits, so that pushes have room and the session goes on.
func TestStreamLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room, values = 16, 100
		away := make(chan struct{})
		server := ws.NewServer(ws.Options{OutboxFrames: room, Logger: slog.New(slog.DiscardHandler)})
		ann := wstest.DialSession(t, gateway{on: map[string]handler{"count": stream(func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(int) bool) {
				for i := range count(values) {
					if !yield(i) {
						return
					}
					<-away
				}
			})
		})}}.endpoint(server))
		all := ann.Stream("count", nil)
		if first := wstest.Next[int](all); first != 0 {
			t.Error(first)
		}
		ann.Cut()
		close(away)
		synctest.Wait() // until the stream waits
		for i := range room / 2 {
			if n, err := server.Broadcast("push", i); n != 1 || err != nil {
				t.Fatalf("push %d: %d, %v", i, n, err)
			}
		}
		ann.Resume()
		for i := range room / 2 {
			if got := wstest.Expect[int](ann, "push"); got != i {
				t.Errorf("push %d is %d", i, got)
			}
		}
		for i := 1; i < values; i++ {
			if got := wstest.Next[int](all); got != i {
				t.Errorf("value %d is %d", i, got)
			}
		}
		all.End()
	})
}
