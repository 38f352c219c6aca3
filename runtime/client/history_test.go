package wsclient_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// paper stands for what wsgen generates of an interface marked //ws:push and
// //ws:history, whose method is marked //ws:kept.
type paper struct{ t ws.Target }

func (p paper) Number(n int) (int, error) { return p.t.Kept().Emit("number", n) }

// press is a server that keeps numbers, and a client that is cut off from it.
type press struct {
	*site
	push   ws.Push[paper]
	line   *proxy
	c      *Chat
	opened chan wsclient.Opened
	told   chan string // "recovered at 7" and "lost at 7"
	heard  list[int]
}

// printing serves a press whose history has so many numbers, and connects its client.
// Who connects follows the room "front", and who asks for it "back".
func printing(t *testing.T, size int, so ws.Options, o wsclient.Options) *press {
	t.Helper()
	x := &press{opened: make(chan wsclient.Opened, 1000), told: make(chan string, 1000)}
	x.site = serve(t, so, gateway{
		connect: func(c *ws.Client) error { return x.push.Follow(c, "front") },
		on: map[string]handler{
			"echo":   inline(echo),
			"follow": inline(func(c *ws.Call) error { return x.push.Follow(c.Client(), "back") }),
		},
	})
	x.push = ws.NewKeptPush(x.Server, ws.Log{Name: "test.Paper", Size: size, TTL: time.Hour}, func(t ws.Target) paper { return paper{t} })
	x.line = through(t, x.site)
	tells := func(what string) func(wsclient.History) {
		return func(h wsclient.History) {
			_, offset, _ := strings.Cut(h.At, ".")
			x.told <- what + " at " + offset
		}
	}
	o.Retry, o.OnOpen = soon, func(o wsclient.Opened) { x.opened <- o }
	o.OnRecovered, o.OnLost = tells("recovered"), tells("lost")
	x.c = dial(t, x.line.url(), o)
	await(t, "that it is open", x.opened)
	x.c.OnNumber(x.heard.add)
	return x
}

// prints pushes numbers to a room.
func (x *press) prints(t *testing.T, room string, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, err := x.push.In(room).Number(n); err != nil {
			t.Fatal(err)
		}
	}
}

// away cuts the client off while something happens, and returns how it is open again.
func (x *press) away(t *testing.T, meanwhile func()) wsclient.Opened {
	t.Helper()
	x.line.refuse(true)
	x.line.cut()
	eventually(t, "both ends have noticed", func() bool {
		n := x.Stats()
		return x.c.State() != wsclient.Open && n.Connections == n.Detached
	})
	meanwhile()
	x.line.refuse(false)
	return await(t, "that it is open", x.opened)
}

// hears waits until the client has heard so many numbers, and checks which.
func (x *press) hears(t *testing.T, want ...int) {
	t.Helper()
	eventually(t, fmt.Sprint("it hears ", want), func() bool { return len(x.heard.get()) >= len(want) })
	if got := x.heard.get(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("it has heard %d, want %d", got, want)
	}
}

// silent checks that nothing else is told.
func (x *press) silent(t *testing.T) {
	t.Helper()
	if _, err := x.c.Echo(within(t), 1); err != nil {
		t.Fatal(err)
	}
	if len(x.told) > 0 {
		t.Errorf("it is told %s", <-x.told)
	}
}

