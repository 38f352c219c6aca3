package wsclient_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// busy is a server with a bit of everything, and what it has had.
type busy struct {
	*site
	clients chan *ws.Client
	notes   list[int]
	over    atomic.Int64
}

// keeping are options of a Server that keeps all that these tests can lose.
var keeping = ws.Options{ResumeFrames: 1 << 20, ResumeBytes: 1 << 30, ResumeTotalBytes: 1 << 30, OutboxFrames: 1 << 20, OutboxBytes: 1 << 30, MaxMessageBytes: 4 << 20, MaxStreams: 100, MaxAsks: 100, InboxBytes: 64 << 20}

func serveBusy(t *testing.T) *busy { return serveBusyBy(t, (*httptest.Server).Start) }

// serveBusyBy is serveBusy for a server that is started in a way.
func serveBusyBy(t *testing.T, start func(*httptest.Server)) *busy {
	b := &busy{clients: make(chan *ws.Client, 100)}
	g := counter(new(atomic.Int64), make(chan error, 100_000))
	g.on["note"] = serial(func(c *ws.Call) error {
		var n int
		err := c.Decode(&n)
		b.notes.add(n)
		return err
	})
	g.connect = func(c *ws.Client) error { b.clients <- c; return nil }
	g.over = func(*ws.Client, ws.Closed) { b.over.Add(1) }
	b.site = serveBy(t, start, keeping, g)
	return b
}

// TestResume: sockets are cut again and again while pushes, calls, notes, streams and
// questions go on. Each comes once and in order, both ways, over TLS as well.
func TestResume(t *testing.T) {
	t.Run("over TCP", func(t *testing.T) { resumes(t, serveBusy(t), "ws", nil) })
	t.Run("over TLS", func(t *testing.T) {
		b := serveBusyBy(t, (*httptest.Server).StartTLS)
		resumes(t, b, "wss", &tls.Config{RootCAs: trusted(b.site)})
	})
}

func resumes(t *testing.T, b *busy, scheme string, secure *tls.Config) {
	p := through(t, b.site)
	var resumed, lost atomic.Int64
	address := strings.Replace(p.url(), "ws", scheme, 1)
	c := dial(t, address, wsclient.Options{TLS: secure, Retry: soon, Queue: 1 << 20, PushBuffer: 1 << 20, OnOpen: func(o wsclient.Opened) {
		if o.Resumed {
			resumed.Add(1)
		} else {
			lost.Add(1)
		}
	}})
	var numbers list[int]
	c.OnNumber(numbers.add)
	c.AnswerConfirm(func(_ context.Context, text string) (bool, error) { return text == "yes", nil })
	to := await(t, "the connection", b.clients)
	ctx, stop := context.WithCancel(within(t))
	var work sync.WaitGroup
	sent := [4]int{}
	repeat := func(i int, what string, f func(n int) error) {
		work.Go(func() {
			for ; ctx.Err() == nil; sent[i]++ {
				if err := f(sent[i]); err != nil {
					t.Errorf("%s %d: %v", what, sent[i], err)
					return
				}
			}
		})
	}
	repeat(0, "push", func(n int) error { time.Sleep(50 * time.Microsecond); return to.Emit("number", n) })
	repeat(1, "note", func(n int) error { time.Sleep(50 * time.Microsecond); return c.Note(n) })
	for range 3 {
		work.Go(func() { callOnAndOn(t, ctx, c) })
		work.Go(func() { loopOnAndOn(t, ctx, c) })
	}
	repeat(2, "question", func(n int) error {
		ok, err := asks(b.site, to).Confirm(within(t), map[bool]string{true: "yes", false: "no"}[n%2 == 0])
		if err == nil && ok != (n%2 == 0) {
			err = errors.New("the answer to another question")
		}
		return err
	})
	for range 40 {
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		p.cut()
	}
	stop()
	work.Wait()
	eventually(t, "all pushes have come", func() bool { return len(numbers.get()) == sent[0] })
	eventually(t, "all notes have come", func() bool { return len(b.notes.get()) == sent[1] })
	for what, got := range map[string][]int{"push": numbers.get(), "note": b.notes.get()} {
		for i, n := range got {
			if i != n {
				t.Fatalf("%s %d has come as number %d", what, n, i)
			}
		}
	}
	if lost.Load() != 1 || resumed.Load() == 0 || len(b.clients) != 0 || b.over.Load() != 0 {
		t.Errorf("%d sessions, resumed %d times; %d other connect hooks, %d disconnect hooks", lost.Load(), resumed.Load(), len(b.clients), b.over.Load())
	}
	t.Logf("resumed %d times: %d pushes, %d notes, %d questions", resumed.Load(), sent[0], sent[1], sent[2])
}

func callOnAndOn(t *testing.T, ctx context.Context, c *Chat) {
	for n := 0; ctx.Err() == nil; n++ {
		got, err := wsclient.Call[int](within(t), c.Client, "echo", n)
		if err != nil || got != n {
			t.Errorf("call %d: %d, %v", n, got, err)
			return
		}
	}
}

