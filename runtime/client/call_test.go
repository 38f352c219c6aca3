package wsclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// TestCall: a call returns what its handler does, typed, and any number may be under
// way at a time.
func TestCall(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo": inline(echo),
		"say": parallel(func(c *ws.Call) error {
			var m Message
			if err := c.Decode(&m); err != nil {
				return err
			}
			m.Text = strings.ToUpper(m.Text)
			return c.Reply(&m)
		}),
		"nothing": inline(func(*ws.Call) error { return nil }),
	}})
	c := dial(t, s.url, wsclient.Options{})
	ctx := within(t)
	if m, err := c.Say(ctx, Message{"ann", "hello"}); err != nil || m != (Message{"ann", "HELLO"}) {
		t.Errorf("%+v, %v", m, err)
	}
	if err := wsclient.Do(ctx, c.Client, "nothing", nil); err != nil {
		t.Error(err)
	}
	if _, err := wsclient.Call[int](ctx, c.Client, "echo", "text"); err == nil || !strings.Contains(err.Error(), "echo: the answer does not decode") {
		t.Errorf("text as an int: %v", err)
	}
	for _, text := range []string{"", "é\u2028\"\\", strings.Repeat("x", 60_000)} {
		if got, err := wsclient.Call[string](ctx, c.Client, "echo", text); err != nil || got != text {
			t.Errorf("%.20q came back as %.20q, %v", text, got, err)
		}
	}
	errs := make(chan error, 64)
	for i := range cap(errs) {
		go func() {
			for j := range 50 {
				n, err := wsclient.Call[int](ctx, c.Client, "echo", i*100+j)
				if err == nil && n != i*100+j {
					err = errors.New("another call's answer")
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range cap(errs) {
		if err := await(t, "the calls", errs); err != nil {
			t.Error(err)
		}
	}
}

// TestCallRefused: a refusal is the same *ws.Error on both ends.
func TestCallRefused(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo": inline(func(*ws.Call) error {
			e := ws.NewError("busy", "not now").WithDetails(ws.Detail{Path: "/text", Rule: "min", Param: "1", Message: "too short"})
			e.RetryAfter = 1500 * time.Millisecond
			return e
		}),
		"secret": inline(func(*ws.Call) error { return errors.New("a secret") }),
	}})
	refusals := make(chan *ws.Error, 1)
	c := dial(t, s.url, wsclient.Options{OnError: func(e *ws.Error) { refusals <- e }})
	_, err := c.Echo(within(t), 1)
	e := wantCode(t, err, "busy")
	if e.Message != "not now" || e.RetryAfter != 1500*time.Millisecond || len(e.Details) != 1 || e.Details[0] != (ws.Detail{Path: "/text", Rule: "min", Param: "1", Message: "too short"}) {
		t.Errorf("%+v", e)
	}
	err = wsclient.Do(within(t), c.Client, "secret", nil)
	if e := wantCode(t, err, ws.CodeInternal); strings.Contains(e.Message, "a secret") || !strings.Contains(e.Message, "internal error (") {
		t.Errorf("%q has no reference to the log", e.Message)
	}
	wantCode(t, wsclient.Do(within(t), c.Client, "nowhere", nil), ws.CodeUnknownEvent)
	if err := wsclient.Send(c.Client, "echo", 1); err != nil {
		t.Fatal(err)
	}
	if e := await(t, "what becomes of Send", refusals); e.Code != "busy" {
		t.Error(e)
	}
}

// TestCallEnds: the end of a context, or of the time, ends a call, and the context of
// its handler.
func TestCallEnds(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo": inline(echo),
		"hold": parallel(func(c *ws.Call) error {
			<-c.Context().Done()
			ended <- c.Context().Err()
			return c.Context().Err()
		}),
	}})
	c := dial(t, s.url, wsclient.Options{Timeout: 50 * time.Millisecond})
	for name, of := range map[string]struct {
		ctx  func() context.Context
		want func(error) bool
	}{
		"the time is up": {context.Background, func(err error) bool {
			var e *ws.Error
			return errors.As(err, &e) && e.Code == ws.CodeTimeout
		}},
		"a deadline": {func() context.Context {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			t.Cleanup(cancel)
			return ctx
		}, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		"a cause": {func() context.Context {
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(20*time.Millisecond, func() { cancel(errCanceled) })
			return ctx
		}, func(err error) bool { return errors.Is(err, errCanceled) }},
	} {
		if err := c.Hold(of.ctx()); !of.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		if err := await(t, "the end of the handler", ended); err == nil {
			t.Errorf("%s: the handler's context has not ended", name)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errCanceled)
	if _, err := c.Echo(ctx, 1); !errors.Is(err, errCanceled) {
		t.Errorf("a context that had ended: %v", err)
	}
	if _, err := c.Echo(within(t), 1); err != nil {
		t.Errorf("a call after those: %v", err)
	}
}

// TestCallRefusedHere: what a server would close the connection for is not sent.
func TestCallRefusedHere(t *testing.T) {
	s := serve(t, ws.Options{MaxMessageBytes: 1000}, gateway{on: map[string]handler{"echo": inline(echo)}})
	c := dial(t, s.url, wsclient.Options{})
	ctx := within(t)
	_, err := c.Echo(ctx, strings.Repeat("x", 1000))
	wantCode(t, err, ws.CodeTooLarge)
	wantCode(t, wsclient.Send(c.Client, "echo", strings.Repeat("x", 1000)), ws.CodeTooLarge)
	for what, data := range map[string]any{"a channel": make(chan int), "infinity": math.Inf(1), "no UTF-8": json.RawMessage("\"\xff\"")} {
		if _, err := c.Echo(ctx, data); err == nil {
			t.Errorf("%s was sent", what)
		}
		for _, err := range wsclient.Stream[int](ctx, c.Client, "echo", data) {
			if err == nil {
				t.Errorf("%s was sent", what)
			}
		}
	}
	if err := wsclient.Do(ctx, c.Client, "$connect", nil); err == nil {
		t.Error("$connect was sent twice")
	}
	if _, err := c.Echo(ctx, 1); err != nil {
		t.Errorf("a call after those: %v", err)
	}
}

// TestClosed: calls on a client that is closed fail, and say why.
func TestClosed(t *testing.T) {
	held, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo": inline(echo),
		"hold": parallel(func(*ws.Call) error { close(held); <-release; return nil }),
	}})
	c := dial(t, s.url, wsclient.Options{})
	if c.Err() != nil || c.State() != wsclient.Open {
		t.Errorf("%v: %v", c.State(), c.Err())
	}
	holds := make(chan error, 1)
	go func() { holds <- c.Hold(context.Background()) }()
	await(t, "the handler", held)
	closes(t, c)
	closes(t, c)
	_, err := c.Echo(within(t), 1)
	for _, err := range []error{await(t, "the call", holds), err, c.Note(1)} {
		if wantCode(t, err, wsclient.CodeClosed); !errors.Is(err, wsclient.ErrClosed) {
			t.Errorf("%v has no cause", err)
		}
	}
	await(t, "the end", c.Done())
	if err := c.Ready(context.Background()); !errors.Is(err, wsclient.ErrClosed) || !errors.Is(c.Err(), wsclient.ErrClosed) || c.State() != wsclient.Closed {
		t.Errorf("%v: %v, %v", c.State(), err, c.Err())
	}
	if err := c.Refresh(within(t)); err == nil {
		t.Error("refreshed")
	}
}
