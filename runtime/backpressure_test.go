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

// TestStalledMember: a member that stops reading leaves the count once its
// outbox is full, is counted as shed, is logged a few times, and costs no other
// member anything.
func TestStalledMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients := make(chan *ws.Client, 2)
		var shed [][2]int
		s := servePipe(t, ws.Options{OutboxFrames: 4, Observer: ws.Observer{
			Shed: func(s ws.Shed) { shed = append(shed, [2]int{s.Sent, s.Shed}) },
		}}, lobby(clients))
		stalled, reads := s.dial(t, "/ws"), s.dial(t, "/ws")
		c := <-clients
		<-clients
		for i := range 6 {
			n, err := s.Broadcast("e", i)
			want := 2
			if i >= 4 { // one in flight and three queued
				want = 1
			}
			if n != want || err != nil {
				t.Errorf("push %d reached %d, %v", i, n, err)
			}
			reads.want(fmt.Sprintf(`{"event":"e","data":%d}`, i))
			synctest.Wait()
		}
		if ok, err := s.Emit(c.ID(), "e", 6); !ok || !errors.Is(err, ws.ErrFull) {
			t.Errorf("Emit: %v, %v", ok, err)
		}
		for i, err := range []error{c.Emit("e", 6), c.Sender().Send("x"), c.Sender().SendJSON(1)} {
			if !errors.Is(err, ws.ErrFull) {
				t.Errorf("%d: %v", i, err)
			}
		}
		if len(shed) != 6 || shed[0] != [2]int{1, 1} || strings.Count(s.logs.String(), "push shed") != 5 || s.Stats().Shed != 6 {
			t.Errorf("shed %v\n%s", shed, s.logs)
		}
		for i := range 4 { // what was accepted arrives, whole and in order
			stalled.want(fmt.Sprintf(`{"event":"e","data":%d}`, i))
		}
		synctest.Wait()
		if n, _ := s.Broadcast("e", 7); n != 2 {
			t.Errorf("after reading again, reached %d", n)
		}
		stalled.want(`{"event":"e","data":7}`)
		reads.want(`{"event":"e","data":7}`)
		_ = stalled.conn.Close()
		_ = reads.conn.Close()
		s.shutdown(t)
	})
}

// TestOutboxBytes: bytes are bounded as well. A frame larger than the bound is
// taken by an empty outbox, and by no other.
func TestOutboxBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{OutboxBytes: 1000}, gateway{})
		p := s.dial(t, "/ws")
		big := strings.Repeat("x", 5000)
		for i, want := range []int{1, 0} {
			if n, _ := s.Broadcast("e", big); n != want {
				t.Errorf("%d: reached %d", i, n)
			}
		}
		if n, _ := s.Broadcast("e", 1); n != 0 {
			t.Error("a small one passed the big one")
		}
		p.want(`{"event":"e","data":"` + big + `"}`)
		synctest.Wait()
		for i := range 3 {
			n, _ := s.Broadcast("e", big[:400])
			if want := map[bool]int{true: 1}[i < 2]; n != want {
				t.Errorf("%d: reached %d", i, n)
			}
		}
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestReplyWaits: a reply is never shed. It waits for room, and meanwhile
// nothing more is read. A reply that waits goes before new pushes.
func TestReplyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var handled atomic.Int32
		s := servePipe(t, ws.Options{OutboxFrames: 2}, gateway{on: map[string]handler{
			"echo": inline(func(c *ws.Call) error { handled.Add(1); return echo(c) }),
		}})
		p := s.dial(t, "/ws")
		go func() {
			for i := range 10 {
				p.send(`{"event":"echo","id":%d}`, i)
			}
		}()
		synctest.Wait()
		if n := handled.Load(); n != 3 { // two replies queued, one waiting
			t.Errorf("handled %d before anything was read", n)
		}
		if n, _ := s.Broadcast("e", 1); n != 0 {
			t.Error("a push overtook a waiting reply")
		}
		for i := range 10 {
			p.want(fmt.Sprintf(`{"event":"echo","id":%d,"data":null}`, i))
		}
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestReplyNeverRead: a peer that sends and never reads is closed by the write
// deadline, and not before.
func TestReplyNeverRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan ws.Closed, 1)
		s := servePipe(t, ws.Options{OutboxFrames: 2}, gateway{
			on:         map[string]handler{"echo": inline(echo)},
			disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
		})
		p := s.dial(t, "/ws")
		begun := time.Now()
		go func() {
			for { // a ping needs its pong queued: a flood of them is bounded, too
				if _, err := p.conn.Write(frame(ping, []byte("x"))); err != nil {
					return
				}
				if _, err := p.conn.Write(frame(text, []byte(`{"event":"echo"}`))); err != nil {
					return
				}
			}
		}()
		if c, took := <-closed, time.Since(begun); c.Code != ws.ClosePolicy || took < 10*time.Second || took > 12500*time.Millisecond {
			t.Errorf("closed after %v with %+v", took, c)
		}
		if n := s.Stats().Slow; n != 1 {
			t.Errorf("%d connections counted as slow", n)
		}
		s.shutdown(t)
	})
}

