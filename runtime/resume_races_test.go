package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestLosesSocketWhileItGetsIt: a session that loses its new socket before it has
// said $connected there goes on with the next one, and has lost nothing.
func TestLosesSocketWhileItGetsIt(t *testing.T) {
	const pushes = 2000
	resumes, goOn := make(chan struct{}, 2), make(chan struct{})
	detached := make(chan struct{}, 2)
	s := serve(t, ws.Options{
		PingInterval: 20 * time.Millisecond, OutboxFrames: 2 * pushes, OutboxBytes: 1 << 30,
		Observer: ws.Observer{
			Detached: func(*ws.Client, ws.Closed) { detached <- struct{}{} },
			Resumed: func(*ws.Client) {
				resumes <- struct{}{}
				<-goOn
			},
		},
	}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		name, lasts, _ := strings.Cut(u.Token, " ")
		u.Principal.ID = name
		if d, err := time.ParseDuration(lasts); err == nil {
			u.Principal.Expires = time.Now().Add(d)
		}
		return nil
	})}})
	p := s.dial(t, "/ws", v1)
	p.send(`{"event":"$connect","data":{"token":"ann"}}`)
	p.next()
	_ = p.conn.Close()
	await(t, "that it has no socket", detached)
	for i := range pushes {
		if n, err := s.Broadcast("push", i); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	q := s.dial(t, "/ws", v1)
	q.send(`{"event":"$connect","data":{"token":"ann 50ms","resume":{"sid":%q,"seq":0}}}`, p.sid)
	await(t, "that it is resumed", resumes)
	if first, payload, err := q.read(); err != nil || first != closes || !strings.HasPrefix(string(payload), "\x11\x31") {
		t.Errorf("its principal has expired: %#x %q, %v", first, payload, err)
	}
	close(goOn)
	for { // until the server has waited for long enough
		_, payload, err := q.read()
		if err != nil {
			break
		}
		if strings.Contains(string(payload), "push") {
			t.Errorf("behind the Close comes %q", payload)
			break
		}
	}
	await(t, "that it has none again", detached)
	r := s.dial(t, "/ws", v1)
	r.send(`{"event":"$connect","data":{"token":"ann","resume":{"sid":%q,"seq":0}}}`, p.sid)
	if got := r.next(); !strings.HasPrefix(got, `{"event":"$connected","data":{"resumed":true,`) {
		t.Fatal(got)
	}
	for i := range pushes {
		r.want(fmt.Sprintf(`{"event":"push","data":%d}`, i))
	}
}

// TestLossBetweenSockets: a push that found a session without a socket, and is lost,
// is told if the session has another by the time that it would end for that.
func TestLossBetweenSockets(t *testing.T) {
	w := seen(t, ws.Options{})
	p := w.open(t, "ann")
	client := await(t, "the connect hook", w.connects)
	ws.LoseSome(client, 3)
	p.want(`{"event":"$shed","data":3}`)
	_ = p.conn.Close()
	await(t, "that it has no socket", w.detached)
	ws.LoseSome(client, 1)
	await(t, "its end", w.closed)
}

// TestShedToldAgain: a client whose socket broke before it has read $shed is told of
// the loss by the next, where it was.
func TestShedToldAgain(t *testing.T) {
	w := seen(t, ws.Options{OutboxFrames: 4, ResumeFrames: 100, ResumeBytes: 1 << 30, WriteTimeout: ws.Unlimited})
	p := w.open(t, "ann")
	client := await(t, "the connect hook", w.connects)
	ws.LoseSome(client, 5) // it is written at once, as is the push behind it
	if err := client.Emit("push", 1); err != nil {
		t.Fatal(err)
	}
	p.want(`{"event":"$shed","data":5}`, `{"event":"push","data":1}`)
	_ = p.conn.Close()
	await(t, "that it has no socket", w.detached)
	q, answer := w.again(t, "ann", p.sid, 0)
	if answer != goesOn(0) {
		t.Fatal(answer)
	}
	q.want(`{"event":"$shed","data":5}`, `{"event":"push","data":1}`)
	_ = q.conn.Close()
	await(t, "that it has no socket", w.detached)
	r, answer := w.again(t, "ann", p.sid, 1) // so it has had what was before that, too
	if answer != goesOn(0) {
		t.Fatal(answer)
	}
	r.send(`{"event":"echo","id":1,"data":1}`)
	r.want(`{"event":"echo","id":1,"data":1}`)
}

