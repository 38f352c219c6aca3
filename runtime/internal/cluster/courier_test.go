package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

// carryLink is a Link that takes what is published, as publish says.
type carryLink struct {
	broker.Link // no other method is called

	mu      sync.Mutex
	publish func(ctx context.Context, batch []broker.Outgoing) (int, error) // nil takes all
	calls   []int                                                           // how many messages each call had
	got     []string                                                        // channel and data of what was taken
}

func (l *carryLink) Publish(ctx context.Context, batch []broker.Outgoing) (n int, err error) {
	l.mu.Lock()
	l.calls = append(l.calls, len(batch))
	publish := l.publish
	l.mu.Unlock()
	if n = len(batch); publish != nil {
		n, err = publish(ctx, batch)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, out := range batch[:min(n, len(batch))] {
		l.got = append(l.got, out.Channel+" "+string(out.Data))
	}
	return n, err
}

// called returns how often it was called.
func (l *carryLink) called() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// do sets how it takes what is published.
func (l *carryLink) do(publish func(context.Context, []broker.Outgoing) (int, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.publish = publish
}

func (l *carryLink) down() { l.fail(broker.ErrDown) }
func (l *carryLink) fail(with error) {
	l.do(func(context.Context, []broker.Outgoing) (int, error) { return 0, with })
}

func isCarried(n Carried) (is bool) {
	return n.Sent == n.Published+n.Shed+n.Late+n.Refused+n.Unsent+n.Waiting
}
func someBytes(n int) (b []byte)            { return bytes.Repeat([]byte("x"), n) }
func numbered(from, to int) (list []string) { return numberedOf("c", from, to) }

func numberedOf(channel string, from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, channel+" "+strconv.Itoa(i))
	}
	return list
}

// carrier is a Courier on a carryLink, and what Dropped was told.
type carrier struct {
	*Courier
	t    *testing.T
	link *carryLink

	words sync.Mutex
	told  []string // guarded by words
}

func carries(t *testing.T, check func(*carrier)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &carrier{t: t, link: &carryLink{}}
		began := time.Now()
		b.Courier = NewCourier(b.link, CourierOptions{
			Messages: 1000, Bytes: 1 << 20, Age: 5 * time.Second, Patience: time.Second,
			Dropped: func(why Drop, n int, events map[string]int, err error) {
				b.words.Lock()
				defer b.words.Unlock()
				b.Waiting() // no lock is held
				word := fmt.Sprintf("%v: %v %d %v", time.Since(began).Truncate(time.Second/10), why, n, events)
				if err != nil {
					word += " " + err.Error()
				}
				b.told = append(b.told, word)
			},
		})
		check(b)
		_ = b.Close(t.Context())
		if n := b.Numbers(); !isCarried(n) || n.Waiting != 0 || b.store.open != nil && b.store.open.holds != 0 {
			t.Errorf("in the end: %+v", n)
		}
	})
}

// send sends numbers, as an event.
func (b *carrier) send(event string, from, to int) {
	for i := from; i < to; i++ {
		s := strconv.Itoa(i)
		b.Send("c", event, []byte(s[:1]), []byte(s[1:]))
	}
}

// gets compares what the link has taken since the last time.
func (b *carrier) gets(what string, want []string) {
	b.t.Helper()
	synctest.Wait()
	b.link.mu.Lock()
	defer b.link.mu.Unlock()
	if !slices.Equal(b.link.got, want) {
		b.t.Errorf("%s: the link took %d: %.200q, want %d: %.200q", what, len(b.link.got), b.link.got, len(want), want)
	}
	b.link.got, b.link.calls = nil, nil
}

