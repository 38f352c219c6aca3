package wsclient_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// pushing serves a gateway, and returns the connection of its one client.
func pushing(t *testing.T, o wsclient.Options, so ws.Options) (*site, *Chat, *ws.Client) {
	t.Helper()
	clients := make(chan *ws.Client, 1)
	s := serve(t, so, gateway{
		on:      map[string]handler{"echo": inline(echo)},
		connect: func(c *ws.Client) error { clients <- c; return nil },
	})
	c := dial(t, s.url, o)
	return s, c, await(t, "the connection", clients)
}

// TestOn: listeners are told of pushes in their order, until they do not want to be.
func TestOn(t *testing.T) {
	logs := &logs{}
	_, c, to := pushing(t, wsclient.Options{Logger: logs.logger()}, ws.Options{})
	var told list[string]
	done := make(chan struct{}, 1)
	offFirst := c.OnNumber(func(n int) { told.add(fmt.Sprint("first ", n)) })
	off := c.OnNumber(func(n int) { told.add(fmt.Sprint("second ", n)) })
	c.OnMessage(func(m Message) {
		if told.add(m.Text); m.Author == "last" {
			done <- struct{}{}
		}
	})
	emit := func(event string, data any) {
		t.Helper()
		if err := to.Emit(event, data); err != nil {
			t.Fatal(err)
		}
	}
	emit("number", 1)
	emit("message", Message{"ann", "hello"})
	emit("nobody hears this", 1)
	emit("number", "no number")
	emit("number", nil)
	emit("message", Message{"last", "bye"})
	await(t, "the pushes", done)
	offFirst()
	offFirst()
	emit("number", 2)
	emit("message", Message{"last", "again"})
	await(t, "the pushes", done)
	off()
	emit("number", 3)
	emit("message", Message{"last", "end"})
	await(t, "the pushes", done)
	const want = "[first 1 second 1 hello first 0 second 0 bye second 2 again end]"
	if got := told.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := strings.Count(logs.String(), "a push does not decode"); n != 2 {
		t.Errorf("%d lines in the log:\n%s", n, logs)
	}
}

// TestCallbacksThatFail: a callback may panic, or end its goroutine, and may call.
func TestCallbacksThatFail(t *testing.T) {
	logs := &logs{}
	_, c, to := pushing(t, wsclient.Options{
		Logger:  logs.logger(),
		OnOpen:  func(wsclient.Opened) { panic("OnOpen") },
		OnError: func(*ws.Error) { runtime.Goexit() },
	}, ws.Options{})
	called := make(chan string, 10)
	c.OnNumber(func(n int) {
		switch n {
		case 1:
			panic("number")
		case 2:
			runtime.Goexit()
		}
	})
	c.OnNumber(func(n int) {
		got, err := c.Echo(context.Background(), n)
		called <- fmt.Sprint(string(got), err)
	})
	if err := wsclient.Send(c.Client, "nowhere", nil); err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		if err := to.Emit("number", n); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"0<nil>", "1<nil>", "2<nil>", "3<nil>"} {
		if got := await(t, "a call from a callback", called); got != want && want != "2<nil>" {
			t.Errorf("%s, want %s", got, want)
		} else if want == "2<nil>" && got == "3<nil>" {
			break // the goroutine had ended before the second listener
		}
	}
	for _, want := range []string{"panic in a callback of Options: OnOpen", "panic in a listener of number: number", "a listener of number ended its goroutine"} {
		if !strings.Contains(logs.String(), want) {
			t.Errorf("the log says nothing of %q:\n%s", want, logs)
		}
	}
}

// TestSlowCallback: a callback that takes its time holds up no answer; what does not
// fit any more is shed, the oldest first, and told.
func TestSlowCallback(t *testing.T) {
	shed := make(chan int, 10)
	_, c, to := pushing(t, wsclient.Options{PushBuffer: 10, OnShed: func(n int) { shed <- n }}, ws.Options{})
	held, release := make(chan struct{}), make(chan struct{})
	var told list[int]
	c.OnNumber(func(n int) {
		if told.add(n); n == 0 {
			close(held)
			<-release
		}
	})
	_ = to.Emit("number", 0)
	await(t, "the first push", held)
	for n := 1; n <= 100; n++ {
		if err := to.Emit("number", n); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Echo(within(t), n); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	if n := await(t, "what was shed", shed); n != 90 {
		t.Errorf("%d pushes were shed", n)
	}
	eventually(t, "the rest is told", func() bool { return len(told.get()) == 11 })
	if got := told.String(); got != "[0 91 92 93 94 95 96 97 98 99 100]" {
		t.Error(got)
	}
}

// TestTextThatIsNoJSON: the server's application may send any text; it counts.
func TestTextThatIsNoJSON(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, gateway{
		on:      map[string]handler{"echo": inline(echo)},
		connect: func(c *ws.Client) error { clients <- c; return nil },
	})
	p := through(t, s)
	opened := make(chan wsclient.Opened, 10)
	c := dial(t, p.url(), wsclient.Options{OnOpen: func(o wsclient.Opened) { opened <- o }, Retry: soon})
	await(t, "that it is open", opened)
	numbers := make(chan int, 10)
	c.OnNumber(func(n int) { numbers <- n })
	to := await(t, "the connection", clients)
	for n, text := range []string{`hello`, ``, `{`, `[]`, `{"event":5}`, `{"event":"number","id":{}}`, `{"event":"number","id":7,"data":1}`, `{"data":1}`} {
		if err := to.Sender().Send(text); err != nil {
			t.Fatal(err)
		}
		if err := to.Emit("number", n); err != nil {
			t.Fatal(err)
		}
		if got := await(t, "a push", numbers); got != n {
			t.Errorf("%d, want %d", got, n)
		}
	}
	p.cut()
	if o := await(t, "that it is open again", opened); !o.Resumed {
		t.Error("the counts do not agree: the session is lost")
	}
	if err := to.Emit("number", 99); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "a push", numbers); got != 99 {
		t.Errorf("%d", got)
	}
}

// TestTold: that the server is of another contract, and what it has shed, is told, in
// its place among the pushes.
func TestTold(t *testing.T) {
	url := scripted(t, func(_ int, p *peer) error {
		for _, text := range []string{
			`{"event":"$connected","data":{"sid":"s","resumed":false,"seq":0,"schema":"another"}}`,
			`{"event":"number","data":1}`, `{"event":"$shed","data":2}`, `{"event":"$shed","data":1}`, `{"event":"number","data":2}`,
		} {
			if text == `{"event":"number","data":1}` {
				if _, err := p.next(); err != nil { // there are listeners
					return err
				}
			}
			if err := p.send("%s", text); err != nil {
				return err
			}
		}
		return p.drain()
	})
	var told list[string]
	held := make(chan struct{})
	c := dial(t, url, wsclient.Options{
		OnOpen: func(o wsclient.Opened) { told.add(fmt.Sprintf("%+v", o)); <-held },
		OnShed: func(n int) { told.add(fmt.Sprint("shed ", n)) },
	})
	c.OnNumber(func(n int) { told.add(fmt.Sprint(n)) })
	if err := c.Note(0); err != nil {
		t.Fatal(err)
	}
	close(held)
	const want = "[{Resumed:false Why: Skew:true} 1 shed 3 2]"
	eventually(t, "all is told", func() bool { return len(told.get()) >= 4 })
	if got := strings.Replace(told.String(), "shed 2 shed 1", "shed 3", 1); got != want { // together, or apart
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
