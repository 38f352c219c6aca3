package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// work returns a gateway whose calls take as long as their data says, in ms:
// each in its mode, watching its context or not.
func work() map[string]handler {
	of := func(c *ws.Call) time.Duration {
		var ms int
		_ = c.Decode(&ms)
		return time.Duration(ms) * time.Millisecond
	}
	stubborn := func(c *ws.Call) error { time.Sleep(of(c)); return echo(c) }
	watching := func(c *ws.Call) error {
		select {
		case <-time.After(of(c)):
			return echo(c)
		case <-c.Context().Done():
			return c.Context().Err()
		}
	}
	items := func(c *ws.Call) error {
		left := of(c)
		return ws.Stream(c, iter.Seq[int](func(yield func(int) bool) {
			for i := 0; left > 0; i++ {
				time.Sleep(100 * time.Millisecond)
				if left -= 100 * time.Millisecond; !yield(i) {
					return
				}
			}
		}))
	}
	return map[string]handler{
		"inline": inline(stubborn), "serial": serial(watching), "stubborn": serial(stubborn),
		"parallel": {call: watching, mode: ws.Parallel}, "timed": {call: watching, mode: ws.Serial, within: time.Minute},
		"stream": stream(items), "echo": inline(echo),
	}
}

// unavailable returns the error frame for an id: of a call that was not begun,
// or cut.
func unavailable(id, event string, retry bool) string {
	if retry {
		return fmt.Sprintf(`{"event":"error",%s"data":{"code":"unavailable","message":"the connection is about to close: connect again","event":%q,"retryAfterMs":1000}}`, id, event)
	}
	return fmt.Sprintf(`{"event":"error",%s"data":{"code":"unavailable","message":"the connection closes before the call has ended","event":%q}}`, id, event)
}

// lastFrames returns the frames up to the Close frame, without items of
// streams, and when that came.
func lastFrames(t *testing.T, heard <-chan string) (texts []string, at time.Time) {
	t.Helper()
	for text := range heard {
		if strings.HasPrefix(text, "\x03\xe9") { // 1001
			return texts, time.Now()
		}
		if !strings.Contains(text, `"more":true`) {
			texts = append(texts, text)
		}
	}
	t.Fatalf("no Close frame after %q", texts)
	return nil, time.Time{}
}

// TestDrain: messages that were accepted are answered before the Close frame,
// which follows at once. Messages that come meanwhile are refused, and pings
// and $cancel are served.
func TestDrain(t *testing.T) {
	for _, mode := range []string{"inline", "serial", "stubborn", "parallel", "timed", "stream"} {
		for _, why := range []string{"shutdown", "lifetime"} {
			t.Run(mode+", "+why, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := ws.Options{}
					if why == "lifetime" {
						o.Lifetime = 10 * time.Second
					}
					closed := make(chan ws.Closed, 1)
					s := servePipe(t, o, gateway{on: work(), disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c }})
					say, heard := s.dial(t, "/ws").talk()
					begun := time.Now()
					ends := 3 * time.Second
					if why == "lifetime" {
						time.Sleep(8 * time.Second) // it has 9 to 10
						ends += 8 * time.Second
					}
					say <- fmt.Sprintf(`{"event":%q,"id":1,"data":3000}`, mode)
					synctest.Wait()
					done := make(chan error, 1)
					if why == "shutdown" {
						go func() { done <- s.Shutdown(context.Background()) }()
					} else {
						time.Sleep(2100 * time.Millisecond)
						done <- nil
					}
					synctest.Wait()
					if n := s.ConnectionCount(); n != 1 {
						t.Fatalf("%d connections while it drains", n)
					}
					want := []string{unavailable(`"id":2,`, "echo", true), unavailable("", "serial", true)}
					say <- `{"event":"echo","id":2,"data":1}`
					say <- `{"event":"serial","data":1}`
					say <- `{"event":"nothing","id":3}`
					want = append(want, `{"event":"error","id":3,"data":{"code":"unknown_event","message":"unknown event","event":"nothing"}}`)
					answer := fmt.Sprintf(`{"event":%q,"id":1,"data":3000}`, mode)
					switch mode {
					case "stream":
						answer = `{"event":"stream","id":1,"data":null}`
						fallthrough
					default:
						want = append(want, answer)
					case "inline": // the messages are read after the call
						want = append([]string{answer}, want...)
						if why == "shutdown" {
							want = want[:1] // it is closing by then
						}
					}
					texts, at := lastFrames(t, heard)
					if mode == "inline" {
						texts = texts[:1]
						want = want[:1]
					}
					if got := strings.Join(texts, "\n"); got != strings.Join(want, "\n") {
						t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
					}
					if took := at.Sub(begun); took != ends {
						t.Errorf("closed after %v", took)
					}
					close(say)
					if c := <-closed; c.Code != ws.CloseAway || !strings.HasPrefix(c.Reason, why+": ") {
						t.Errorf("%+v", c)
					}
					if err := <-done; err != nil {
						t.Error(err)
					}
					s.shutdown(t)
				})
			})
		}
	}
}