// TestKept: whatever becomes of sockets and sessions, what is kept comes once and in
// order, and the client does all that is needed for it.
func TestKept(t *testing.T) {
	for name, so := range map[string]ws.Options{
		"sessions": {}, "sessions that end soon": {ResumeWindow: 5 * time.Millisecond}, "no sessions": {NoResume: true},
	} {
		t.Run(name, func(t *testing.T) {
			x := printing(t, 10_000, so, wsclient.Options{PushBuffer: 1 << 20})
			x.prints(t, "front", 0, 0)
			x.hears(t, 0) // it knows where it has begun
			var stop atomic.Bool
			sent := make(chan int)
			go func() {
				n := 1
				for ; !stop.Load() && n < 9000; n++ {
					if _, err := x.push.In("front").Number(n); err != nil {
						t.Error(err)
					}
					time.Sleep(100 * time.Microsecond)
				}
				sent <- n
			}()
			for range 25 {
				time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
				x.line.cut()
			}
			stop.Store(true)
			all := <-sent
			eventually(t, "all have come", func() bool { return len(x.heard.get()) >= all })
			for i, n := range x.heard.get() {
				if i != n {
					t.Fatalf("%d has come as number %d", n, i)
				}
			}
			recovered := 0
			for len(x.told) > 0 {
				if told := <-x.told; !strings.HasPrefix(told, "recovered") {
					t.Errorf("it is told %s", told)
				}
				recovered++
			}
			if n := x.Stats(); n.History.Unrecovered > 0 || so.NoResume && recovered == 0 {
				t.Errorf("recovered %d times, and the server says %+v", recovered, n.History)
			}
			t.Logf("%d numbers, recovered %d times", all, recovered)
		})
	}
}

// TestKeptTold: a client whose session is gone is told of each history that it follows
// again whether it goes on where the client was.
func TestKeptTold(t *testing.T) {
	x := printing(t, 5, ws.Options{NoResume: true}, wsclient.Options{})
	follow := func() {
		t.Helper()
		if err := wsclient.Do(within(t), x.c.Client, "follow", nil); err != nil {
			t.Fatal(err)
		}
	}
	want := func(told string) {
		t.Helper()
		if got := await(t, told, x.told); got != told {
			t.Fatalf("it is told %s, want %s", got, told)
		}
	}
	follow()
	x.silent(t) // nothing was missed
	x.prints(t, "back", 1, 1)
	x.hears(t, 1)
	if o := x.away(t, func() { x.prints(t, "back", 2, 4) }); o.Resumed {
		t.Fatal("it is resumed")
	}
	want("recovered at 0") // the front
	x.silent(t)
	follow()
	want("recovered at 1")
	x.hears(t, 1, 2, 3, 4)
	x.away(t, func() {
		x.prints(t, "back", 5, 5)
		x.prints(t, "front", 101, 106)
	})
	want("lost at 6")
	follow()
	want("recovered at 4")
	x.hears(t, 1, 2, 3, 4, 5)
	x.away(t, func() { x.prints(t, "back", 6, 30) })
	want("recovered at 6")
	x.away(t, func() {}) // what it has not asked for again is claimed in the next session
	want("recovered at 6")
	follow()
	want("lost at 30")
	x.prints(t, "back", 31, 31)
	x.hears(t, 1, 2, 3, 4, 5, 31)
	follow()
	x.silent(t)
}

// TestKeptLost: a session that goes on has missed what is not kept any more, and its
// client is told once.
func TestKeptLost(t *testing.T) {
	x := printing(t, 5, ws.Options{}, wsclient.Options{})
	if o := x.away(t, func() { x.prints(t, "front", 1, 50) }); !o.Resumed {
		t.Fatalf("%+v", o)
	}
	lost := map[string]bool{await(t, "a loss", x.told): true} // before, the next one may be lost as well
	x.prints(t, "front", 51, 51)
	eventually(t, "it goes on", func() bool { got := x.heard.get(); return len(got) > 0 && got[len(got)-1] == 51 })
	for len(x.told) > 0 {
		lost[<-x.told] = true
	}
	before := 0
	for _, n := range x.heard.get() {
		if n != before+1 && !lost[fmt.Sprint("lost at ", n-1)] {
			t.Errorf("behind %d comes %d, and it is told %v", before, n, lost)
		}
		before = n
	}
	if o := x.away(t, func() {}); !o.Resumed {
		t.Fatalf("%+v", o)
	}
	x.silent(t)
}

