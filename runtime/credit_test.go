package ws_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// valueOf is a value of a stream of the event s.
func valueOf(id, v int) string {
	return fmt.Sprintf(`{"event":"s","id":%d,"data":%d,"more":true}`, id, v)
}

// producing counts the values that a stream takes.
func producing(n int, taken *atomic.Int32) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			taken.Add(1)
			if !yield(i) {
				return
			}
		}
	}
}

// creditStreams are the three forms of a stream of n integers, each of which
// counts what it has made, and says when it has ended.
func creditStreams(n int, made *atomic.Int32, ended func()) map[string]func(*ws.Call) error {
	return map[string]func(*ws.Call) error{
		"seq": func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(int) bool) {
				defer ended()
				producing(n, made)(yield)
			})
		},
		"seq2": func(c *ws.Call) error {
			return ws.Stream2(c, func(yield func(int, error) bool) {
				defer ended()
				for v := range producing(n, made) {
					if !yield(v, nil) {
						return
					}
				}
			})
		},
		"chan": func(c *ws.Call) error {
			ch, ctx := make(chan int), c.Context()
			go func() {
				defer ended()
				defer close(ch)
				for i := range n {
					select {
					case ch <- i:
						made.Add(1)
					case <-ctx.Done():
						return
					}
				}
			}()
			return ws.StreamChan(c, ch)
		},
	}
}

// TestCredit: a stream sends as many values as its client allows, on a socket.
// What is allowed never falls, and a stream without credit is as ever.
func TestCredit(t *testing.T) {
	for name, call := range creditStreams(6, new(atomic.Int32), func() {}) {
		t.Run(name, func(t *testing.T) {
			s := serve(t, ws.Options{}, gateway{on: map[string]handler{"s": stream(call), "echo": inline(echo)}})
			p := s.dial(t, "/ws")
			still := func() {
				t.Helper()
				p.send(`{"event":"echo","data":1}`)
				p.want(`{"event":"echo","data":1}`)
			}
			p.send(`{"event":"s","id":1,"meta":{"credit":"2"}}`)
			p.want(valueOf(1, 0), valueOf(1, 1))
			still()
			for _, n := range []int{0, 1, 2} { // no more than there was
				p.send(`{"event":"$credit","id":1,"data":%d}`, n)
			}
			still()
			p.send(`{"event":"$credit","id":1,"data":4}`)
			p.want(valueOf(1, 2), valueOf(1, 3))
			p.send(`{"event":"$credit","id":1,"data":3}`)
			still()
			p.send(`{"event":"$credit","data":9007199254740993,"id":1}`)
			p.want(valueOf(1, 4), valueOf(1, 5), `{"event":"s","id":1,"data":null}`)

			p.send(`{"event":"s","id":2,"meta":{"credit":"0"}}`)
			still()
			p.send(`{"event":"$credit","id":2,"data":1}`)
			p.want(valueOf(2, 0))
			p.send(`{"event":"$cancel","id":2}`)
			p.want(fmt.Sprintf(canceled, 2, "s"))

			p.send(`{"event":"s","id":3}`)
			p.send(`{"event":"$credit","id":3,"data":1}`) // it never waits
			for v := range 6 {
				p.want(valueOf(3, v))
			}
			p.want(`{"event":"s","id":3,"data":null}`)
		})
	}
}

// TestCreditIsExact: a sequence makes the value that waits, and a channel is not
// even read for it.
func TestCreditIsExact(t *testing.T) {
	for name, ahead := range map[string]int32{"seq": 1, "seq2": 1, "chan": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var made atomic.Int32
				s := servePipe(t, ws.Options{}, gateway{on: map[string]handler{"s": stream(creditStreams(100, &made, func() {})[name])}})
				p := s.dial(t, "/ws")
				sent := int32(0)
				for allowed := int32(3); allowed < 100; allowed += 7 {
					if sent == 0 {
						p.send(`{"event":"s","id":1,"meta":{"credit":"%d"}}`, allowed)
					} else {
						p.send(`{"event":"$credit","id":1,"data":%d}`, allowed)
					}
					for ; sent < allowed; sent++ {
						p.want(valueOf(1, int(sent)))
					}
					synctest.Wait()
					if n := made.Load(); n != allowed+ahead {
						t.Fatalf("%d are made of %d that are allowed", n, allowed)
					}
				}
				_ = p.conn.Close()
				s.shutdown(t)
			})
		})
	}
}

// TestCreditEnds: a stream that waits for credit ends as any other does, at once,
// and its producer returns.
func TestCreditEnds(t *testing.T) {
	ends := map[string]struct {
		meta string
		end  func(*site, *peer)
		want string
	}{
		"cancel":    {"", func(_ *site, p *peer) { p.send(`{"event":"$cancel","id":1}`) }, fmt.Sprintf(canceled, 1, "s")},
		"deadline":  {`,"deadlineMs":"50"`, func(*site, *peer) {}, fmt.Sprintf(late, 1, "s")},
		"close":     {"", func(_ *site, p *peer) { p.sendClose(1000, "") }, ""},
		"vanishing": {"", func(_ *site, p *peer) { _ = p.conn.Close() }, ""},
		"shutdown": {"", func(s *site, _ *peer) {
			_ = s.Shutdown(context.Background())
		}, `{"event":"error","id":1,"data":{"code":"unavailable","message":"the connection closes before the call has ended","event":"s"}}`},
	}
	for by, end := range ends {
		for _, name := range []string{"seq", "seq2", "chan"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				ended, gone := make(chan struct{}), make(chan struct{})
				call := creditStreams(100, new(atomic.Int32), func() { close(ended) })[name]
				s := serve(t, ws.Options{DrainTimeout: 50 * time.Millisecond}, gateway{
					on:         map[string]handler{"s": stream(call)},
					disconnect: func(context.Context, *ws.Client, any, ws.Closed) { close(gone) },
				})
				p := s.dial(t, "/ws")
				p.send(`{"event":"s","id":1,"meta":{"credit":"1"%s}}`, end.meta)
				p.want(valueOf(1, 0))
				end.end(s, p)
				if end.want != "" {
					if got := p.next(); got != end.want {
						t.Error(got)
					}
				}
				<-ended
				_ = p.conn.Close()
				<-gone
			})
		}
	}
}