// TestDrainCancel: a call that drains can be cancelled, and then nothing holds
// the connection.
func TestDrainCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, gateway{on: work()})
		say, heard := s.dial(t, "/ws").talk()
		say <- `{"event":"serial","id":1,"data":4000}`
		say <- `{"event":"serial","id":2,"data":4000}`
		synctest.Wait()
		begun := time.Now()
		go s.shutdown(t)
		time.Sleep(time.Second)
		say <- `{"event":"$cancel","id":2}`
		say <- `{"event":"$cancel","id":1}`
		texts, at := lastFrames(t, heard)
		if len(texts) != 2 || !strings.Contains(texts[0], `"id":2,"data":{"code":"canceled"`) || !strings.Contains(texts[1], `"id":1,"data":{"code":"canceled"`) {
			t.Errorf("got %q", texts)
		}
		if took := at.Sub(begun); took != time.Second {
			t.Errorf("closed after %v", took)
		}
		close(say)
	})
}

// TestDrainTimeout: calls that have not ended in time are cancelled. Each that
// has an id gets exactly one answer before the Close frame, also when the
// outbox is full.
func TestDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		canceled := make(chan error, 10)
		g := gateway{on: work()}
		g.on["watching"] = handler{mode: ws.Parallel, call: func(c *ws.Call) error {
			<-c.Context().Done()
			canceled <- c.Context().Err()
			return c.Context().Err()
		}}
		s := servePipe(t, ws.Options{DrainTimeout: 7 * time.Second}, g)
		say, heard := s.dial(t, "/ws").talk()
		for _, m := range []string{
			`{"event":"watching","id":"w","data":0}`, `{"event":"stream","id":"s","data":60000}`,
			`{"event":"serial","id":"r","data":60000}`, `{"event":"serial","data":60000}`, `{"event":"serial","id":"q","data":1}`,
		} {
			say <- m
		}
		synctest.Wait()
		begun := time.Now()
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(context.Background()) }()
		texts, at := lastFrames(t, heard)
		if took := at.Sub(begun); took != 7*time.Second {
			t.Errorf("closed after %v", took)
		}
		for _, want := range []string{
			unavailable(`"id":"w",`, "watching", false), unavailable(`"id":"s",`, "stream", false),
			unavailable(`"id":"r",`, "serial", false), unavailable(`"id":"q",`, "serial", true),
		} {
			if n := strings.Count(strings.Join(texts, "\n"), want); n != 1 {
				t.Errorf("%d times %s", n, want)
			}
		}
		if len(texts) != 4 {
			t.Errorf("got %q", texts)
		}
		if err := <-canceled; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(say)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestDrainFullOutbox: the answers of calls that are cut are behind the frames
