package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

const canceled = `{"event":"error","id":%v,"data":{"code":"canceled","message":"canceled by the client","event":"%s"}}`

// waiting is a handler that waits for its context, and says so.
func waiting(out chan<- string) func(*ws.Call) error {
	return func(c *ws.Call) error {
		out <- "begun"
		<-c.Context().Done()
		out <- c.Context().Err().Error()
		return c.Context().Err()
	}
}

// TestCancel: the call is answered at once, once, with its id, and its context
// is cancelled. That holds for one that runs, beside or in order, and for one
// that waits.
func TestCancel(t *testing.T) {
	out := make(chan string, 10)
	stubborn := make(chan struct{})
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"serial":   serial(waiting(out)),
		"parallel": {mode: ws.Parallel, call: waiting(out)},
		"stubborn": serial(func(c *ws.Call) error {
			<-stubborn
			v := "late"
			return c.Reply(&v)
		}),
		"count": serial(func(*ws.Call) error { out <- "counted"; return nil }),
		"echo":  inline(echo),
	}})
	for _, mode := range []string{"serial", "parallel"} {
		p := s.dial(t, "/ws")
		p.send(`{"event":%q,"id":"a"}`, mode)
		if got := <-out; got != "begun" {
			t.Fatal(got)
		}
		p.send(`{"event":"$cancel","id":"b"}`) // nobody's
		p.send(`{"event":"$cancel","id":"a"}`)
		p.want(fmt.Sprintf(canceled, `"a"`, mode))
		if got := <-out; got != "context canceled" {
			t.Error(mode, got)
		}
		p.send(`{"event":"$cancel","id":"a"}`) // too late, which is no mistake
		p.send(`{"event":"echo","id":"a"}`)
		p.want(`{"event":"echo","id":"a","data":null}`)
	}

	p := s.dial(t, "/ws")
	p.send(`{"event":"stubborn","id":1}`)
	p.send(`{"event":"count","id":2}`)
	p.send(`{"event":"$cancel","id":2}`)
	p.want(fmt.Sprintf(canceled, 2, "count"))
	p.send(`{"event":"$cancel","id":1}`)
	p.want(fmt.Sprintf(canceled, 1, "stubborn"))
	p.send(`{"event":"echo","id":1}`) // the id is free, though the handler is at work
	close(stubborn)
	p.want(`{"event":"echo","id":1,"data":null}`)
	if len(out) > 0 {
		t.Errorf("a cancelled message was handled: %s", <-out)
	}
	p.send(`{"event":"$cancel"}`)
	p.want(bad(`\"$cancel\" needs the id of a call`))
	if n := strings.Count(s.logs.String(), "level=DEBUG msg=\"ws: refused\""); n != 4 {
		t.Errorf("%d cancellations in the log", n)
	}
}

