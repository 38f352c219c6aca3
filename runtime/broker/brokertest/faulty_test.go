package brokertest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestFaultyConforms: whatever Faulty does without losing anything is within the
// promises of an adapter, and so is its way to break links.
func TestFaultyConforms(t *testing.T) {
	for name, faults := range map[string]brokertest.Faults{
		"none":    {},
		"delayed": {Seed: 1, Delay: 100 * time.Microsecond, Jitter: 300 * time.Microsecond, Echo: true},
		"slow":    {Seed: 2, Slow: 50 * time.Microsecond, Echo: true},
	} {
		t.Run(name, func(t *testing.T) {
			brokertest.Run(t, func(*testing.T) brokertest.Engine {
				b := memory.New()
				nodes := map[int]*brokertest.FaultyBroker{}
				node := func(n int) *brokertest.FaultyBroker {
					if nodes[n] == nil {
						nodes[n] = brokertest.Faulty(b, faults)
					}
					return nodes[n]
				}
				return brokertest.Engine{
					Broker:  func(n int) broker.Broker { return node(n) },
					Cut:     func(n int) { node(n).Cut() },
					Heal:    func(n int) { node(n).Heal() },
					Restart: func() { b.Stop(); b.Start() },
					Empty:   b.Empty,
					Save:    b.Save,
				}
			})
		})
	}
}

// ear notes what it is told, and when.
type ear struct {
	start time.Time
	mu    sync.Mutex
	heard map[string][]string        // by channel
	at    map[string][]time.Duration // when these were heard
	said  []string
	lost  int
}

func newEar() *ear {
	return &ear{start: time.Now(), heard: map[string][]string{}, at: map[string][]time.Duration{}}
}