// that are queued, however full the outbox is.
func TestDrainFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{OutboxFrames: 1, WriteTimeout: ws.Unlimited, PingInterval: ws.Unlimited}, gateway{on: work()})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		p.send(`{"event":"serial","id":1,"data":60000}`)
		synctest.Wait()
		if n, _ := s.Broadcast("push", 1); n != 1 {
			t.Fatal(n)
		}
		go s.shutdown(t)
		time.Sleep(30 * time.Second)
		p.want(`{"event":"push","data":1}`, unavailable(`"id":1,`, "serial", false))
		p.wantClose(ws.CloseAway)
	})
}

// TestDrainWithin: the context of Shutdown is kept, with time for the last
// frames, whatever DrainTimeout is.
func TestDrainWithin(t *testing.T) {
	for name, c := range map[string]struct {
		drain  time.Duration
		ctx    func() (context.Context, context.CancelFunc)
		closed time.Duration
	}{
		"its own time": {0, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Minute)
		}, 5 * time.Second},
		"less is left": {0, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), 5*time.Second)
		}, 4 * time.Second},
		"little is left": {0, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Second)
		}, 750 * time.Millisecond},
		"unlimited": {ws.Unlimited, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Minute)
		}, time.Minute - time.Second},
		"no drain": {time.Nanosecond, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Minute)
		}, time.Nanosecond},
		"ends in between": {ws.Unlimited, cancelled(3 * time.Second), 3 * time.Second},
		"is over":         {ws.Unlimited, cancelled(0), 0},
		"nothing runs":    {ws.Unlimited, func() (context.Context, context.CancelFunc) { return context.Background(), func() {} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{DrainTimeout: c.drain, Lifetime: ws.Unlimited}, gateway{on: work()})
				say, heard := s.dial(t, "/ws").talk()
				if name != "nothing runs" {
					say <- `{"event":"stream","id":1,"data":100000000}`
				}
				synctest.Wait()
				begun := time.Now()
				ctx, cancel := c.ctx()
				defer cancel()
				go func() { _ = s.Shutdown(ctx) }()
				last := ""
				for text := range heard {
					if last = text; strings.HasPrefix(text, "\x03\xe9") {
						break
					}
				}
				if took := time.Since(begun); took != c.closed {
					t.Errorf("closed after %v", took)
				}
				if polite := strings.HasPrefix(last, "\x03\xe9"); !polite && ctx.Err() == nil {
					t.Error("there was no Close frame")
				}
				close(say)
				s.shutdown(t)
			})
		})
	}
}

func cancelled(after time.Duration) func() (context.Context, context.CancelFunc) {
	return func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		if after == 0 {
			cancel()
		} else {
			time.AfterFunc(after, cancel)
		}
		return ctx, cancel
	}
}

// TestDrainTwice: a second Shutdown that is in a hurry shortens the first, and
// several Servers drain at the same time.
func TestDrainTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := servePipe(t, ws.Options{DrainTimeout: time.Hour}, gateway{on: work()})
		b := ws.NewServer(ws.Options{DrainTimeout: time.Hour, Logger: slog.New(slog.DiscardHandler)})
		router := ws.NewRouter(gateway{path: "/ws", on: work()}.endpoint(a.Server), gateway{path: "/b", on: work()}.endpoint(b))
		a.handler = router
		var ends []<-chan string
		for _, path := range []string{"/ws", "/b"} {
			say, heard := a.dial(t, path).talk()
			defer close(say)
			say <- `{"event":"serial","id":1,"data":100000000}`
			ends = append(ends, heard)
		}
		synctest.Wait()
		begun := time.Now()
		go func() { _ = router.Shutdown(context.Background()) }()
		time.Sleep(10 * time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), 11*time.Second)
		defer cancel()
		go func() { _ = router.Shutdown(ctx) }()
		for _, heard := range ends {
			texts, at := lastFrames(t, heard)
			if len(texts) != 1 || at.Sub(begun) != 20*time.Second {
				t.Errorf("%q after %v", texts, at.Sub(begun))
			}
		}
	})
}

