package ws_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// limitedFor returns the answer to a message beyond a rate.
func limitedFor(event, id string, ms int) string {
	if id != "" {
		id = `"id":` + id + `,`
	}
	return fmt.Sprintf(`{"event":"error",%s"data":{"code":"rate_limited","message":"too many messages","event":%q,"retryAfterMs":%d}}`, id, event, ms)
}

// TestRates: a message beyond a rate is answered, by id if there is one, with
// the time after which there is room. The handler is not called.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		counting := func(c *ws.Call) error { calls.Add(1); return echo(c) }
		s := servePipe(t, ws.Options{
			ConnRate:   ws.Rate{PerSecond: 2, Burst: 5},
			EventRates: map[string]ws.Rate{"dear": {PerSecond: 0.5}, "slow": {PerSecond: 0.25, Burst: 2}},
		}, gateway{on: map[string]handler{"dear": inline(counting), "slow": serial(counting), "cheap": inline(counting)}})
		p, other := s.dial(t, "/ws"), s.dial(t, "/ws")
		say := func(event, id string) {
			p.send(`{"event":%q,"id":%s,"data":1}`, event, id)
		}
		ok := func(event, id string) string { return `{"event":"` + event + `","id":` + id + `,"data":1}` }

		say("dear", "1")
		p.want(ok("dear", "1"))
		say("dear", "2")
		p.want(limitedFor("dear", "2", 2000))
		say("slow", "3") // another event has another rate
		p.want(ok("slow", "3"))
		say("slow", "4")
		p.want(ok("slow", "4"))
		say("slow", "5")
		p.want(limitedFor("slow", "5", 4000))
		say("cheap", "6") // the fourth and fifth of the connection: a message beyond its event's rate costs that nothing
		p.want(ok("cheap", "6"))
		say("cheap", "7")
		p.want(ok("cheap", "7"))
		say("cheap", "8")
		p.want(limitedFor("cheap", "8", 500))
		p.send(`{"event":"nope"}`) // an unknown event counts, and so does a bad frame
		p.want(limitedFor("nope", "", 500))
		p.send(`what?`)
		p.want(`{"event":"error","data":{"code":"rate_limited","message":"too many messages","retryAfterMs":500}}`)
		if n := calls.Load(); n != 5 {
			t.Errorf("%d calls", n)
		}
		p.send(`{"event":"$cancel","id":9}`) // a way out stays
		other.send(`{"event":"dear","data":1}`)
		other.want(`{"event":"dear","data":1}`) // of each connection
		time.Sleep(500 * time.Millisecond)
		say("cheap", "9")
		p.want(ok("cheap", "9"))
		time.Sleep(2500 * time.Millisecond)
		say("dear", "10")
		p.want(ok("dear", "10"))
		_ = p.conn.Close()
		_ = other.conn.Close()
		s.shutdown(t)
	})
}

// TestRatesInOrder: behind a handler that takes its time the refusal of one
// message too many waits its turn.
func TestRatesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := servePipe(t, ws.Options{ConnRate: ws.Rate{PerSecond: 1, Burst: 2}}, gateway{on: map[string]handler{
			"slow": serial(func(c *ws.Call) error { <-release; return echo(c) }), "quick": inline(echo),
		}})
		p := s.dial(t, "/ws")
		p.send(`{"event":"slow","id":1}`)
		p.send(`{"event":"quick","id":2}`)
		p.send(`{"event":"quick","id":3}`)
		synctest.Wait()
		close(release)
		p.want(`{"event":"slow","id":1,"data":null}`, `{"event":"quick","id":2,"data":null}`, limitedFor("quick", "3", 1000))
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestPrincipalRate: all connections of a principal share one rate, on every
// gateway, and connecting again gains nothing.
func TestPrincipalRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := connGuard(func(u *ws.Upgrade) error { u.Principal = ws.Principal{ID: u.Token}; return nil })
		s := servePipe(t, ws.Options{PrincipalRate: ws.Rate{PerSecond: 1, Burst: 3}}, gateway{
			connGuards: []ws.ConnGuard{guard}, on: map[string]handler{"echo": inline(echo)},
		})
		ok := `{"event":"echo","data":null}`
		a, b := s.dial(t, "/ws?access_token=ann"), s.dial(t, "/ws?access_token=ann")
		bob, nobody := s.dial(t, "/ws?access_token=bob"), s.dial(t, "/ws")
		for _, p := range []*peer{a, b, a, bob, nobody, nobody, nobody, nobody} {
			p.send(`{"event":"echo"}`)
			p.want(ok)
		}
		b.send(`{"event":"echo","id":1}`)
		b.want(limitedFor("echo", "1", 1000))
		_, _ = a.conn.Close(), b.conn.Close()
		synctest.Wait()
		again := s.dial(t, "/ws?access_token=ann")
		again.send(`{"event":"echo","id":1}`)
		again.want(limitedFor("echo", "1", 1000))
		time.Sleep(time.Second)
		again.send(`{"event":"echo"}`)
		again.want(ok)
		for _, p := range []*peer{again, bob, nobody} {
			_ = p.conn.Close()
		}
		s.shutdown(t)
	})
}

// TestRateAbuse: a client that goes on and on is closed with 4429. One that
// slips now and then is not.
func TestRateAbuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{ConnRate: ws.Rate{PerSecond: 1}, MaxRateStrikes: 3}, gateway{on: map[string]handler{"echo": inline(echo)}})
		slips := s.dial(t, "/ws")
		_ = slips.conn.SetDeadline(time.Time{})
		for range 20 {
			for _, want := range []string{`{"event":"echo","data":1}`, limitedFor("echo", "", 1000)} {
				slips.send(`{"event":"echo","data":1}`)
				slips.want(want)
			}
			time.Sleep(time.Second)
		}
		goesOn := s.dial(t, "/ws")
		goesOn.send(`{"event":"echo","data":1}`)
		goesOn.want(`{"event":"echo","data":1}`)
		for range 3 {
			goesOn.send(`{"event":"echo","data":1}`)
			goesOn.want(limitedFor("echo", "", 1000))
		}
		goesOn.send(`{"event":"echo","data":1}`)
		goesOn.closedWith(t, ws.CloseRateLimited)
		_, _ = slips.conn.Close(), goesOn.conn.Close()
		s.shutdown(t)
		if n := s.Stats().Refused; n != 24 {
			t.Errorf("%d refusals counted", n)
		}
	})
}

// TestMisspeltRate: a rate of an event that no gateway of the Server has is an
// error in the log, once for a router.
func TestMisspeltRate(t *testing.T) {
	rates := map[string]ws.Rate{"echo": {PerSecond: 1}, "ehco": {PerSecond: 1}}
	s := serve(t, ws.Options{EventRates: rates}, gateway{on: map[string]handler{"echo": inline(echo)}}, gateway{path: "/other"})
	const want = `level=ERROR msg="ws: an option does not do what it says" option=EventRates problem="the gateways of this router do not handle the event \"ehco\", so nothing is limited`
	if log := s.logs.String(); strings.Count(log, "EventRates") != 1 || !strings.Contains(log, want) || !strings.Contains(log, "there is echo") {
		t.Errorf("the log says %q", log)
	}
}
