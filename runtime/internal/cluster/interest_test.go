package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

const hold, linger = time.Second, 10 * time.Second

// fakeLink is a Link that notes what it is asked for, and takes its time.
type fakeLink struct {
	broker.Link // no other method is called

	mu    sync.Mutex
	takes time.Duration
	fails error
	calls []string
	has   map[string]bool
}

func (l *fakeLink) do(ctx context.Context, what string, channels []string) error {
	l.mu.Lock()
	takes, fails := l.takes, l.fails
	first := channels[0]
	if len(channels) > 1 {
		first = fmt.Sprintf("%s and %d more", first, len(channels)-1)
	}
	l.calls = append(l.calls, what+" "+first)
	for _, c := range channels {
		if what == "+" {
			l.has[c] = true
		} else {
			delete(l.has, c)
		}
	}
	l.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fails
}

func (l *fakeLink) Subscribe(ctx context.Context, channels []string) error {
	return l.do(ctx, "+", channels)
}

func (l *fakeLink) Unsubscribe(ctx context.Context, channels []string) error {
	return l.do(ctx, "-", channels)
}

func (l *fakeLink) set(takes time.Duration, fails error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.takes, l.fails = takes, fails
}

// called returns what was asked for since the last time, when all is still.
func (l *fakeLink) called() []string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

// bench is an Interest on a fakeLink, and what those who waited were told.
type bench struct {
	*Interest
	t    *testing.T
	link *fakeLink

	words  sync.Mutex
	told   []string // guarded by words
	failed []string // guarded by words
}

// note appends to told or failed.
func (b *bench) note(to *[]string, word string) {
	b.words.Lock()
	defer b.words.Unlock()
	*to = append(*to, word)
}

// fails compares what Failed was told.
func (b *bench) fails(want ...string) {
	b.t.Helper()
	synctest.Wait()
	b.words.Lock()
	defer b.words.Unlock()
	if !slices.Equal(b.failed, want) {
		b.t.Errorf("Failed was told %q, want %q", b.failed, want)
	}
}

func interested(t *testing.T, check func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, link: &fakeLink{has: map[string]bool{}}}
		b.Interest = NewInterest(b.link, InterestOptions{Hold: hold, Linger: linger, Failed: func(n int, err error) {
			b.note(&b.failed, fmt.Sprint(n, " ", err))
		}})
		b.Up()
		check(b)
		b.Close()
	})
}

func (b *bench) want(name string) bool {
	return b.Want(name, func(live bool) { b.note(&b.told, fmt.Sprint(name, " ", live)) })
}

// calls compares what the link was asked for.
func (b *bench) calls(what string, want ...string) {
	b.t.Helper()
	if got := b.link.called(); !slices.Equal(got, want) {
		b.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// tells compares what those who waited were told.
func (b *bench) tells(what string, want ...string) {
	b.t.Helper()
	synctest.Wait()
	b.words.Lock()
	defer b.words.Unlock()
	slices.Sort(b.told)
	if !slices.Equal(b.told, want) {
		b.t.Errorf("%s: %q, want %q", what, b.told, want)
	}
	b.told = nil
}

// TestInterestCounts: a channel is subscribed with its first, kept while any
// wants it and for a while after, and given up once.
func TestInterestCounts(t *testing.T) {
	interested(t, func(b *bench) {
		if b.Live("r.a") || !b.want("r.a") {
			t.Error("the first does not wait")
		}
		b.calls("the first", "+ r.a")
		b.tells("the first", "r.a true")
		if b.want("r.a") || !b.Live("r.a") {
			t.Error("the second waits")
		}
		b.Drop("r.a")
		time.Sleep(2 * linger)
		b.calls("one is left")
		b.Drop("r.a")
		time.Sleep(linger - 1)
		b.calls("nobody is left, for a while")
		if b.want("r.a") {
			t.Error("who comes back in time waits")
		}
		time.Sleep(2 * linger)
		b.calls("one came back in time")
		b.Drop("r.a")
		time.Sleep(linger + 1)
		b.calls("nobody is left", "- r.a")
		if n, _ := b.Count(); n != 0 || b.Live("r.a") {
			t.Errorf("%d channels are left", n)
		}
		b.Drop("r.a") // nobody's
		if !b.want("r.a") {
			t.Error("who comes back late does not wait")
		}
		b.calls("who comes back late", "+ r.a")
		b.Want("r.a", nil)
		b.fails()
	})
}

// TestInterestHopping: a channel that is joined and left all the time reaches the
// engine once, and is remembered once.
func TestInterestHopping(t *testing.T) {
	interested(t, func(b *bench) {
		for range 100_000 {
			b.Want("r.a", nil)
			b.Drop("r.a")
			time.Sleep(time.Millisecond)
		}
		b.mu.Lock()
		if n := len(b.leaving); n != 1 {
			t.Errorf("it is remembered %d times", n)
		}
		b.mu.Unlock()
		b.calls("hopping", "+ r.a")
		time.Sleep(linger - 2*time.Millisecond)
		b.calls("the last one left less than a while ago")
		time.Sleep(linger)
		b.calls("and then", "- r.a")
	})
}

// TestInterestBatches: the first is carried out at once, and what comes meanwhile
// goes together.
func TestInterestBatches(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(10*time.Millisecond, nil)
		b.want("r.first")
		b.calls("the first", "+ r.first")
		for i := range 6000 {
			b.Want(fmt.Sprint("r.", i), nil)
		}
		b.calls("what comes meanwhile")
		time.Sleep(10 * time.Millisecond)
		b.calls("the next", "+ r.0 and 4095 more")
		time.Sleep(20 * time.Millisecond)
		b.calls("and the last", "+ r.4096 and 1903 more")
		b.tells("the first", "r.first true")
		for i := range 6000 {
			b.Drop(fmt.Sprint("r.", i))
		}
		time.Sleep(linger + 100*time.Millisecond)
		b.calls("all leave", "- r.0 and 4095 more", "- r.4096 and 1903 more")
	})
}

