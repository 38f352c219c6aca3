package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// goaway is the data of $goaway.
type goaway struct {
	Reason       string
	RetryAfterMs int64
	CloseInMs    *int64
}

// readGoaway reads a $goaway; nil: it is another text.
func readGoaway(t *testing.T, text string) *goaway {
	t.Helper()
	data, is := strings.CutPrefix(text, `{"event":"$goaway","data":`)
	if !is {
		return nil
	}
	g := new(goaway)
	if err := json.Unmarshal([]byte(strings.TrimSuffix(data, "}")), g); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	return g
}

// TestGoaway, on sockets: while a Server goes away under load no call of a
// session fails: clients send nothing new on the socket that was asked to leave,
// and leave when their calls are answered, or are closed at the end. What is sent
// all the same is answered.
func TestGoaway(t *testing.T) {
	do := func(c *ws.Call) error { time.Sleep(time.Millisecond); return echo(c) }
	var returning atomic.Int32
	s := serve(t, ws.Options{DrainTimeout: 3 * time.Second, ShutdownSpread: 100 * time.Millisecond}, gateway{
		on: map[string]handler{"inline": inline(do), "serial": serial(do), "parallel": {call: do, mode: ws.Parallel}},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) {
			if c.Code == ws.CloseReturning && c.Remote {
				returning.Add(1)
			}
		},
	})
	const crowd = 20
	var ready, over sync.WaitGroup
	var asked atomic.Int32
	for i := range crowd {
		p := s.session(t, "/ws")
		ready.Add(1)
		stubborn := i%4 == 0 // goes on until it is closed
		over.Go(func() {
			sent, answered := 0, 0
			send := func() {
				mode := []string{"inline", "serial", "parallel"}[sent%3]
				if _, err := p.conn.Write(frame(text, fmt.Appendf(nil, `{"event":%q,"id":%d,"data":1}`, mode, sent))); err == nil {
					sent++
				}
			}
			for range 4 {
				send()
			}
			leaves, begun := false, false
			for {
				first, payload, err := p.read()
				switch {
				case err != nil:
					t.Errorf("it ended by %v", err)
					return
				case first == closes && !leaves:
					if code := fmt.Sprintf("%x", payload[:2]); code != "03e9" || !stubborn {
						t.Errorf("closed by %s", code)
					}
					_, _ = p.conn.Write(frame(closes, payload[:2]))
					return
				case first == closes:
					if answered != sent {
						t.Errorf("%d of %d calls were answered", answered, sent)
					}
					return
				case first == ping:
					continue
				}
				if g := readGoaway(t, string(payload)); g != nil {
					asked.Add(1)
					if g.Reason != "shutdown" || g.RetryAfterMs < 0 || g.RetryAfterMs > 1000 || g.CloseInMs == nil || *g.CloseInMs > 3000 || *g.CloseInMs < 2900 {
						t.Errorf("%s", payload)
					}
					leaves = !stubborn
				} else if answered++; strings.Contains(string(payload), `"error"`) && !(stubborn && strings.Contains(string(payload), "the connection")) {
					t.Errorf("a call failed: %s", payload)
				}
				switch {
				case !leaves:
					send()
				case answered == sent:
					_, _ = p.conn.Write(frame(closes, []byte{0x0f, 0xa0})) // 4000
				}
				if answered == 20 && !begun {
					begun = true
					ready.Done()
				}
			}
		})
	}
	ready.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	over.Wait()
	if n := asked.Load(); n != crowd {
		t.Errorf("%d of %d were asked to leave", n, crowd)
	}
	if n := returning.Load(); n != crowd*3/4 {
		t.Errorf("%d said that they will be back", n)
	}
}