func loopOnAndOn(t *testing.T, ctx context.Context, c *Chat) {
	for n := 2; ctx.Err() == nil; n = (n + 38) % 1000 {
		next := 0
		for v, err := range c.Count(within(t), n) {
			if err != nil || v != next {
				t.Errorf("value %d of %d: %d, %v", next, n, v, err)
				return
			}
			if next++; n%100 == 0 && next == n/2 {
				break
			}
		}
	}
}

// TestResumeOrder: a call from OnState comes behind what is sent again: both ends go
// on counting the same.
func TestResumeOrder(t *testing.T) {
	b := serveBusy(t)
	p := through(t, b.site)
	called := make(chan error, 100)
	var c *Chat
	var ready sync.Mutex
	ready.Lock()
	next := 0
	c = dial(t, p.url(), wsclient.Options{Retry: soon, OnState: func(s wsclient.State, _ *ws.Closed) {
		ready.Lock()
		defer ready.Unlock()
		if s == wsclient.Open {
			if err := c.Note(next); err != nil {
				t.Error(err)
			}
			next++
			_, err := c.Echo(within(t), 1)
			called <- err
		}
	}})
	ready.Unlock()
	for range 20 {
		if err := await(t, "a call from OnState", called); err != nil {
			t.Fatal(err)
		}
		ready.Lock()
		for range 100 {
			if err := c.Note(next); err != nil {
				t.Fatal(err)
			}
			next++
		}
		ready.Unlock()
		p.cut()
	}
	await(t, "a call from OnState", called)
	if _, err := c.Echo(within(t), 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all notes have come", func() bool { return len(b.notes.get()) == next })
	for i, n := range b.notes.get() {
		if i != n {
			t.Fatalf("note %d has come as number %d", n, i)
		}
	}
}

// TestRepeatAtOnce: both ends have much to send again, and neither waits for the other
// to read it.
func TestRepeatAtOnce(t *testing.T) {
	b := serveBusy(t)
	p := through(t, b.site)
	opened := make(chan wsclient.Opened, 10)
	var narrow atomic.Bool
	c := dial(t, p.url(), wsclient.Options{Retry: soon, OnOpen: func(o wsclient.Opened) { opened <- o }, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil && narrow.Load() {
			tight(conn)
		}
		return conn, err
	}})
	await(t, "that it is open", opened)
	var came atomic.Int64
	wsclient.On(c.Client, "big", func(text string) { came.Add(int64(len(text))) })
	to := await(t, "the connection", b.clients)
	const pieces, size = 16, 64 << 10
	big := strings.Repeat("x", size)
	p.lose(true)
	calls := make(chan string, pieces)
	for range pieces {
		go func() {
			got, err := wsclient.Call[string](within(t), c.Client, "echo", big)
			calls <- fmt.Sprint(len(got), err)
		}()
		if err := to.Emit("big", big); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all is sent", func() bool { return p.lostBytes() >= 2*pieces*size })
	narrow.Store(true)
	p.tighten()
	p.lose(false)
	p.cut()
	if o := await(t, "that it is open", opened); !o.Resumed {
		t.Error("the session is lost")
	}
	for range pieces {
		if got := await(t, "an answer", calls); got != fmt.Sprint(size, error(nil)) {
			t.Error(got)
		}
	}
	eventually(t, "all pushes have come", func() bool { return came.Load() == pieces*size })
}

// TestSessionLost: where a session cannot be resumed, calls that were sent fail, since
// nobody knows whether they were handled; what was not sent goes to the next.
func TestSessionLost(t *testing.T) {
	began := make(chan struct{}, 10)
	s := serve(t, ws.Options{NoResume: true}, gateway{on: map[string]handler{
		"echo": inline(echo),
		"hold": parallel(func(c *ws.Call) error { began <- struct{}{}; <-c.Context().Done(); return nil }),
	}})
	p := through(t, s)
	opened := make(chan wsclient.Opened, 10)
	c := dial(t, p.url(), wsclient.Options{Retry: soon, OnOpen: func(o wsclient.Opened) { opened <- o }})
	await(t, "that it is open", opened)
	held := make(chan error, 1)
	go func() { held <- c.Hold(within(t)) }()
	await(t, "the handler", began)
	p.refuse(true)
	p.cut()
	eventually(t, "it has noticed", func() bool { return c.State() != wsclient.Open })
	waits := make(chan error, 1)
	go func() {
		_, err := c.Echo(within(t), 1)
		waits <- err
	}()
	p.refuse(false)
	if o := await(t, "that it is open", opened); o.Resumed || o.Why != "" { // it has no session to ask for
		t.Errorf("it opened with %+v", o)
	}
	wantCode(t, await(t, "the call", held), wsclient.CodeDisconnected)
	if err := await(t, "the call that was not sent", waits); err != nil {
		t.Error(err)
	}
}
