package ws_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// answers has a peer answer pings, if answer says so, until its connection
// ends. It counts them, and tells when the end was.
func (p *peer) answers(pings *atomic.Int32, answer func() bool) <-chan time.Time {
	_ = p.conn.SetDeadline(time.Time{})
	ended := make(chan time.Time, 1)
	go func() {
		for {
			first, payload, err := p.read()
			if err != nil {
				ended <- time.Now()
				return
			}
			if first == ping {
				pings.Add(1)
				if answer() {
					_, _ = p.conn.Write(frame(pong, payload))
				}
			}
		}
	}()
	return ended
}

func always() bool { return true }
func never() bool  { return false }

// TestAskedFirst: whatever the intervals, no peer is given up that was not
// asked and had time to answer. A peer that answers stays, and one that does
// not goes in time.
func TestAskedFirst(t *testing.T) {
	for _, c := range []struct{ ping, idle, least, most time.Duration }{
		{0, 0, 60 * time.Second, 61 * time.Second}, // the defaults
		{400 * time.Millisecond, time.Second, time.Second, 1050 * time.Millisecond},
		{30 * time.Second, 60 * time.Second, 60 * time.Second, 61 * time.Second},
		{59 * time.Second, 60 * time.Second, 69 * time.Second, 71 * time.Second},
		{60 * time.Second, 60 * time.Second, 70 * time.Second, 72 * time.Second},
		{90 * time.Second, 60 * time.Second, 70 * time.Second, 72 * time.Second},
		{time.Hour, time.Minute, 70 * time.Second, 72 * time.Second},
		{20 * time.Millisecond, time.Second, time.Second, 1010 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("ping %v idle %v", c.ping, c.idle), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{PingInterval: c.ping, IdleTimeout: c.idle, Lifetime: ws.Unlimited}, gateway{})
				var asked, answered atomic.Int32
				begun := time.Now()
				gone := s.dial(t, "/ws").answers(&asked, never)
				stays := s.dial(t, "/ws")
				ended := stays.answers(&answered, always)
				select {
				case at := <-gone:
					if took := at.Sub(begun); took < c.least || took > c.most {
						t.Errorf("given up after %v", took)
					}
				case <-time.After(10 * c.most):
					t.Error("not given up")
				}
				if asked.Load() == 0 {
					t.Error("it was not asked")
				}
				time.Sleep(20 * c.most)
				if s.ConnectionCount() != 1 || answered.Load() == 0 {
					t.Error("the peer that answers was given up")
				}
				_ = stays.conn.Close()
				<-ended
				s.shutdown(t)
			})
		})
	}
	t.Run("no pings", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := servePipe(t, ws.Options{PingInterval: ws.Unlimited, IdleTimeout: time.Minute}, gateway{})
			var asked atomic.Int32
			begun := time.Now()
			gone := s.dial(t, "/ws").answers(&asked, always)
			if took := (<-gone).Sub(begun); took < 60*time.Second || took > 61*time.Second || asked.Load() > 0 {
				t.Errorf("given up after %v and %d pings", took, asked.Load())
			}
			s.shutdown(t)
		})
	})
}

// TestPause: a process that was stopped for longer than the idle timeout asks
// before it gives up a peer, also peers that it had asked before and not read
// since. It is on time again at once.
func TestPause(t *testing.T) {
	for _, before := range []time.Duration{2 * time.Second, 25*time.Second + time.Millisecond, 50*time.Second + time.Millisecond} {
		t.Run(before.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{}, gateway{})
				var asked, ignored atomic.Int32
				var awake atomic.Bool
				if before < 30*time.Second {
					awake.Store(true)
				}
				p := s.dial(t, "/ws")
				ended := p.answers(&asked, func() bool { return awake.Load() || asked.Load() < 2 })
				gone := s.dial(t, "/ws").answers(&ignored, never)
				time.Sleep(before)
				synctest.Wait()
				s.Skip(59 * time.Second)
				stopped := time.Now()
				awake.Store(true)
				if took := (<-gone).Sub(stopped); took < 10*time.Second || took > 12*time.Second {
					t.Errorf("who does not answer was given up after %v", took)
				}
				time.Sleep(time.Hour)
				if s.ConnectionCount() != 1 {
					t.Error("who answers was given up")
				}
				if n := asked.Load(); n < 144 || n > 148 {
					t.Errorf("%d pings in an hour", n)
				}
				_ = p.conn.Close()
				<-ended
				s.shutdown(t)
			})
		})
	}
}