// TestInbox: while a handler is slow, reading goes on until the inbox is full.
// Messages behind it keep their order, inline handlers too. Ping and Close are
// seen.
func TestInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var wrote atomic.Int32
		s := servePipe(t, ws.Options{InboxMessages: 3}, gateway{on: map[string]handler{
			"slow": serial(func(c *ws.Call) error { <-release; return echo(c) }),
			"echo": inline(echo),
		}})
		p := s.dial(t, "/ws")
		go func() {
			p.send(`{"event":"slow","id":0}`)
			p.raw(frame(ping, []byte("still there?")))
			for i := range 6 {
				p.send(`{"event":"echo","id":%d}`, i+1)
				wrote.Add(1)
			}
		}()
		if first, payload, err := p.read(); first != pong || string(payload) != "still there?" {
			t.Errorf("no pong while a handler is slow: %#x %q %v", first, payload, err)
		}
		synctest.Wait()
		// Three wait, the fourth is read and waits for a place; the fifth is not read.
		if n := wrote.Load(); n != 4 {
			t.Errorf("%d messages were read", n)
		}
		close(release)
		p.want(`{"event":"slow","id":0,"data":null}`)
		for i := range 6 {
			p.want(fmt.Sprintf(`{"event":"echo","id":%d,"data":null}`, i+1))
		}
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestInboxBytes: the inbox is bounded in bytes, too.
func TestInboxBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var wrote atomic.Int32
		s := servePipe(t, ws.Options{InboxBytes: 1000}, gateway{on: map[string]handler{
			"slow": serial(func(*ws.Call) error { <-release; return nil }),
		}})
		p := s.dial(t, "/ws")
		go func() {
			for range 6 {
				if _, err := p.conn.Write(frame(text, []byte(`{"event":"slow","data":"`+strings.Repeat("x", 400)+`"}`))); err != nil {
					return
				}
				wrote.Add(1)
			}
		}()
		synctest.Wait()
		if n := wrote.Load(); n != 4 { // one runs, two wait, one is read
			t.Errorf("%d messages were read", n)
		}
		close(release)
		synctest.Wait()
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestCancelledHandler: a handler's context ends with the connection. Its end
// is waited for before the disconnect hook, and messages that had no handler
// yet are dropped with a line in the log.
func TestCancelledHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		s := servePipe(t, ws.Options{}, gateway{
			on: map[string]handler{"wait": serial(func(c *ws.Call) error {
				<-c.Context().Done()
				time.Sleep(time.Second) // it takes its time
				events = append(events, "handler ended")
				return c.Context().Err()
			})},
			disconnect: func(_ context.Context, c *ws.Client, _ any, _ ws.Closed) {
				events = append(events, fmt.Sprint("disconnect in ", c.Rooms(), c.Server().ConnectionCount()))
			},
		})
		p := s.dial(t, "/ws")
		for c := range s.All().Clients() {
			_ = c.Join("room")
		}
		p.send(`{"event":"wait"}`)
		p.send(`{"event":"wait"}`)
		p.send(`{"event":"wait"}`)
		synctest.Wait()
		p.sendClose(1000, "")
		p.wantClose(ws.CloseNormal)
		s.shutdown(t)
		if got := strings.Join(events, "; "); got != "handler ended; disconnect in [room] 0" {
			t.Error(got)
		}
		if !strings.Contains(s.logs.String(), "dropped=2") {
			t.Error(s.logs)
		}
	})
}

// TestOneOrder: the members of a room see concurrent pushes in one order.
func TestOneOrder(t *testing.T) {
	clients := make(chan *ws.Client, 3)
	s := serve(t, ws.Options{OutboxFrames: 10_000}, lobby(clients))
	ms := members(t, s, clients, []string{"a"}, []string{"a"}, []string{"a"})
	const pushers, each = 4, 200
	for i := range pushers {
		go func() {
			for j := range each {
				_, _ = s.EmitTo("a", "e", [2]int{i, j})
			}
		}()
	}
	for range pushers * each {
		first := ms[0].next()
		ms[1].want(first)
		ms[2].want(first)
	}
}