// counts compares the numbers.
func (b *carrier) counts(what string, want Carried) {
	b.t.Helper()
	synctest.Wait()
	if got := b.Numbers(); got != want || !isCarried(got) {
		b.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// tells compares what Dropped was told.
func (b *carrier) tells(what string, want ...string) {
	b.t.Helper()
	rest(tellSoon)
	b.words.Lock()
	defer b.words.Unlock()
	if !slices.Equal(b.told, want) {
		b.t.Errorf("%s: Dropped was told %q, want %q", what, b.told, want)
	}
	b.told = nil
}

// TestCourierSends: what is sent is published, in order, in bounded batches.
func TestCourierSends(t *testing.T) {
	carries(t, func(b *carrier) {
		b.send("e", 0, 10)
		b.gets("ten", numbered(0, 10))

		release := make(chan struct{})
		b.link.do(func(_ context.Context, batch []broker.Outgoing) (int, error) {
			<-release
			return len(batch), nil
		})
		b.send("e", 0, 1)
		synctest.Wait()
		b.send("e", 1, 601)
		for range 2 {
			b.Send("big", "e", nil, someBytes(200<<10))
		}
		if n, size := b.Waiting(); n != 603 || size != 9+2*90+3*501+2*200<<10+1 {
			t.Errorf("%d messages of %d bytes wait", n, size)
		}
		close(release)
		synctest.Wait()
		b.link.called() // and so is ordered behind the calls
		if want := []int{1, 256, 256, 89, 1}; !slices.Equal(b.link.calls, want) {
			t.Errorf("batches of %d messages, want %d", b.link.calls, want)
		}
		big := "big " + string(someBytes(200<<10))
		b.gets("more", append(numbered(0, 601), big, big))
		if n, size := b.Waiting(); n != 0 || size != 0 {
			t.Errorf("%d messages of %d bytes wait in the end", n, size)
		}
	})
}

// TestCourierFirst: packets of a node's life overtake, in their own order, and do
// not grow old.
func TestCourierFirst(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.down()
		b.send("e", 0, 3)
		b.SendFirst("f", []byte("0"))
		b.SendFirst("f", []byte("1"))
		time.Sleep(time.Minute)
		b.send("e", 3, 5)
		b.SendFirst("f", []byte("2"))
		b.link.do(nil)
		b.Up()
		b.gets("after the outage", append(numberedOf("f", 0, 3), numbered(3, 5)...))
		b.counts("after the outage", Carried{Sent: 8, Published: 5, Late: 3})

		b.link.down()
		for range firstMessages {
			b.SendFirst("f", []byte("x"))
		}
		if b.SendFirst("f", []byte("y")) {
			t.Error("there is room for everything")
		}
		if !b.Send("c", "e", nil, []byte("z")) {
			t.Error("they take the room of others")
		}
		b.link.do(nil)
	})
}

// TestCourierFirstDuring: what overtakes while a batch is on its way is not taken
// for a message of this batch.
func TestCourierFirstDuring(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.do(func(_ context.Context, batch []broker.Outgoing) (int, error) {
			if b.link.do(nil); len(batch) != 1 {
				t.Errorf("%d messages", len(batch))
			}
			b.SendFirst("f", []byte("9"))
			b.send("e", 1, 3)
			return 1, nil
		})
		b.send("e", 0, 1)
		b.gets("all", append(append(numbered(0, 1), "f 9"), numbered(1, 3)...))
		b.counts("all", Carried{Sent: 4, Published: 4})

		b.link.do(func(context.Context, []broker.Outgoing) (int, error) {
			b.link.do(nil)
			b.SendFirst("f", []byte("8"))
			return 0, broker.ErrTooLarge
		})
		b.send("e", 3, 5)
		synctest.Wait()
		time.Sleep(time.Second)
		b.counts("one refused", Carried{Sent: 7, Published: 6, Refused: 1})
	})
}

// TestCourierLate: while the link is down, what has waited too long is dropped,
// counted to the message, and the rest is published when the link is up.
func TestCourierLate(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.down()
		b.send("typing", 0, 300)
		time.Sleep(4 * time.Second)
		b.send("said", 300, 400)
		b.counts("young", Carried{Sent: 400, Waiting: 400})
		time.Sleep(2 * time.Second)
		b.counts("the first are old", Carried{Sent: 400, Late: 300, Waiting: 100})
		b.tells("late", "5.1s: late 300 map[typing:300]")
		b.link.do(nil)
		b.Up()
		b.gets("the rest", numbered(300, 400))
		b.counts("the rest", Carried{Sent: 400, Late: 300, Published: 100})
	})
}