// TestDrainEnds: a Close during a drain closes the connection at once, with its
// own cause, whoever it comes from.
func TestDrainEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan ws.Closed, 1)
		s := servePipe(t, ws.Options{DrainTimeout: time.Hour}, gateway{on: work(), disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c }})
		p := s.dial(t, "/ws")
		p.send(`{"event":"serial","id":1,"data":1000000}`)
		synctest.Wait()
		go s.shutdown(t)
		synctest.Wait()
		if n := s.All().Disconnect(4001, "enough"); n != 1 {
			t.Errorf("%d", n)
		}
		if reason := p.wantClose(4001); reason != "enough" {
			t.Error(reason)
		}
		if c := <-closed; c.Code != 4001 {
			t.Errorf("%+v", c)
		}
	})
}

// TestDrainConnectHook: a connection whose hook runs is opened, and then closed.
func TestDrainConnectHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan struct{})
		s := servePipe(t, ws.Options{}, gateway{connect: func(ctx context.Context, c *ws.Client, _ *http.Request) (any, error) {
			close(in)
			time.Sleep(2 * time.Second)
			return nil, errors.Join(ctx.Err(), c.Emit("hello", 1))
		}})
		go func() {
			<-in
			s.shutdown(t)
		}()
		p := s.dial(t, "/ws")
		p.want(`{"event":"hello","data":1}`)
		p.wantClose(ws.CloseAway)
	})
}

// TestDrainLosesNothing, on sockets: each call that a handler has carried out
// while the server goes away under load was answered to its client.
func TestDrainLosesNothing(t *testing.T) {
	var mu sync.Mutex
	did := map[string]bool{}
	do := func(c *ws.Call) error {
		var key string
		if err := c.Decode(&key); err != nil {
			return err
		}
		mu.Lock()
		did[key] = true
		mu.Unlock()
		return c.Reply(&key)
	}
	s := serve(t, ws.Options{ShutdownSpread: ws.Unlimited}, gateway{on: map[string]handler{
		"inline": inline(do), "serial": serial(do), "parallel": {call: do, mode: ws.Parallel},
	}})
	const crowd = 20
	heard := make([]map[string]bool, crowd)
	var ready, over sync.WaitGroup
	for i := range crowd {
		p := s.dial(t, "/ws")
		heard[i] = map[string]bool{}
		ready.Add(1)
		window := make(chan bool, 8)
		over.Go(func() {
			p.hears(heard[i], window, ready.Done)
		})
		over.Go(func() {
			for n := 0; ; n++ {
				window <- true
				mode := []string{"inline", "serial", "parallel"}[n%3]
				if _, err := p.conn.Write(frame(text, fmt.Appendf(nil, `{"event":%q,"id":%d,"data":"%d %d"}`, mode, n, i, n))); err != nil {
					return
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
	lost, all := 0, map[string]bool{}
	for _, h := range heard {
		for key := range h {
			all[key] = true
		}
	}
	for key := range did {
		if !all[key] {
			lost++
		}
	}
	if lost > 0 || len(did) < crowd {
		t.Errorf("%d of %d calls were done, and not answered", lost, len(did))
	}
}

// hears notes the answers until the connection ends, each of which makes room
// for another call. It calls begun with the twentieth.
func (p *peer) hears(into map[string]bool, window <-chan bool, begun func()) {
	once := sync.OnceFunc(begun)
	defer once()
	for {
		first, payload, err := p.read()
		if err != nil || first == closes {
			_ = p.conn.Close()
			for {
				select {
				case <-window: // the sender finds out
				default:
					return
				}
			}
		}
		<-window
		var answer struct{ Data json.RawMessage }
		var key string
		if json.Unmarshal(payload, &answer) == nil && json.Unmarshal(answer.Data, &key) == nil {
			into[key] = true
		}
		if len(into) == 20 {
			once()
		}
	}
}