func (e *ear) do(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

func (e *ear) Up() { e.do(func() { e.said = append(e.said, fmt.Sprint("up ", time.Since(e.start))) }) }

func (e *ear) Down(error) {
	e.do(func() { e.said = append(e.said, fmt.Sprint("down ", time.Since(e.start))) })
}

func (e *ear) Lost(n int, _ ...string) { e.do(func() { e.lost += n }) }

func (e *ear) Deliver(d broker.Delivery) {
	e.do(func() {
		e.heard[d.Channel] = append(e.heard[d.Channel], string(d.Data))
		e.at[d.Channel] = append(e.at[d.Channel], time.Since(e.start))
	})
}

// pair opens a Link without faults and one with them, which is subscribed.
func pair(t *testing.T, f brokertest.Faults, channels ...string) (from, to broker.Link, hears *ear, faulty *brokertest.FaultyBroker) {
	t.Helper()
	b := memory.New()
	faulty, hears = brokertest.Faulty(b, f), newEar()
	from, err := b.Open("main", newEar())
	if err != nil {
		t.Fatal(err)
	}
	if to, err = faulty.Open("main", hears); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	if err := to.Subscribe(t.Context(), channels); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, l := range []broker.Link{from, to} {
			if err := l.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return from, to, hears, faulty
}

func publish(t *testing.T, l broker.Link, channel string, n int) {
	t.Helper()
	for i := range n {
		if sent, err := l.Publish(t.Context(), []broker.Outgoing{{Channel: channel, Data: []byte(fmt.Sprint(i))}}); sent != 1 || err != nil {
			t.Fatalf("Publish: %d, %v", sent, err)
		}
	}
}

// TestLosses: so many messages are lost as was asked for, those that are told
// are told, the counts know all of them, and another run loses the same.
func TestLosses(t *testing.T) {
	const many = 4000
	run := func(seed uint64) (heard map[string][]string) {
		synctest.Test(t, func(t *testing.T) {
			from, _, hears, faulty := pair(t, brokertest.Faults{Seed: seed, Loss: 0.1, Silent: 0.05}, "r.a", "r.b")
			for _, c := range []string{"r.a", "r.b"} {
				publish(t, from, c, many)
				synctest.Wait()
			}
			n := faulty.Counts()
			if n.Arrived != 2*many || n.Delivered+n.Lost+n.Silent != 2*many {
				t.Errorf("%+v", n)
			}
			if got := len(hears.heard["r.a"]) + len(hears.heard["r.b"]); got != n.Delivered || hears.lost != n.Lost {
				t.Errorf("%d were heard, and %d were told as lost: %+v", got, hears.lost, n)
			}
			if near := func(got int, want float64) bool { return float64(got) > 0.8*want && float64(got) < 1.2*want }; !near(n.Lost, 0.1*2*many) || !near(n.Silent, 0.05*2*many) {
				t.Errorf("%+v", n)
			}
			heard = maps.Clone(hears.heard)
		})
		return heard
	}
	one, again, other := run(7), run(7), run(8)
	if !maps.EqualFunc(one, again, slices.Equal[[]string]) {
		t.Error("two runs with one seed lose different messages")
	}
	if maps.EqualFunc(one, other, slices.Equal[[]string]) {
		t.Error("two seeds lose the same messages")
	}
}

// TestDelays: messages take as long as was asked for, keep their order in a
// channel, and overtake each other between channels.
func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many, least, more = 200, 10 * time.Millisecond, 40 * time.Millisecond
		channels := []string{"r.a", "r.b", "r.c"}
		from, _, hears, _ := pair(t, brokertest.Faults{Seed: 3, Delay: least, Jitter: more}, channels...)
		for range many {
			for _, c := range channels {
				publish(t, from, c, 1)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(least + more)
		synctest.Wait()
		overtaken := 0
		for _, c := range channels {
			if len(hears.at[c]) != many {
				t.Fatalf("%s: %d messages", c, len(hears.at[c]))
			}
			for i, at := range hears.at[c] {
				if took := at - time.Duration(i)*time.Millisecond; took < least || took > least+more {
					t.Errorf("%s: message %d took %v", c, i, took)
				}
				if other := hears.at["r.a"]; i > 0 && at < other[i-1] {
					overtaken++
				}
			}
		}
		if overtaken < many/10 {
			t.Errorf("messages were overtaken %d times", overtaken)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		from, _, hears, _ := pair(t, brokertest.Faults{Seed: 3, Jitter: time.Second}, "r.a")
		publish(t, from, "r.a", 500)
		time.Sleep(time.Second)
		synctest.Wait()
		for i, text := range hears.heard["r.a"] {
			if text != fmt.Sprint(i) {
				t.Fatalf("message %d is %s", i, text)
			}
		}
	})
}

// TestBreaks: links break and mend as often as was asked for, at the same
// moments with the same seed, and stop when they shall.
func TestBreaks(t *testing.T) {
	run := func(seed uint64) (said []string) {
		synctest.Test(t, func(t *testing.T) {
			_, to, hears, faulty := pair(t, brokertest.Faults{Seed: seed, Every: 9 * time.Second, Down: time.Second})
			time.Sleep(1000 * time.Second)
			synctest.Wait()
			n := faulty.Counts().Breaks
			if n < 60 || n > 140 {
				t.Errorf("it broke %d times in 1000 s", n)
			}
			said = slices.Clone(hears.said)
			for i, word := range said {
				if up := strings.HasPrefix(word, "up"); up != (i%2 == 0) {
					t.Fatalf("%d: %s", i, word)
				}
			}
			faulty.Set(brokertest.Faults{})
			time.Sleep(1000 * time.Second)
			if more := faulty.Counts().Breaks - n; more > 0 {
				t.Errorf("it broke %d times more", more)
			}
			if err := to.Subscribe(t.Context(), []string{"r.a"}); err != nil {
				t.Errorf("Subscribe in the end: %v", err)
			}
		})
		return said
	}
	one, again := run(5), run(5)
	if !slices.Equal(one, again) {
		t.Error("two runs with one seed break at different moments")
	}
	if slices.Equal(one, run(6)) {
		t.Error("two seeds break at the same moments")
	}
}

// TestHang: a link that hangs seems to be up. What is published vanishes, nothing
// arrives, Subscribe waits, and only Reset finds out.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to, hears, faulty := pair(t, brokertest.Faults{Delay: time.Second}, "r.a")
		publish(t, from, "r.a", 1)
		faulty.Hang()
		publish(t, from, "r.a", 2)
		publish(t, to, "r.b", 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := to.Subscribe(ctx, []string{"r.b"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Subscribe: %v", err)
		}
		if n := faulty.Counts(); n.Swallowed != 3 || n.Missed != 3 || n.Delivered != 0 {
			t.Errorf("%+v", n)
		}
		if len(hears.said) != 1 {
			t.Errorf("it said %q", hears.said)
		}
		answered := make(chan error, 1)
		go func() { answered <- to.Subscribe(t.Context(), []string{"r.c"}) }()
		synctest.Wait()
		to.Reset()
		synctest.Wait()
		if err := <-answered; !errors.Is(err, broker.ErrDown) {
			t.Errorf("Subscribe: %v", err)
		}
		if n, err := to.Publish(t.Context(), []broker.Outgoing{{Channel: "r.b"}}); n != 0 || !errors.Is(err, broker.ErrDown) {
			t.Errorf("Publish after Reset: %d, %v", n, err)
		}
		faulty.Heal()
		synctest.Wait()
		if len(hears.said) != 3 {
			t.Errorf("it said %q", hears.said)
		}
		for _, c := range []string{"r.a", "r.b", "r.c"} {
			publish(t, from, c, 1)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(hears.heard) != 3 {
			t.Errorf("it has heard %q", hears.heard)
		}
	})
}

// TestParts: a Publish that sends a part says which, and the rest does not
// arrive: with a caller that tries again each message arrives once, in order.
func TestParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory.New()
		faulty, hears := brokertest.Faulty(b, brokertest.Faults{Seed: 1, Partial: 0.5, Slow: time.Second}), newEar()
		to, _ := b.Open("main", hears)
		from, _ := faulty.Open("main", newEar())
		synctest.Wait()
		_ = to.Subscribe(t.Context(), []string{"r.a"})
		batch := make([]broker.Outgoing, 300)
		for i := range batch {
			batch[i] = broker.Outgoing{Channel: "r.a", Data: []byte(fmt.Sprint(i))}
		}
		calls := 0
		for rest := batch; len(rest) > 0; calls++ {
			n, err := from.Publish(t.Context(), rest)
			if (err == nil) != (n == len(rest)) {
				t.Fatalf("%d of %d: %v", n, len(rest), err)
			}
			rest = rest[n:]
		}
		if calls == 1 || time.Since(hears.start) == 0 {
			t.Errorf("%d calls in %v", calls, time.Since(hears.start))
		}
		synctest.Wait()
		if len(hears.heard["r.a"]) != len(batch) {
			t.Fatalf("%d messages", len(hears.heard["r.a"]))
		}
		for i, text := range hears.heard["r.a"] {
			if text != fmt.Sprint(i) {
				t.Fatalf("message %d is %s", i, text)
			}
		}
		_ = from.Close(t.Context())
		_ = to.Close(t.Context())
	})
}

// TestRefusedOpen: a Broker that cannot be opened leaves nothing behind.
func TestRefusedOpen(t *testing.T) {
	want := errors.New("no such engine")
	faulty := brokertest.Faulty(refusing{want}, brokertest.Faults{Every: time.Second})
	if _, err := faulty.Open("main", newEar()); !errors.Is(err, want) {
		t.Errorf("Open: %v", err)
	}
}

type refusing struct{ err error }

func (r refusing) Open(string, broker.Receiver) (broker.Link, error) { return nil, r.err }
