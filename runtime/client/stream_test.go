package wsclient_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// counter is a gateway whose stream counts what it makes, and says when it ends.
func counter(made *atomic.Int64, ended chan<- error) gateway {
	return gateway{on: map[string]handler{
		"echo": inline(echo),
		"count": stream(func(c *ws.Call) error {
			var n int
			if err := c.Decode(&n); err != nil {
				return err
			}
			ctx := c.Context()
			return ws.Stream2(c, func(yield func(int, error) bool) {
				defer func() { ended <- ctx.Err() }()
				for i := range n {
					made.Add(1)
					if !yield(i, nil) {
						return
					}
				}
				if n%2 == 1 {
					yield(0, ws.NewError("odd", "no more"))
				}
			})
		}),
	}}
}

// TestStream: a loop gets all values of a stream in order, then its end, or what it was
// refused with.
func TestStream(t *testing.T) {
	made, ended := new(atomic.Int64), make(chan error, 100)
	s := serve(t, ws.Options{}, counter(made, ended))
	c := dial(t, s.url, wsclient.Options{})
	for _, n := range []int{0, 1, 2, 64, 65, 1000, 1001} {
		var got []int
		var last error
		values := c.Count(within(t), n)
		for range 2 { // each loop is a stream of its own
			got, last = nil, nil
			for v, err := range values {
				if last = err; err == nil {
					got = append(got, v)
				}
			}
		}
		if len(got) != n || !slices.IsSorted(got) || n > 0 && got[n-1] != n-1 {
			t.Errorf("%d values: %v", n, got)
		}
		if n%2 == 1 {
			wantCode(t, last, "odd")
		} else if last != nil {
			t.Error(last)
		}
	}
	for v, err := range wsclient.Stream[string](within(t), c.Client, "count", 2) {
		if err == nil {
			t.Errorf("a number became %q", v)
		}
	}
	for v, err := range wsclient.Stream[int](within(t), c.Client, "nowhere", 2) {
		if wantCode(t, err, ws.CodeUnknownEvent); v != 0 {
			t.Errorf("%d", v)
		}
	}
}

// TestStreamWaits: a loop that stops has the handler stop: it makes what there is room
// for, and half of that again at most.
func TestStreamWaits(t *testing.T) {
	made, ended := new(atomic.Int64), make(chan error, 1)
	s := serve(t, ws.Options{}, counter(made, ended))
	c := dial(t, s.url, wsclient.Options{})
	for v, err := range c.Count(within(t), 1_000_000) {
		if err != nil {
			t.Fatal(err)
		}
		if v%100 == 99 {
			for range 10 { // what comes is told behind what is made
				if _, err := c.Echo(within(t), v); err != nil {
					t.Fatal(err)
				}
			}
			if n := made.Load(); n > int64(v)+1+64+32 {
				t.Fatalf("the handler has made %d values when the loop has taken %d", n, v+1)
			}
		}
		if v == 1000 {
			break
		}
	}
	if err := await(t, "the end of the handler", ended); err == nil {
		t.Error("the stream was left, and its context has not ended")
	}
	if _, err := c.Echo(within(t), 1); err != nil {
		t.Error(err)
	}
}

// TestStreamEnds: the end of a context ends a loop, wherever it is.
func TestStreamEnds(t *testing.T) {
	made, ended := new(atomic.Int64), make(chan error, 1)
	s := serve(t, ws.Options{}, counter(made, ended))
	c := dial(t, s.url, wsclient.Options{})
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var last error
	for v, err := range c.Count(ctx, 1_000_000) {
		if last = err; v == 500 {
			cancel(errCanceled)
		}
	}
	if !errors.Is(last, errCanceled) {
		t.Error(last)
	}
	await(t, "the end of the handler", ended)
	before := made.Load()
	for _, err := range c.Count(ctx, 10) { // which has ended before
		if !errors.Is(err, errCanceled) {
			t.Error(err)
		}
	}
	if _, err := c.Echo(within(t), 1); err != nil || made.Load() != before {
		t.Errorf("%d values were made for nobody, %v", made.Load()-before, err)
	}
	for range c.Count(within(t), 1_000_000) {
		go c.Close()
		break
	}
	await(t, "the end of the handler", ended)
	await(t, "the end", c.Done())
	for _, err := range c.Count(within(t), 1) {
		wantCode(t, err, wsclient.CodeClosed)
	}
}