// TestCourierTriesAgain: the link is tried again at once when it is up, and after a
// while in any case; not all the time.
func TestCourierTriesAgain(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.down()
		b.send("e", 0, 1)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if n := b.link.called(); n < 8 || n > 20 {
			t.Errorf("%d tries in 4 seconds", n)
		}
		b.link.do(nil)
		before := time.Now()
		b.Up()
		b.gets("up", numbered(0, 1))
		if time.Since(before) > 0 {
			t.Error("it was not tried at once")
		}
		b.link.down()
		b.send("e", 1, 2)
		time.Sleep(2 * time.Second)
		b.link.do(nil)
		time.Sleep(longPause)
		b.gets("without a word", numbered(1, 2))

		b.link.do(func(context.Context, []broker.Outgoing) (int, error) {
			b.link.do(nil)
			b.Up() // before the failure is known
			return 0, broker.ErrDown
		})
		before = time.Now()
		b.send("e", 2, 3)
		b.gets("up meanwhile", numbered(2, 3))
		if time.Since(before) > 0 {
			t.Error("it was not tried at once, though it had come up")
		}
	})
}

// TestCourierFull: what finds no room is dropped and told of, once a second, with
// the names of some events.
func TestCourierFull(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.down()
		b.send("e", 0, 1000)
		if b.Send("c", "f", nil, nil) {
			t.Error("there is room for everything")
		}
		b.send("e", 0, 2)
		b.tells("full", "0s: full 3 map[e:2 f:1]")
		for range 3 {
			for i := range 12 {
				b.Send("c", "event "+strconv.Itoa(i), nil, nil)
			}
			time.Sleep(time.Second / 4)
		}
		b.Send("c", "", nil, nil)
		b.tells("within a second")
		time.Sleep(time.Second / 2)
		b.tells("a second later", "1s: full 37 map[event 0:3 event 1:3 event 2:3 event 3:3 event 4:3 event 5:3 event 6:3 event 7:3]")
		b.counts("full", Carried{Sent: 1040, Shed: 40, Waiting: 1000})
	})
	carries(t, func(b *carrier) {
		b.link.down()
		if !b.Send("c", "e", someBytes(1<<19), someBytes(1<<19)) || b.Send("c", "e", nil, []byte("x")) {
			t.Error("the bound of bytes does not hold")
		}
		if b.Send("c", "e", nil, someBytes(1<<20+1)) {
			t.Error("a message larger than all has room")
		}
	})
}

// TestCourierTellsEach: each reason has a second of its own.
func TestCourierTellsEach(t *testing.T) {
	carries(t, func(b *carrier) {
		refuse := func() {
			b.link.do(func(context.Context, []broker.Outgoing) (int, error) {
				b.link.down()
				return 0, broker.ErrTooLarge
			})
			b.Up()
			rest(0)
		}
		b.link.down()
		b.send("e", 0, 1001)
		rest(500 * time.Millisecond)
		refuse()
		rest(100 * time.Millisecond)
		b.tells("at first", "0s: full 1 map[e:1]", "500ms: refused 1 map[e:1] "+broker.ErrTooLarge.Error())
		refuse()
		b.send("f", 0, 3)
		rest(500 * time.Millisecond)
		b.tells("one has had its second", "1s: full 1 map[f:1]")
		rest(300 * time.Millisecond)
		b.tells("the other, too", "1.5s: refused 1 map[e:1] "+broker.ErrTooLarge.Error())
	})
}

// TestCourierRefused: a message that the link does not take is dropped, and told of
// with the link's error, and the others go on.
func TestCourierRefused(t *testing.T) {
	odd := errors.New("no such channel")
	for _, c := range []struct {
		name string
		err  error
		most time.Duration
	}{{"too large", fmt.Errorf("engine: %w", broker.ErrTooLarge), 0}, {"odd", odd, time.Second}} {
		carries(t, func(b *carrier) {
			b.link.do(func(_ context.Context, batch []broker.Outgoing) (int, error) {
				for i, out := range batch {
					if string(out.Data) == "13" {
						return i, c.err
					}
				}
				return len(batch), nil
			})
			b.send("e", 10, 20)
			time.Sleep(c.most)
			b.gets(c.name, slices.DeleteFunc(numbered(10, 20), func(s string) bool { return s == "c 13" }))
			b.counts(c.name, Carried{Sent: 10, Published: 9, Refused: 1})
			at := "0s"
			if c.most > 0 {
				at = "200ms"
			}
			b.tells(c.name, at+": refused 1 map[e:1] "+c.err.Error())
		})
	}
}