// TestGoawayTimes, on a clock of its own: a session has DrainTimeout from
// $goaway to the Close, and at most half of what the context of Shutdown leaves;
// nothing is refused meanwhile, and a plain client sees what it always saw.
func TestGoawayTimes(t *testing.T) {
	for name, c := range map[string]struct {
		drain, ctx time.Duration // 0: the default, and none
		closeInMs  int64         // -1: absent
		closed     time.Duration
	}{
		"its own time":      {0, 0, 5000, 5 * time.Second},
		"another":           {3 * time.Second, time.Minute, 3000, 3 * time.Second},
		"less is left":      {0, 4 * time.Second, 2000, 2 * time.Second},
		"unlimited":         {ws.Unlimited, time.Hour, 1_800_000, 30 * time.Minute},
		"and without a ctx": {ws.Unlimited, 0, -1, 10*time.Second + time.Millisecond}, // when the calls have ended
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{DrainTimeout: c.drain, Lifetime: ws.Unlimited, PingInterval: ws.Unlimited}, gateway{on: work()})
				say, heard := s.dial(t, "/ws", v1).talk()
				plainSay, plain := s.dial(t, "/ws").talk()
				say <- `{"event":"$connect"}`
				<-heard
				say <- `{"event":"serial","id":1,"data":10000}`
				synctest.Wait()
				ctx, cancel := context.WithCancel(context.Background())
				if c.ctx > 0 {
					ctx, cancel = context.WithTimeout(ctx, c.ctx)
				}
				defer cancel()
				begun := time.Now()
				done := make(chan error, 1)
				go func() { done <- s.Shutdown(ctx) }()
				g := readGoaway(t, <-heard)
				switch {
				case g == nil, g.Reason != "shutdown", g.RetryAfterMs > 1000:
					t.Fatalf("%+v", g)
				case (g.CloseInMs == nil) != (c.closeInMs < 0), g.CloseInMs != nil && *g.CloseInMs != c.closeInMs:
					t.Errorf("it has %v ms", g.CloseInMs)
				}
				if texts, at := lastFrames(t, plain); len(texts) != 0 || at.Sub(begun) > time.Second {
					t.Errorf("the plain client had %q, after %v", texts, at.Sub(begun))
				}
				time.Sleep(time.Second)
				say <- `{"event":"echo","id":2,"data":2}` // it waits for its turn
				say <- `{"event":"parallel","id":3,"data":1}`
				say <- `{"event":"$ping"}`
				late := c.closed > 6*time.Second
				if late {
					time.Sleep(5 * time.Second)
					say <- `{"event":"echo","id":4,"data":4}`
				}
				texts, at := lastFrames(t, heard)
				if took := at.Sub(begun); took != c.closed {
					t.Errorf("closed after %v", took)
				}
				want := []string{`{"event":"$pong","data":{"seq":3}}`}
				if !late {
					want = append(want, unavailable(`"id":2,`, "echo", true), unavailable(`"id":3,`, "parallel", true), unavailable(`"id":1,`, "serial", false))
				} else {
					want = append(want, `{"event":"serial","id":1,"data":10000}`, `{"event":"echo","id":2,"data":2}`, `{"event":"echo","id":4,"data":4}`, `{"event":"parallel","id":3,"data":1}`)
				}
				if got := strings.Join(texts, "\n"); got != strings.Join(want, "\n") {
					t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
				}
				close(say)
				close(plainSay)
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestGoawayLifetime: a session that has lasted for long enough is asked to
// leave, once, and closed when its time is up, which it is told; a Shutdown in a
// hurry shortens that.
func TestGoawayLifetime(t *testing.T) {
	for name, c := range map[string]struct{ drain, within, lead time.Duration }{
		"in peace":   {10 * time.Second, 0, 10 * time.Second},
		"in a hurry": {10 * time.Second, 2 * time.Second, 10 * time.Second},
		"unlimited":  {ws.Unlimited, 0, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{Lifetime: time.Hour, DrainTimeout: c.drain}, gateway{on: work()})
				say, heard := s.dial(t, "/ws", v1).talk()
				say <- `{"event":"$connect"}`
				<-heard
				begun := time.Now()
				g := readGoaway(t, <-heard)
				if g == nil || g.Reason != "lifetime" || g.RetryAfterMs > 1000 || g.CloseInMs == nil || *g.CloseInMs != c.lead.Milliseconds() {
					t.Fatalf("%+v", g)
				}
				asked := time.Now()
				if took := asked.Sub(begun); took < 54*time.Minute-time.Minute || took > time.Hour+time.Second {
					t.Errorf("after %v", took)
				}
				lead := c.lead
				if c.within > 0 {
					ctx, cancel := context.WithTimeout(context.Background(), c.within)
					defer cancel()
					lead = c.within / 2
					go func() { _ = s.Shutdown(ctx) }()
				}
				texts, at := lastFrames(t, heard)
				if took := at.Sub(asked); took != lead || len(texts) != 0 {
					t.Errorf("%q, and closed after %v", texts, took)
				}
				close(say)
				s.shutdown(t)
			})
		})
	}
}

