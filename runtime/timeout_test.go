package ws_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestTimeoutsBeside: calls of one connection have their deadlines at a time, and one
// after the other. A context that nobody has waited for says that it has ended, and
// why, to who asks afterwards.
func TestTimeoutsBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan error, 100)
		sleeps := func(within time.Duration) handler {
			return handler{mode: ws.Parallel, within: within, call: func(c *ws.Call) error {
				ctx := c.Context()
				time.Sleep(10 * time.Second)
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				ends <- ctx.Err()
				ends <- child.Err()
				return nil
			}}
		}
		s := servePipe(t, ws.Options{}, gateway{on: map[string]handler{
			"one": sleeps(time.Second), "two": sleeps(2 * time.Second), "three": sleeps(3 * time.Second),
			"quick": {mode: ws.Serial, within: time.Second, call: echo},
		}})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		for range 3 {
			begun := time.Now()
			for i, event := range []string{"two", "three", "one"} {
				p.send(`{"event":%q,"id":%d}`, event, i)
			}
			for i := range 100 { // these are over long before the others
				p.send(`{"event":"quick","id":%d,"data":%d}`, 100+i, i)
				p.want(fmt.Sprintf(`{"event":"quick","id":%d,"data":%d}`, 100+i, i))
			}
			for i, event := range []string{"one", "two", "three"} {
				p.want(fmt.Sprintf(late, []int{2, 0, 1}[i], event))
				if took := time.Since(begun); took != time.Duration(i+1)*time.Second {
					t.Errorf("%q is late after %v", event, took)
				}
			}
			for range 6 {
				if err := <-ends; err != context.DeadlineExceeded {
					t.Error(err)
				}
			}
		}
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestTimeoutOfMany: one call after the other has its deadline, and none has that of
// another.
func TestTimeoutOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, gateway{on: map[string]handler{
			"sleeps": {mode: ws.Serial, within: time.Second, call: func(c *ws.Call) error {
				var d time.Duration
				if err := c.Decode(&d); err != nil {
					return err
				}
				time.Sleep(d)
				return c.Context().Err()
			}},
		}})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		for i := range 50 {
			in := []time.Duration{0, 999 * time.Millisecond, 1001 * time.Millisecond, 500 * time.Millisecond, time.Minute}[i%5]
			p.send(`{"event":"sleeps","id":%d,"data":%d}`, i, in)
			want := fmt.Sprintf(`{"event":"sleeps","id":%d,"data":null}`, i)
			if in > time.Second {
				want = fmt.Sprintf(late, i, "sleeps")
			}
			p.want(want)
		}
		_ = p.conn.Close()
		s.shutdown(t)
	})
}