// TestIDInUse: an id belongs to its call until that is answered.
func TestIDInUse(t *testing.T) {
	hold := make(chan struct{})
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"hold": {mode: ws.Parallel, call: func(*ws.Call) error { <-hold; return nil }},
		"echo": inline(echo),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"hold","id":1}`)
	for _, event := range []string{"hold", "echo", "unknown"} {
		p.send(`{"event":%q,"id":1}`, event)
		p.want(bad("the id is that of a call that has no answer yet"))
	}
	p.send(`{"event":"echo","id":"1"}`) // another id
	p.want(`{"event":"echo","id":"1","data":null}`)
	close(hold)
	p.want(`{"event":"hold","id":1,"data":null}`)
	p.send(`{"event":"echo","id":1}`)
	p.want(`{"event":"echo","id":1,"data":null}`)
}

// TestParallel: up to Max calls run at once and no more. Messages that wait
// keep their order, and the disconnect hook comes after the last.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, gone atomic.Int32
		next := make(chan struct{})
		s := servePipe(t, ws.Options{}, gateway{
			on: map[string]handler{
				"p": {mode: ws.Parallel, most: 2, call: func(c *ws.Call) error {
					most.Store(max(most.Load(), now.Add(1)))
					defer now.Add(-1)
					select {
					case <-next:
					case <-c.Client().Context().Done():
						time.Sleep(time.Second)
					}
					return nil
				}},
				"echo": inline(echo),
			},
			disconnect: func(context.Context, *ws.Client, any, ws.Closed) { gone.Store(1 + now.Load()) },
		})
		p := s.dial(t, "/ws")
		p.send(`{"event":"p","id":1}`)
		p.send(`{"event":"echo","id":2}`) // is not behind anything
		p.want(`{"event":"echo","id":2,"data":null}`)
		p.send(`{"event":"p","id":3}`)
		p.send(`{"event":"p","id":4}`)
		p.send(`{"event":"echo","id":5}`) // is behind the third
		synctest.Wait()
		if n := now.Load(); n != 2 {
			t.Fatalf("%d at once", n)
		}
		next <- struct{}{}
		got := p.next() + p.next()
		if !strings.Contains(got, `{"event":"echo","id":5,"data":null}`) {
			t.Error(got)
		}
		synctest.Wait()
		if n := now.Load(); n != 2 {
			t.Errorf("%d at once", n)
		}
		p.send(`{"event":"p","id":6}`)
		_ = p.conn.Close()
		s.shutdown(t)
		if gone.Load() != 1 || most.Load() != 2 {
			t.Errorf("the hook saw %d at work, %d at most", gone.Load()-1, most.Load())
		}
	})
}

const late = `{"event":"error","id":%d,"data":{"code":"timeout","message":"it took too long","event":"%s"}}`

// TestTimeout: the context has the deadline. There is one answer, also to a
// handler that replies, or fails, or panics, too late.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		slow := func(after func(*ws.Call) error) handler {
			return handler{mode: ws.Serial, within: time.Second, call: func(c *ws.Call) error {
				until, ok := c.Context().Deadline()
				if left := time.Until(until); !ok || left != time.Second {
					t.Errorf("deadline in %v", left)
				}
				child, cancel := context.WithCancel(c.Context())
				defer cancel()
				<-child.Done()
				if err := child.Err(); err != context.DeadlineExceeded || context.Cause(child) != err {
					t.Error(err)
				}
				return after(c)
			}}
		}
		s := servePipe(t, ws.Options{}, gateway{on: map[string]handler{
			"gives up": slow(func(c *ws.Call) error { return fmt.Errorf("query: %w", c.Context().Err()) }),
			"replies":  slow(func(c *ws.Call) error { v := 1; return c.Reply(&v) }),
			"goes on":  slow(func(*ws.Call) error { time.Sleep(time.Minute); return nil }),
			"fails":    slow(func(*ws.Call) error { time.Sleep(time.Minute); return errors.New("the disk is full") }),
			"in time": {mode: ws.Parallel, within: time.Second, call: func(c *ws.Call) error {
				<-c.Client().Context().Done()
				return nil
			}},
			"own": {mode: ws.Serial, within: time.Minute, call: func(c *ws.Call) error {
				ctx, cancel := context.WithTimeout(c.Context(), time.Second)
				defer cancel()
				<-ctx.Done()
				return ctx.Err()
			}},
			"stream": {mode: ws.Serial, stream: true, within: time.Second, call: func(c *ws.Call) error {
				return ws.StreamChan(c, make(chan int))
			}},
			"ok": {mode: ws.Serial, within: time.Second, call: echo},
		}})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		for i, event := range []string{"goes on", "fails", "stream"} {
			p.send(`{"event":%q,"id":%d}`, event, i)
			p.want(fmt.Sprintf(late, i, event))
		}
		for i, event := range []string{"gives up", "replies"} {
			p.send(`{"event":%q,"id":%d}`, event, i)
			got := p.next()
			if got != fmt.Sprintf(late, i, event) && got != `{"event":"replies","id":1,"data":1}` {
				t.Error(got)
			}
		}
		p.send(`{"event":"goes on"}`)
		p.want(strings.Replace(fmt.Sprintf(late, 0, "goes on"), `"id":0,`, "", 1))
		p.send(`{"event":"own","id":1}`)
		if got := p.next(); !strings.Contains(got, `"code":"internal"`) {
			t.Error("a deadline of the handler's own is nobody's timeout", got)
		}
		p.send(`{"event":"ok","id":1,"data":1}`)
		p.want(`{"event":"ok","id":1,"data":1}`)
		if took := time.Since(begun); took != 3*time.Minute+7*time.Second {
			t.Errorf("it took %v", took) // three went on for a minute
		}
		p.send(`{"event":"in time","id":1}`)
		synctest.Wait()
		_ = p.conn.Close()
		s.shutdown(t)
		if log := s.logs.String(); !strings.Contains(log, "the disk is full") {
			t.Error("a failure behind the answer is not logged")
		}
	})
}

// TestCancelUnlimited: a client that has used up a rate can still cancel.
func TestCancelUnlimited(t *testing.T) {
	s := serve(t, ws.Options{ConnRate: ws.Rate{PerSecond: 0.001, Burst: 1}}, gateway{on: map[string]handler{
		"wait": serial(func(c *ws.Call) error { <-c.Context().Done(); return c.Context().Err() }),
	}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"wait","id":1}`)
	p.send(`{"event":"$cancel","id":2}`)
	p.send(`{"event":"$cancel","id":1}`)
	p.want(fmt.Sprintf(canceled, 1, "wait"))
	p.send(`{"event":"$cancel"}`) // a mistake counts
	if got := p.next(); !strings.Contains(got, `"code":"rate_limited"`) {
		t.Error(got)
	}
}