// TestGoawayFullOutbox: a session whose outbox is full is asked all the same,
// when there is room.
func TestGoawayFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{OutboxFrames: 1, WriteTimeout: ws.Unlimited, PingInterval: ws.Unlimited}, gateway{})
		p := s.dial(t, "/ws", v1)
		_ = p.conn.SetDeadline(time.Time{})
		p.send(`{"event":"$connect"}`)
		p.want(`{"event":"$connected","data":{"resumed":false,"seq":0,"maxBytes":65536}}`)
		if n, _ := s.Broadcast("push", 1); n != 1 {
			t.Fatal(n)
		}
		go s.shutdown(t)
		time.Sleep(time.Second)
		p.want(`{"event":"push","data":1}`)
		if g := readGoaway(t, p.next()); g == nil || g.Reason != "shutdown" {
			t.Errorf("%+v", g)
		}
		p.wantClose(ws.CloseAway)
	})
}

// TestShedTold: a session that reads too slowly is told how many pushes it has
// lost, where they are missing, under every policy; a plain client is not.
func TestShedTold(t *testing.T) {
	for name, c := range map[string]struct {
		overflow ws.Overflow
		want     string
	}{
		"newest": {ws.ShedNewest, "0 1 2 3 shed=6 10 11 12 13 shed=6"},
		"oldest": {ws.ShedOldest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{OutboxFrames: 4, Overflow: c.overflow, WriteTimeout: ws.Unlimited, PingInterval: ws.Unlimited}, gateway{})
				p, plain := s.dial(t, "/ws", v1), s.dial(t, "/ws")
				_, _ = p.conn.SetDeadline(time.Time{}), plain.conn.SetDeadline(time.Time{})
				p.send(`{"event":"$connect"}`)
				p.want(`{"event":"$connected","data":{"resumed":false,"seq":0,"maxBytes":65536}}`)
				read := func(p *peer) (got []string, pushes, lost int) {
					for {
						synctest.Wait()
						_ = p.conn.SetReadDeadline(time.Now().Add(time.Second))
						_, payload, err := p.read()
						if err != nil {
							return got, pushes, lost
						}
						var n int
						switch _, err := fmt.Sscanf(string(payload), `{"event":"$shed","data":%d}`, &n); {
						case err == nil:
							got = append(got, fmt.Sprint("shed=", n))
							lost += n
						default:
							got = append(got, strings.TrimSuffix(strings.TrimPrefix(string(payload), `{"event":"e","data":`), "}"))
							pushes++
						}
					}
				}
				var all, others []string
				pushes, lost := 0, 0
				for round := range 2 {
					for i := range 10 {
						_, _ = s.Broadcast("e", round*10+i)
						synctest.Wait()
					}
					got, n, l := read(p)
					other, _, told := read(plain)
					all, others, pushes, lost = append(all, got...), append(others, other...), pushes+n, lost+l
					if told != 0 {
						t.Errorf("the plain client had %q", other)
					}
				}
				if got := strings.Join(all, " "); c.want != "" && got != c.want || pushes+lost != 20 {
					t.Errorf("got %s, which is %d pushes and %d lost", got, pushes, lost)
				}
				if c.want == "" && (len(all) > 14 || all[len(all)-1] != "19") {
					t.Errorf("got %q", all)
				}
				if n := s.Stats().Shed; int(n) != lost+20-len(others) {
					t.Errorf("%d are counted, %d were told", n, lost)
				}
				_, _ = p.conn.Close(), plain.conn.Close()
				s.shutdown(t)
			})
		})
	}
}