// talk has a peer answer pings and send the messages of the channel that it
// returns. One goroutine writes: a second would wait for a lock of the pipe's,
// and the clock of a bubble with it.
func (p *peer) talk() (say chan<- string, heard <-chan string) {
	_ = p.conn.SetDeadline(time.Time{})
	out, in, texts := make(chan string, 10), make(chan []byte, 1000), make(chan string, 1000)
	go func() {
		for {
			var next []byte
			select {
			case s, more := <-out:
				if !more {
					_ = p.conn.Close()
					return
				}
				next = frame(text, []byte(s))
			case next = <-in:
			}
			if _, err := p.conn.Write(next); err != nil {
				return
			}
		}
	}()
	go func() {
		defer close(texts)
		for {
			switch first, payload, err := p.read(); {
			case err != nil:
				return
			case first == ping:
				in <- frame(pong, payload)
			default:
				texts <- string(payload)
			}
		}
	}()
	return out, texts
}

// TestUnreadIsAlive: no peer is given up while its message is handled, or waits
// for that, also where the kernel cannot be asked.
func TestUnreadIsAlive(t *testing.T) {
	const long = 5 * time.Minute
	slow := func(c *ws.Call) error { time.Sleep(long); return echo(c) }
	for _, mode := range []string{"batch", "inbox"} {
		for _, pings := range []time.Duration{0, ws.Unlimited} {
			t.Run(fmt.Sprintf("%s, pings %v", mode, pings), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := servePipe(t, ws.Options{PingInterval: pings, IdleTimeout: time.Minute, InboxMessages: 1}, gateway{on: map[string]handler{
						"batch": inline(slow), "inbox": serial(slow),
					}})
					say, heard := s.dial(t, "/ws").talk()
					for i := range 5 {
						say <- fmt.Sprintf(`{"event":%q,"data":%d}`, mode, i)
					}
					for i := range 3 { // later the reader waits again
						if got := <-heard; got != fmt.Sprintf(`{"event":%q,"data":%d}`, mode, i) {
							t.Fatalf("got %q", got)
						}
					}
					close(say)
					s.shutdown(t)
				})
			})
		}
	}
	t.Run("reply", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := servePipe(t, ws.Options{WriteTimeout: ws.Unlimited, OutboxFrames: 1}, gateway{on: map[string]handler{"echo": inline(echo)}})
			p := s.dial(t, "/ws")
			_ = p.conn.SetDeadline(time.Time{})
			if n, _ := s.Broadcast("push", 1); n != 1 { // fills the outbox
				t.Fatal(n)
			}
			p.send(`{"event":"echo","data":2}`)
			time.Sleep(long)
			p.want(`{"event":"push","data":1}`, `{"event":"echo","data":2}`)
			_ = p.conn.Close()
			s.shutdown(t)
		})
	})
}

// TestLifetimeSpread: connections that came together do not go together.
func TestLifetimeSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd, lifetime = 200, 100 * time.Minute
		closed := make(chan time.Time, crowd)
		s := servePipe(t, ws.Options{Lifetime: lifetime}, gateway{
			disconnect: func(context.Context, *ws.Client, any, ws.Closed) { closed <- time.Now() },
		})
		begun := time.Now()
		var pings atomic.Int32
		for range crowd {
			s.dial(t, "/ws").answers(&pings, always)
		}
		minutes := map[int]int{}
		for range crowd {
			age := (<-closed).Sub(begun)
			if age < lifetime*9/10 || age > lifetime+3*time.Second {
				t.Errorf("closed after %v", age)
			}
			minutes[int(age/time.Minute)]++
		}
		for minute, n := range minutes {
			if n > crowd/5 {
				t.Errorf("%d in minute %d", n, minute)
			}
		}
		s.shutdown(t)
	})
}