// TestLosesSocketAsShutdownBegins: a session whose link has ended, and whose read
// goroutine has not left it when Shutdown begins, ends with the cause of that, and
// the Observer is not told that it waits.
func TestLosesSocketAsShutdownBegins(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	ends := make(chan ws.Closed, 1)
	var once sync.Once
	leave := func() { once.Do(func() { close(goOn) }) }
	w := seen(t, ws.Options{}, gateway{
		path: "/hold",
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			u.Principal.ID, u.Principal.Expires = "ann", time.Now().Add(50*time.Millisecond)
			return nil
		})},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, why ws.Closed) { ends <- why },
		on: map[string]handler{"hold": inline(func(*ws.Call) error {
			close(begun)
			<-goOn
			return nil
		})},
	})
	defer leave()
	p := w.dial(t, "/hold", v1)
	p.send(`{"event":"$connect"}`)
	p.want(connected)
	p.send(`{"event":"hold"}`)
	await(t, "the handler", begun)
	if first, payload, err := p.read(); err != nil || first != closes || !strings.HasPrefix(string(payload), "\x11\x31") {
		t.Errorf("its principal has expired: %#x %q, %v", first, payload, err)
	}
	w.BeginShutdown()
	leave()
	if got := await(t, "the disconnect hook", ends); got.Code != ws.CloseAway || got.Remote || got.Err != nil || !strings.HasPrefix(got.Reason, "shutdown:") {
		t.Errorf("it ended by %+v", got)
	}
	eventually(t, "nothing is left", func() bool { n := w.Stats(); return n.Connections == 0 && n.Admitted == 0 && n.Detached == 0 })
	none(t, "it waits for its client", w.detached)
}

// TestCancelToldAgain: a client whose socket broke before it has read that a question
// needs no answer any more is told by the next, behind the question, or without it
// if it has had that.
func TestCancelToldAgain(t *testing.T) {
	const question, cancel = `{"event":"confirm","id":"$1","data":"?"}`, `{"event":"$cancel","id":"$1","data":null}`
	w := seen(t, ws.Options{})
	p := w.open(t, "ann")
	client := await(t, "the connect hook", w.connects)
	ctx, giveUp := context.WithCancel(t.Context())
	said := make(chan error, 1)
	go func() {
		_, err := newDoubts(w.Server).Client(client).Confirm(ctx, "?")
		said <- err
	}()
	p.want(question)
	giveUp()
	if err := await(t, "the end of the question", said); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	p.want(cancel) // it was written, and the client may not have read it
	for _, c := range []struct {
		seq  int
		want []string
	}{{0, []string{question, cancel}}, {1, []string{cancel}}, {1, []string{cancel}}} {
		_ = p.conn.Close()
		await(t, "that it has no socket", w.detached)
		var answer string
		if p, answer = w.again(t, "ann", p.sid, c.seq); answer != goesOn(0) {
			t.Fatal(answer)
		}
		p.want(c.want...)
	}
	p.send(`{"event":"echo","id":1,"data":1}`)
	p.want(`{"event":"echo","id":1,"data":1}`)
	_ = p.conn.Close()
	await(t, "that it has no socket", w.detached)
	p, answer := w.again(t, "ann", p.sid, 2) // so it has had what was before that, too
	if answer != goesOn(1) {
		t.Fatal(answer)
	}
	p.send(`{"event":"echo","id":2,"data":2}`)
	p.want(`{"event":"echo","id":2,"data":2}`)
}