// TestCourierHangs: a Publish that hangs is given up after a while, and what it has
// not sent is tried again.
func TestCourierHangs(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.do(func(ctx context.Context, batch []broker.Outgoing) (int, error) {
			<-ctx.Done()
			b.link.do(nil)
			return 2, ctx.Err()
		})
		b.send("e", 0, 1)
		time.Sleep(900 * time.Millisecond)
		b.counts("it hangs", Carried{Sent: 1, Waiting: 1})
		b.send("e", 1, 5)
		time.Sleep(time.Second)
		b.gets("all", numbered(0, 5)) // the link's 2 of 1 message count as 1
		b.counts("all", Carried{Sent: 5, Published: 5})
	})
}

// TestCourierClose: Close sends what waits as long as it may, counts the rest, and
// says so.
func TestCourierClose(t *testing.T) {
	carries(t, func(b *carrier) {
		b.link.down()
		b.send("e", 0, 300)
		time.AfterFunc(time.Second, func() { b.link.do(nil) })
		ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		b.gets("all", numbered(0, 300))
		b.counts("all", Carried{Sent: 300, Published: 300})
		if b.Send("c", "e", nil, nil) || b.SendFirst("c", nil) {
			t.Error("it takes more")
		}
		if err := b.Close(ctx); err != nil {
			t.Errorf("again: %v", err)
		}
		b.counts("afterwards", Carried{Sent: 302, Published: 300, Unsent: 2})
	})
	carries(t, func(b *carrier) {
		b.link.do(func(ctx context.Context, _ []broker.Outgoing) (int, error) {
			<-ctx.Done()
			return 1, ctx.Err()
		})
		b.send("e", 0, 1)
		synctest.Wait()
		b.send("e", 1, 4)
		b.SendFirst("f", []byte("x"))
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Second/2)
		defer cancel()
		before := time.Now()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != time.Second/2 {
			t.Errorf("%v after %v", err, time.Since(before))
		}
		b.tells("the end", "500ms: unsent 4 map[e:3]")
		b.counts("the end", Carried{Sent: 5, Published: 1, Unsent: 4})
	})
	carries(t, func(b *carrier) {
		b.link.fail(broker.ErrClosed)
		b.send("e", 0, 2)
		b.tells("the link is closed", "0s: unsent 2 map[e:2]")
		if err := b.Close(b.t.Context()); !errors.Is(err, broker.ErrClosed) {
			t.Error(err)
		}
		if b.Send("c", "e", nil, nil) {
			t.Error("it takes more")
		}
	})
}

// TestCourierCounts: whatever the link does, each message that was sent is counted
// once, and what arrives is in order, whole, and not there twice.
func TestCourierCounts(t *testing.T) {
	for seed := range uint64(20) {
		carries(t, func(b *carrier) {
			dice := rand.New(rand.NewPCG(seed, 1))
			b.link.do(func(ctx context.Context, batch []broker.Outgoing) (int, error) {
				n := dice.IntN(len(batch) + 1)
				switch dice.IntN(8) {
				case 0:
					return n, broker.ErrDown
				case 1:
					return n, broker.ErrTooLarge
				case 2:
					return n, errors.New("broken")
				case 3:
					<-ctx.Done()
					return n, ctx.Err()
				case 4:
					time.Sleep(time.Duration(dice.IntN(3000)) * time.Millisecond)
					return n, nil
				}
				return len(batch), nil
			})
			var senders sync.WaitGroup
			for s := range 4 {
				dice := rand.New(rand.NewPCG(seed, uint64(s)+2))
				senders.Go(func() {
					channel := "c" + strconv.Itoa(s)
					for i := range 600 {
						text := fmt.Sprintf("%05d %s", i, strings.Repeat(strconv.Itoa(s), 1<<dice.IntN(16)))
						if dice.IntN(20) == 0 {
							b.SendFirst("f"+channel, []byte(text))
						} else {
							b.Send(channel, channel, []byte(text[:3]), []byte(text[3:]))
						}
						if dice.IntN(4) == 0 {
							time.Sleep(time.Duration(dice.IntN(100)) * time.Millisecond)
						}
						if n := b.Numbers(); !isCarried(n) {
							t.Errorf("seed %d: %+v", seed, n)
						}
					}
				})
			}
			senders.Wait()
			ctx, cancel := context.WithTimeout(b.t.Context(), 3*time.Second)
			defer cancel()
			_ = b.Close(ctx)
			n := b.Numbers()
			if n.Sent != 2400 || !isCarried(n) || n.Waiting > 0 || int(n.Published) != len(b.link.got) {
				t.Errorf("seed %d: %+v, and the link took %d", seed, n, len(b.link.got))
			}
			last := map[string]string{}
			for _, got := range b.link.got {
				channel, rest, _ := strings.Cut(got, " ")
				number, text, _ := strings.Cut(rest, " ")
				if number <= last[channel] && last[channel] != "" {
					t.Fatalf("seed %d: %s on %s behind %s", seed, number, channel, last[channel])
				}
				if last[channel] = number; strings.Trim(text, channel[len(channel)-1:]) != "" {
					t.Fatalf("seed %d: a message of %s is not as it was", seed, channel)
				}
			}
		})
	}
}