// TestInterestHold: who waits is let go when that takes too long, and who comes
// later asks again.
func TestInterestHold(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(time.Hour, nil)
		b.want("r.a")
		b.want("r.a")
		b.calls("slow", "+ r.a")
		time.Sleep(hold - 1)
		b.tells("slow, until the hold ends")
		time.Sleep(time.Nanosecond)
		b.tells("slow", "r.a false", "r.a false")
		if _, n := b.Count(); n != 2 || b.Live("r.a") {
			t.Errorf("%d are unconfirmed", n)
		}
		b.fails("1 context deadline exceeded")
		b.link.set(0, nil)
		if !b.want("r.a") {
			t.Error("who comes later does not wait")
		}
		b.calls("again", "+ r.a")
		b.tells("again", "r.a true")
	})
}

// TestInterestHoldsNobodyLonger: who comes while a slow batch is under way waits for
// Hold, and not for the rest of that batch and Hold again.
func TestInterestHoldsNobodyLonger(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(10*hold, nil)
		begun := time.Now()
		b.want("r.a")
		time.Sleep(hold / 2)
		b.want("r.b")
		time.Sleep(hold / 2)
		b.tells("after Hold", "r.a false")
		time.Sleep(hold / 2)
		b.tells("after Hold of the second", "r.b false")
		if took := time.Since(begun); took != hold*3/2 {
			t.Errorf("the second was let go after %v", took)
		}
		if _, n := b.Count(); n != 2 {
			t.Errorf("%d unconfirmed, want 2", n)
		}
	})
}

// TestInterestUntil: who waits until a time of its own is let go then, also if others,
// who came before, wait longer.
func TestInterestUntil(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(10*hold, nil)
		b.want("r.a")
		b.WantUntil("r.b", time.Now().Add(hold/2), func(live bool) { b.note(&b.told, fmt.Sprint("r.b ", live)) })
		time.Sleep(hold / 2)
		b.tells("at its time", "r.b false")
		time.Sleep(hold / 2)
		b.tells("after Hold", "r.a false")
	})
}

// TestInterestSteady: channels are given up although others are wanted all the time,
// and of very many that linger the first go early.
func TestInterestSteady(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(time.Millisecond, nil)
		for i := range 3000 {
			name := fmt.Sprint("r.", i)
			b.Want(name, nil)
			b.Drop(name)
			time.Sleep(linger / 1000)
		}
		if n, _ := b.Count(); n > 1200 {
			t.Errorf("%d channels after three times Linger, of 1000 in each", n)
		}
		for i := range maxLeaving + 2000 {
			name := fmt.Sprint("s.", i)
			b.Want(name, nil)
			b.Drop(name)
		}
		time.Sleep(linger / 2)
		if n, _ := b.Count(); n > maxLeaving+broker.MaxBatch {
			t.Errorf("%d channels linger", n)
		}
	})
}

// TestInterestDown: while the link is down nobody waits. What is wanted meanwhile
// is asked for all the same, and there with Up.
func TestInterestDown(t *testing.T) {
	interested(t, func(b *bench) {
		b.want("r.a")
		b.calls("up", "+ r.a")
		b.tells("up", "r.a true")
		b.link.set(time.Millisecond, nil)
		b.want("r.b")
		b.calls("before Down", "+ r.b")
		b.Down()
		b.tells("Down", "r.b false")
		time.Sleep(time.Millisecond)
		b.link.set(0, broker.ErrDown)
		if b.want("r.c") || b.want("r.a") || b.Live("r.a") {
			t.Error("somebody waits for a link that is down")
		}
		b.calls("down", "+ r.c")
		b.link.set(0, nil)
		b.Up()
		if !b.Live("r.a") || !b.Live("r.b") || !b.Live("r.c") || b.want("r.c") {
			t.Error("after Up not all is live")
		}
		b.calls("after Up")
		b.fails()
		b.link.set(time.Second/2, broker.ErrDown)
		b.Down()
		b.want("r.d")
		b.calls("down", "+ r.d")
		b.link.set(0, nil)
		b.Up() // while Subscribe runs: it may have come before what was asked
		if b.Live("r.d") {
			t.Error("what was asked for while Up came is taken for live")
		}
		time.Sleep(time.Second)
		b.calls("behind Up", "+ r.d")
		if !b.Live("r.d") {
			t.Error("it is not live in the end")
		}
	})
}

