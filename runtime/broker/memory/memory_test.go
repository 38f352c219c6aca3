package memory_test

import (
	"context"
	"fmt"
	"slices"
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

// TestConformance: memory keeps all promises of an adapter, for nodes that share
// one way to it and for one that has its own.
func TestConformance(t *testing.T) {
	brokertest.Run(t, func(t *testing.T) brokertest.Engine {
		b := memory.New()
		one := b.Node()
		own := func(n int) *memory.Node {
			if n != 1 {
				t.Fatalf("node %d is cut", n)
			}
			return one
		}
		return brokertest.Engine{
			Broker: func(n int) broker.Broker {
				if n == 1 {
					return own(n)
				}
				return b
			},
			Cut:     func(n int) { own(n).Cut() },
			Heal:    func(n int) { own(n).Heal() },
			Restart: func() { b.Stop(); b.Start() },
			Empty:   b.Empty,
			Save:    b.Save,
		}
	})
}

// ear notes what it is told, in words.
type ear struct {
	mu   sync.Mutex
	said []string
}

func (e *ear) say(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = append(e.said, fmt.Sprintf(format, args...))
}

func (e *ear) Up()                            { e.say("up") }
func (e *ear) Down(cause error)               { e.say("down: %v", cause) }
func (e *ear) Deliver(d broker.Delivery)      { e.say("%s: %s", d.Channel, d.Data) }
func (e *ear) Lost(n int, channels ...string) { e.say("lost %d of %q", n, channels) }

func (e *ear) heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.said)
}

// TestBubble: in a bubble of fake time nothing is waited for, nothing is lost
// sight of, and Wait sees all of it: nobody sits at a mutex meanwhile.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, start := memory.New(), time.Now()
		away := b.Node()
		one, two := &ear{}, &ear{}
		from, _ := b.Open("main", one)
		to, _ := away.Open("main", two)
		check := func(what string, e *ear, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := e.heard(); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
			e.mu.Lock()
			e.said = nil
			e.mu.Unlock()
		}
		publish := func(text string) {
			t.Helper()
			if n, err := from.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a", Data: []byte(text)}}); n != 1 || err != nil {
				t.Errorf("Publish: %d, %v", n, err)
			}
		}
		check("opened", one, "up")
		check("opened", two, "up")
		if err := to.Subscribe(t.Context(), []string{"r.a"}); err != nil {
			t.Error(err)
		}
		publish("1")
		check("published", two, "r.a: 1")
		away.Cut()
		publish("missed")
		check("cut", two, "down: memory: the node was cut off")
		away.Heal()
		publish("2")
		synctest.Wait()
		if got := two.heard(); !slices.Contains(got, "up") || !slices.Contains(got, "r.a: 2") || len(got) != 2 {
			t.Errorf("healed: %q", got)
		}
		two.said = nil
		b.Stop()
		check("stopped", one, "down: memory: the engine was stopped")
		check("stopped", two, "down: memory: the engine was stopped")
		late := &ear{}
		link, _ := b.Open("main", late)
		check("opened while stopped", late, "down: memory: the engine was stopped")
		b.Start()
		check("started", one, "up")
		check("started", two, "up")
		check("started", late, "up")
		to.Reset()
		check("reset", two, "down: memory: the link was reset", "up")
		for _, l := range []broker.Link{from, to, link} {
			if err := l.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if passed := time.Since(start); passed != 0 {
			t.Errorf("%v have passed", passed)
		}
	})
}

// TestBounded: what finds no room in front of a node is lost and told, and
// nobody else notices.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory.NewBounded(broker.IntakeOptions{Lanes: 1, Messages: 3})
		deaf := &deafEar{release: make(chan struct{})}
		from, _ := b.Open("main", &ear{})
		to, _ := b.Open("main", deaf)
		_ = to.Subscribe(t.Context(), []string{"r.a"})
		synctest.Wait() // Up and messages may come at once
		for i := range 10 {
			_, _ = from.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a", Data: []byte(fmt.Sprint(i))}})
			synctest.Wait()
		}
		close(deaf.release)
		synctest.Wait()
		want := []string{"up", "r.a: 0", `lost 6 of ["r.a"]`, "r.a: 1", "r.a: 2", "r.a: 3"}
		if got := deaf.heard(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		_ = from.Close(t.Context())
		_ = to.Close(t.Context())
	})
}

type deafEar struct {
	ear
	release chan struct{}
}

func (e *deafEar) Deliver(d broker.Delivery) {
	e.ear.Deliver(d)
	<-e.release
}

// TestNothingIsLeft: a Broker whose Links are closed holds nothing of them.
func TestNothingIsLeft(t *testing.T) {
	b := memory.New()
	for range 100 {
		l, _ := b.Open("main", &ear{})
		_ = l.Subscribe(t.Context(), []string{"r.a", "r.b"})
		_ = l.Close(t.Context())
	}
	if n := memory.Holds(b); n != 0 {
		t.Errorf("it holds %d", n)
	}
}