// takes is a Receiver that notes what arrives.
type takes struct {
	mu   sync.Mutex
	got  []string
	lost int
	up   func()
}

func (r *takes) Up() {
	if r.up != nil {
		r.up()
	}
}

func (*takes) Down(error) {}

func (r *takes) Deliver(d broker.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, d.Channel+" "+string(d.Data))
}

func (r *takes) Lost(n int, _ ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += n
}

// TestCourierOverFaults: over a link that breaks, is slow, and takes parts, what is
// counted as published has arrived, in order, and the rest is counted too.
func TestCourierOverFaults(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			engine := memory.New()
			to := &takes{}
			hears, err := engine.Open("main", to)
			if err != nil {
				t.Fatal(err)
			}
			if err := hears.Subscribe(t.Context(), []string{"c"}); err != nil {
				t.Fatal(err)
			}
			faulty := brokertest.Faulty(engine, brokertest.Faults{
				Seed: seed, Slow: 200 * time.Millisecond, Partial: 0.5, Every: 3 * time.Second, Down: 2 * time.Second,
			})
			var c *Courier
			ready := make(chan struct{})
			link, err := faulty.Open("main", &takes{up: func() { <-ready; c.Up() }})
			if err != nil {
				t.Fatal(err)
			}
			c = NewCourier(link, CourierOptions{Messages: 500, Bytes: 1 << 20, Age: 2 * time.Second})
			close(ready)
			for i := range 3000 {
				c.Send("c", "e", fmt.Appendf(nil, "%05d", i), nil)
				time.Sleep(10 * time.Millisecond)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
			n := c.Numbers()
			if n.Sent != 3000 || !isCarried(n) || n.Late == 0 || n.Published < 1000 || n.Waiting+n.Unsent > 0 {
				t.Errorf("%+v", n)
			}
			if err := link.Close(ctx); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			to.mu.Lock()
			if len(to.got) != int(n.Published) || !slices.IsSorted(to.got) || len(slices.Compact(to.got)) != int(n.Published) {
				t.Errorf("%d have arrived, of %d", len(to.got), n.Published)
			}
			to.mu.Unlock()
			if err := hears.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCourierMemory: when a burst is over its memory is gone.
func TestCourierMemory(t *testing.T) {
	carries(t, func(b *carrier) {
		b.o.Messages = 100_000
		b.link.down()
		for range 5000 {
			b.Send("c", "e", nil, someBytes(100))
		}
		synctest.Wait()
		b.link.do(nil)
		b.Up()
		b.counts("after the burst", Carried{Sent: 5000, Published: 5000})
		b.mu.Lock()
		defer b.mu.Unlock()
		if q := b.plain; q.head != q.tail || q.head.next != nil || b.store.open == nil || len(b.store.open.bytes) != 0 {
			t.Errorf("there is more than a block and a slab: %+v, %+v", q, b.store)
		}
	})
}

// TestBudgetCourier: to send costs no allocation of its own, whether the link takes
// what is sent or not; one slab for two hundred messages is no more than that.
func TestBudgetCourier(t *testing.T) {
	head, payload := someBytes(50), someBytes(256)
	for name, fails := range map[string]error{"up": nil, "down": broker.ErrDown} {
		c := NewCourier(nowhere{fails: fails}, CourierOptions{Messages: 1 << 16, Bytes: 1 << 30})
		send := func() { c.Send("r.p_lobby", "said", head, payload) }
		for range 2000 {
			send()
		}
		if n := testing.AllocsPerRun(1000, send); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_ = c.Close(ended)
	}
}

// BenchmarkCourierSend measures Send while the goroutine publishes beside it.
func BenchmarkCourierSend(b *testing.B) {
	c := NewCourier(nowhere{}, CourierOptions{Messages: 8192, Bytes: 16 << 20, Age: 5 * time.Second})
	head, payload := someBytes(50), someBytes(256)
	b.ReportAllocs()
	for b.Loop() {
		for !c.Send("r.p_lobby", "said", head, payload) {
			runtime.Gosched()
		}
	}
	b.StopTimer()
	if err := c.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCourierSendDown measures Send alone: the link is down.
func BenchmarkCourierSendDown(b *testing.B) {
	head, payload := someBytes(50), someBytes(256)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	b.ReportAllocs()
	for b.Loop() {
		c := NewCourier(nowhere{fails: broker.ErrDown}, CourierOptions{Messages: 8192, Bytes: 16 << 20})
		for range 8192 {
			c.Send("r.p_lobby", "said", head, payload)
		}
		_ = c.Close(ended)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/8192, "ns/message")
}

// nowhere is a Link that takes everything, or nothing.
type nowhere struct {
	broker.Link // no other method is called
	fails       error
}

func (l nowhere) Publish(_ context.Context, batch []broker.Outgoing) (int, error) {
	if l.fails != nil {
		return 0, l.fails
	}
	return len(batch), nil
}

// BenchmarkCourierOne carries messages far apart: the goroutine is woken for each,
// and sleeps again.
func BenchmarkCourierOne(b *testing.B) {
	link := handing{taken: make(chan struct{})}
	c := NewCourier(link, CourierOptions{Messages: 8192, Bytes: 16 << 20, Age: 5 * time.Second})
	defer func() { _ = c.Close(context.Background()) }()
	head, payload := someBytes(50), someBytes(256)
	b.ReportAllocs()
	for b.Loop() {
		c.Send("r.p_lobby", "said", head, payload)
		<-link.taken
	}
}

// TestCourierOneAllocates: what a batch costs beside its Publish is nothing.
func TestCourierOneAllocates(t *testing.T) {
	link := handing{taken: make(chan struct{})}
	c := NewCourier(link, CourierOptions{Messages: 8192, Bytes: 16 << 20, Age: time.Hour})
	defer func() { _ = c.Close(context.Background()) }()
	head, payload := someBytes(50), someBytes(256)
	got := testing.AllocsPerRun(500, func() {
		c.Send("r.p_lobby", "said", head, payload)
		<-link.taken
	})
	if got > 0 {
		t.Errorf("%v allocations for a message, want none", got)
	}
}

// TestCourierPatience: each Publish has nearly all of Patience, and no more, also
// after a while in which there was none.
func TestCourierPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 8 * time.Second
		link := &carryLink{}
		c := NewCourier(link, CourierOptions{Messages: 100, Bytes: 1 << 20, Patience: patience})
		var had []time.Duration
		link.do(func(ctx context.Context, batch []broker.Outgoing) (int, error) {
			until, _ := ctx.Deadline()
			had = append(had, time.Until(until))
			if ctx.Err() != nil {
				t.Errorf("the context has ended: %v", ctx.Err())
			}
			return len(batch), nil
		})
		pauses := []time.Duration{0, patience / 16, patience / 16, patience / 2, patience, 3 * patience}
		for _, pause := range pauses {
			time.Sleep(pause) // of the bubble's time
			c.Send("r.a", "e", nil, []byte("m"))
			synctest.Wait()
		}
		if len(had) != len(pauses) {
			t.Errorf("%d of %d were published", len(had), len(pauses))
		}
		for i, d := range had {
			if d > patience || d < patience*7/8 {
				t.Errorf("publish %d had %v of %v", i, d, patience)
			}
		}
		link.do(func(ctx context.Context, _ []broker.Outgoing) (int, error) {
			begun := time.Now()
			<-ctx.Done()
			if took := time.Since(begun); took > patience || took < patience*7/8 {
				t.Errorf("a Publish that hangs was ended after %v of %v", took, patience)
			}
			link.do(nil)
			return 0, ctx.Err()
		})
		c.Send("r.a", "e", nil, []byte("late"))
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := c.Numbers(); n.Published != uint64(len(pauses)+1) {
			t.Errorf("%+v", n)
		}
	})
}

// handing is a Link that hands over each batch, and remembers nothing.
type handing struct {
	broker.Link // no other method is called
	taken       chan struct{}
}

func (l handing) Publish(_ context.Context, batch []broker.Outgoing) (int, error) {
	l.taken <- struct{}{}
	return len(batch), nil
}