// TestKeptShed: kept pushes that are shed for want of PushBuffer are missing as well: the
// server will not send them again, and OnLost is told in their place.
func TestKeptShed(t *testing.T) {
	shed := make(chan int, 100)
	x := printing(t, 100, ws.Options{}, wsclient.Options{PushBuffer: 4, OnShed: func(n int) { shed <- n }})
	began, goOn := make(chan struct{}, 100), make(chan struct{})
	x.c.OnNumber(func(int) { began <- struct{}{}; <-goOn })
	x.prints(t, "front", 1, 1)
	await(t, "the first", began)
	x.prints(t, "front", 2, 20)
	if _, err := x.c.Echo(within(t), 1); err != nil { // all have come
		t.Fatal(err)
	}
	close(goOn)
	x.hears(t, 1, 17, 18, 19, 20)
	if n := await(t, "OnShed", shed); n != 15 {
		t.Errorf("%d were shed", n)
	}
	if told := await(t, "OnLost", x.told); told != "lost at 16" {
		t.Errorf("it is told %s", told)
	}
	x.silent(t)
	if o := x.away(t, func() { x.prints(t, "front", 21, 21) }); !o.Resumed {
		t.Fatalf("%+v", o)
	}
	x.hears(t, 1, 17, 18, 19, 20, 21)
}

// TestPlacesBound: of more histories than a server takes the newest are claimed. Where a
// client cannot know whether it has missed something, it is told that it has.
func TestPlacesBound(t *testing.T) {
	const most, all = 256, 300
	log := func(n int) string { return fmt.Sprintf("%011d", n) }
	joined := func(n int, more string) string {
		return fmt.Sprintf(`{"event":"$joined","data":{"log":%q,"at":"k3Jx.1"%s}}`, log(n), more)
	}
	claims := make(chan map[string]string, 2)
	told := make(chan string, 10)
	url := listening(t, func(n int, p *peer) error {
		if err := p.upgrade(); err != nil {
			return err
		}
		text, err := p.next()
		if err != nil {
			return err
		}
		var says struct {
			Data struct{ At map[string]string }
		}
		if err := json.Unmarshal([]byte(text), &says); err != nil {
			return err
		}
		claims <- says.Data.At
		if err := p.connected(); err != nil {
			return err
		}
		if n == 0 {
			for i := range all {
				if err := p.send("%s", joined(i, "")); err != nil {
					return err
				}
			}
			// In an order of its own, among the members of a push.
			if err := p.send(`{"event":"number", "at":"k3Jx.2", "log":%q, "data":{"log":"x","at":"y"}}`, log(all-most)); err != nil {
				return err
			}
			return p.serveEchoUntil(`{"event":"cut","data":null}`)
		}
		for _, text := range []string{
			joined(0, ""),                       // forgotten, and so nobody knows
			joined(all-1, `,"recovered":true`),  // it was claimed
			joined(all-1, `,"recovered":true`),  // again
			joined(all-2, `,"recovered":false`), // it is not kept any more
			joined(all-3, ""),                   // the claim has come too late
			joined(0, ""),                       // it is known by now
		} {
			if err := p.send("%s", text); err != nil {
				return err
			}
		}
		return p.serveEcho()
	})
	tells := func(what string) func(wsclient.History) {
		return func(h wsclient.History) { told <- what + " " + h.Log }
	}
	c := dial(t, url, wsclient.Options{Retry: soon, OnRecovered: tells("recovered"), OnLost: tells("lost")})
	if at := await(t, "the first $connect", claims); at != nil {
		t.Errorf("it claims %v", at)
	}
	if err := wsclient.Send(c.Client, "cut", nil); err != nil {
		t.Fatal(err)
	}
	at := await(t, "the second $connect", claims)
	if len(at) != most || at[log(all-1)] != "k3Jx.1" || at[log(all-most)] != "k3Jx.2" || at[log(all-most-1)] != "" {
		t.Errorf("it claims %d: %v", len(at), at)
	}
	for _, want := range []string{"lost " + log(0), "recovered " + log(all-1), "lost " + log(all-2), "lost " + log(all-3)} {
		if got := await(t, want, told); got != want {
			t.Errorf("it is told %s, want %s", got, want)
		}
	}
	if _, err := c.Echo(within(t), 1); err != nil || len(told) > 0 {
		t.Error(err, len(told))
	}
}
