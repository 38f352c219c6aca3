package wsclient_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// TestGoaway: a server that goes away has its calls answered, and new ones go to the
// next: none fails.
func TestGoaway(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	old := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo": inline(echo),
		"hold": parallel(func(*ws.Call) error { close(began); <-release; return nil }),
	}})
	next := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	p := through(t, old)
	var causes list[string]
	opened := make(chan wsclient.Opened, 10)
	c := dial(t, p.url(), wsclient.Options{
		Retry: soon, OnOpen: func(o wsclient.Opened) { opened <- o },
		OnState: func(s wsclient.State, why *ws.Closed) {
			if why != nil {
				causes.add(fmt.Sprint(s, " ", int(why.Code)))
			}
		},
	})
	await(t, "that it is open", opened)
	held := make(chan error, 1)
	go func() { held <- c.Hold(within(t)) }()
	await(t, "that it is held", began)
	p.send(next)
	shut := make(chan error, 1)
	go func() { shut <- old.Shutdown(within(t)) }()
	eventually(t, "it goes away", func() bool { return old.Stats().Draining })
	echoed := make(chan error, 1)
	go func() {
		_, err := c.Echo(within(t), 2)
		echoed <- err
	}()
	close(release)
	for what, from := range map[string]chan error{"the call that was held": held, "the call after $goaway": echoed, "the shutdown": shut} {
		if err := await(t, what, from); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if o := await(t, "that it is open again", opened); o.Resumed || o.Why != "unknown" {
		t.Errorf("at another server it opened with %+v", o)
	}
	if got := causes.String(); got != "[waiting 4000]" {
		t.Error(got)
	}
}

// TestCloseFlushes: what Send has queued goes before the Close.
func TestCloseFlushes(t *testing.T) {
	var notes atomic.Int64
	over := make(chan ws.Closed, 1)
	s := serve(t, ws.Options{}, gateway{
		on:   map[string]handler{"note": inline(func(*ws.Call) error { notes.Add(1); return nil })},
		over: func(_ *ws.Client, why ws.Closed) { over <- why },
	})
	c := dial(t, s.url, wsclient.Options{Queue: 100_000})
	const n = 2000
	for i := range n {
		if err := c.Note(i); err != nil {
			t.Fatal(err)
		}
	}
	closes(t, c)
	if why := await(t, "the end of the session", over); why.Code != ws.CloseNormal || notes.Load() != n {
		t.Errorf("closed by %+v behind %d notes", why, notes.Load())
	}
}

// TestQueue: what finds the queue full fails, and the rest is sent when there is a
// connection.
func TestQueue(t *testing.T) {
	var notes list[int]
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"note": serial(func(c *ws.Call) error {
		var n int
		err := c.Decode(&n)
		notes.add(n)
		return err
	})}})
	p := through(t, s)
	waiting := make(chan bool, 100)
	c := dial(t, p.url(), wsclient.Options{Queue: 3, Retry: soon, OnState: func(s wsclient.State, _ *ws.Closed) {
		if s == wsclient.Waiting {
			waiting <- true
		}
	}})
	p.refuse(true)
	p.cut()
	await(t, "that the connection is lost", waiting)
	for n := range 3 {
		if err := c.Note(n); err != nil {
			t.Error(err)
		}
	}
	wantCode(t, c.Note(3), wsclient.CodeOverflow)
	_, err := c.Echo(within(t), 1)
	wantCode(t, err, wsclient.CodeOverflow)
	for _, err := range c.Count(within(t), 1) {
		wantCode(t, err, wsclient.CodeOverflow)
	}
	p.refuse(false)
	eventually(t, "the notes have come", func() bool { return notes.String() == "[0 1 2]" })
}

// TestServerGone: a client waits for its server, as long as that takes, and calls wait
// with it, as long as they may.
func TestServerGone(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": inline(echo)}})
	p := through(t, s)
	opened := make(chan wsclient.Opened, 10)
	c := dial(t, p.url(), wsclient.Options{Retry: soon, OnOpen: func(o wsclient.Opened) { opened <- o }})
	await(t, "that it is open", opened)
	p.refuse(true)
	p.cut()
	eventually(t, "it has noticed", func() bool { return c.State() != wsclient.Open })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Echo(ctx, 1); err == nil || ctx.Err() == nil {
		t.Errorf("a call without a server: %v", err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := c.Echo(within(t), 2)
		waits <- err
	}()
	ready := make(chan error, 1)
	go func() { ready <- c.Ready(within(t)) }()
	p.refuse(false)
	if err := await(t, "the call that waits", waits); err != nil {
		t.Error(err)
	}
	if o := await(t, "that it is open", opened); !o.Resumed {
		t.Error("the server was there all the time, and the session is lost")
	}
	if err := await(t, "that it is ready", ready); err != nil {
		t.Error(err)
	}
}