// TestCreditOnTime: an error needs no credit, and neither does the end of a
// sequence. Credit comes in time for a stream that waits for its turn.
func TestCreditOnTime(t *testing.T) {
	hold := make(chan struct{})
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"s": stream(func(c *ws.Call) error { return ws.Stream(c, count(2)) }),
		"fails": stream(func(c *ws.Call) error {
			return ws.Stream2(c, func(yield func(int, error) bool) {
				_ = yield(0, nil) && yield(0, ws.NewError("gone", "no more pages"))
			})
		}),
		"hold": serial(func(*ws.Call) error { <-hold; return nil }),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"s","id":1,"meta":{"credit":"2"}}`)
	p.want(valueOf(1, 0), valueOf(1, 1), `{"event":"s","id":1,"data":null}`)
	p.send(`{"event":"fails","id":1,"meta":{"credit":"1"}}`)
	p.want(`{"event":"fails","id":1,"data":0,"more":true}`, `{"event":"error","id":1,"data":{"code":"gone","message":"no more pages","event":"fails"}}`)

	p.send(`{"event":"hold","id":1}`)
	p.send(`{"event":"s","id":2,"meta":{"credit":"0"}}`)
	p.send(`{"event":"$credit","id":2,"data":2}`) // overtakes what waits
	p.send(`{"event":"$credit","id":2,"data":1}`) // and takes nothing back
	close(hold)
	p.want(`{"event":"hold","id":1,"data":null}`, valueOf(2, 0), valueOf(2, 1), `{"event":"s","id":2,"data":null}`)
}

// TestCreditRefused: what is no credit is a bad frame, never with the id of the
// stream, and changes nothing. What crosses the end of a stream is no mistake.
func TestCreditRefused(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"s":    stream(func(c *ws.Call) error { return ws.Stream(c, count(3)) }),
		"wait": {mode: ws.Parallel, call: func(c *ws.Call) error { <-c.Context().Done(); return c.Context().Err() }},
		"echo": inline(echo),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"s","id":1,"meta":{"credit":"1"}}`)
	p.want(valueOf(1, 0))
	for _, data := range []string{`"2"`, `-1`, `2.0`, `2e0`, `null`, `[2]`, `9223372036854775808`, strings.Repeat("9", 40)} {
		p.send(`{"event":"$credit","id":1,"data":%s}`, data)
		p.want(bad(`the data of \"$credit\" must be a number of values, those already sent included`))
	}
	p.send(`{"event":"$credit","id":1}`)
	p.want(bad(`the data of \"$credit\" must be a number of values, those already sent included`))
	p.send(`{"event":"$credit","data":2}`)
	p.want(bad(`\"$credit\" needs the id of a stream`))
	p.send(`{"event":"$credit","id":1,"data":02}`)
	p.want(bad("the id is that of a call that has no answer yet")) // it is no frame, and so no credit
	p.send(`{"event":"wait","id":2,"meta":{"credit":"many"}}`)     // of what is no stream it is the application's
	for _, id := range []string{`2`, `7`, `"1"`} {
		p.send(`{"event":"$credit","id":%s,"data":9}`, id)
	}
	p.send(`{"event":"$credit","id":1,"data":3}`)
	p.want(valueOf(1, 1), valueOf(1, 2), `{"event":"s","id":1,"data":null}`)
	p.send(`{"event":"$credit","id":1,"data":9}`) // too late
	for _, credit := range []string{"", "-1", "1.5", "many", "9223372036854775808"} {
		p.send(`{"event":"s","id":3,"meta":{"credit":%q}}`, credit)
		p.want(`{"event":"error","id":3,"data":{"code":"bad_frame","message":"the \"credit\" in the member \"meta\" of a stream must be a number of values"}}`)
	}
	p.send(`{"event":"s","id":4,"meta":{"credit":"%d"}}`, int64(1)<<62)
	p.want(valueOf(4, 0), valueOf(4, 1), valueOf(4, 2), `{"event":"s","id":4,"data":null}`)
}

// TestCreditUnlimited: a client that has used up a rate can still give credit.
func TestCreditUnlimited(t *testing.T) {
	s := serve(t, ws.Options{ConnRate: ws.Rate{PerSecond: 0.001, Burst: 1}}, gateway{on: map[string]handler{
		"s": stream(func(c *ws.Call) error { return ws.Stream(c, count(2)) }),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"s","id":1,"meta":{"credit":"1"}}`)
	p.want(valueOf(1, 0))
	p.send(`{"event":"$credit","id":1,"data":2}`)
	p.want(valueOf(1, 1), `{"event":"s","id":1,"data":null}`)
	p.send(`{"event":"$credit","id":1,"data":"2"}`) // a mistake counts
	if got := p.next(); !strings.Contains(got, `"code":"rate_limited"`) {
		t.Error(got)
	}
}