// TestInterestRefused: what the engine refuses is told, with how many.
func TestInterestRefused(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(0, errors.New("no permission"))
		b.want("r.a")
		b.calls("refused", "+ r.a")
		b.tells("refused", "r.a false")
		b.Drop("r.a")
		time.Sleep(linger + 1)
		b.calls("refused", "- r.a")
		b.fails("1 no permission", "1 no permission")
	})
}

// TestInterestClose: who waits is let go, nobody waits afterwards, and what runs
// is not waited for.
func TestInterestClose(t *testing.T) {
	interested(t, func(b *bench) {
		b.link.set(time.Hour, nil)
		b.want("r.a")
		b.calls("running", "+ r.a")
		b.want("r.b")
		start := time.Now()
		b.Close()
		b.tells("closed", "r.a false", "r.b false")
		if b.want("r.c") {
			t.Error("somebody waits for what is closed")
		}
		b.Drop("r.a")
		b.Drop("r.c")
		b.fails()
		if took := time.Since(start); took > 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

// interestEar is a node's Receiver that has what an Interest needs.
type interestEar struct {
	opened   chan struct{}
	interest *Interest
	mu       sync.Mutex
	heard    map[string]int
}

func (e *interestEar) Up()                 { <-e.opened; e.interest.Up() }
func (e *interestEar) Down(error)          { <-e.opened; e.interest.Down() }
func (e *interestEar) Lost(int, ...string) {}

func (e *interestEar) Deliver(d broker.Delivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard[d.Channel]++
}

// TestInterestOnFaults: whatever links do meanwhile, in the end those channels are
// subscribed that somebody wants, and no others; and whoever was told that a
// channel is live hears it, unless the link has broken.
func TestInterestOnFaults(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			b := memory.New()
			faulty := brokertest.Faulty(b, brokertest.Faults{Seed: seed, Slow: 300 * time.Millisecond, Every: 20 * time.Second, Down: time.Second})
			e := &interestEar{opened: make(chan struct{}), heard: map[string]int{}}
			link, err := faulty.Open("main", e)
			if err != nil {
				t.Fatal(err)
			}
			e.interest = NewInterest(link, InterestOptions{Hold: hold, Linger: linger})
			close(e.opened)
			from, _ := b.Open("main", nobody{})
			random := rand.New(rand.NewPCG(seed, 0))
			wants := map[string]int{}
			for range 20_000 {
				name := fmt.Sprint("r.", random.IntN(200))
				if wants[name] > 0 && random.IntN(3) > 0 {
					wants[name]--
					e.interest.Drop(name)
				} else {
					wants[name]++
					e.interest.Want(name, nil)
				}
				time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
			}
			faulty.Set(brokertest.Faults{})
			maps.DeleteFunc(wants, func(name string, n int) bool {
				if n > 0 && n%2 == 0 { // some leave in the end
					for range n {
						e.interest.Drop(name)
					}
					return true
				}
				return n == 0
			})
			time.Sleep(3 * linger)
			synctest.Wait()
			clear(e.heard)
			for i := range 200 {
				if _, err := from.Publish(t.Context(), []broker.Outgoing{{Channel: fmt.Sprint("r.", i)}}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			got := slices.Sorted(maps.Keys(e.heard))
			if want := slices.Sorted(maps.Keys(wants)); !slices.Equal(got, want) || len(want) < 20 {
				t.Errorf("seed %d: heard %v, want %v", seed, got, want)
			}
			if n, _ := e.interest.Count(); n != len(wants) {
				t.Errorf("seed %d: %d channels, and %d are wanted", seed, n, len(wants))
			}
			if faulty.Counts().Breaks == 0 {
				t.Error("the link never broke")
			}
			e.interest.Close()
			for _, l := range []broker.Link{link, from} {
				_ = l.Close(context.Background())
			}
		})
	}
}

// nobody is a Receiver that does not listen.
type nobody struct{}

func (nobody) Up()                     {}
func (nobody) Down(error)              {}
func (nobody) Lost(int, ...string)     {}
func (nobody) Deliver(broker.Delivery) {}
