package broker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/broker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ear notes what it is told, in words. While gate is not nil its methods wait
// for it.
type ear struct {
	mu   sync.Mutex
	said []string
	gate chan struct{}
}

func (e *ear) say(format string, args ...any) {
	e.mu.Lock()
	e.said = append(e.said, fmt.Sprintf(format, args...))
	gate := e.gate
	e.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

func (e *ear) Up()                       { e.say("up") }
func (e *ear) Down(cause error)          { e.say("down: %v", cause) }
func (e *ear) Deliver(d broker.Delivery) { e.say("%s: %s", d.Channel, d.Data) }
func (e *ear) Lost(n int, channels ...string) {
	slices.Sort(channels)
	e.say("lost %d of %q", n, channels)
}

// heard returns what e was told since the last time, when all is still.
func (e *ear) heard() []string {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	said := e.said
	e.said = nil
	return said
}

// open and shut let the methods of e go on, or wait.
func (e *ear) open() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.gate)
	e.gate = nil
}

func (e *ear) shut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gate = make(chan struct{})
}

func message(channel string, i int) broker.Delivery {
	return broker.Delivery{Channel: channel, Data: []byte(fmt.Sprint(i))}
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// inBubble runs a check with an Intake that has one lane, and closes it.
func inBubble(t *testing.T, o broker.IntakeOptions, check func(t *testing.T, in *broker.Intake, e *ear)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := &ear{}
		in := broker.NewIntake(e, o)
		check(t, in, e)
		if err := in.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestIntakeState: Up and Down alternate, a break is told also if it was short,
// and however many there were while the Receiver did not return, it hears of one.
func TestIntakeState(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	inBubble(t, broker.IntakeOptions{}, func(t *testing.T, in *broker.Intake, e *ear) {
		in.Down(one)
		in.Down(two)
		expect(t, "down twice", e.heard(), "down: one")
		in.Up()
		in.Up()
		expect(t, "up twice", e.heard(), "up")
		in.Down(one)
		in.Up()
		expect(t, "a short break", e.heard(), "down: one", "up")
		e.shut()
		in.Down(one)
		expect(t, "a break", e.heard(), "down: one")
		for range 3 {
			in.Up()
			in.Down(two)
		}
		in.Up()
		e.open()
		expect(t, "breaks while it is told of one", e.heard(), "up")
		e.shut()
		in.Down(one)
		in.Up()
		expect(t, "another break", e.heard(), "down: one")
		e.open()
		expect(t, "and its end", e.heard(), "up")
		e.shut()
		in.Down(one)
		synctest.Wait()
		in.Up()
		in.Down(two)
		e.open()
		expect(t, "an end that is over", e.heard(), "down: one")
	})
	inBubble(t, broker.IntakeOptions{}, func(t *testing.T, in *broker.Intake, e *ear) {
		in.Up()
		expect(t, "up at first", e.heard(), "up")
		e.shut()
		in.Down(one)
		synctest.Wait()
		in.Up()
		synctest.Wait()
		in.Down(two)
		in.Up()
		e.open()
		expect(t, "a break while Down runs", e.heard(), "down: one", "up")
	})
}

// TestIntakeBounds: what finds no room is dropped, counted, and told before the
// next message; a message that is larger than all room goes into an empty lane.
func TestIntakeBounds(t *testing.T) {
	inBubble(t, broker.IntakeOptions{Lanes: 1, Messages: 2, Bytes: 10}, func(t *testing.T, in *broker.Intake, e *ear) {
		e.shut()
		in.Put(message("r.a", 0))
		expect(t, "one", e.heard(), "r.a: 0")
		for i, want := range []bool{true, true, false, false} {
			if got := in.Put(message("r.a", i+1)); got != want {
				t.Errorf("message %d: room %v", i+1, got)
			}
		}
		in.Put(message("r.b", 5))
		e.open()
		expect(t, "too many", e.heard(), `lost 3 of ["r.a" "r.b"]`, "r.a: 1", "r.a: 2")
		e.shut()
		in.Put(message("r.a", 0))
		synctest.Wait()
		large := broker.Delivery{Channel: "r.a", Data: []byte("0123456789ab")}
		if !in.Put(large) || in.Put(message("r.a", 1)) {
			t.Error("a large message has no room in an empty lane, or leaves room for another")
		}
		e.open()
		expect(t, "too large", e.heard(), "r.a: 0", `lost 1 of ["r.a"]`, "r.a: 0123456789ab")
		in.Lost(2, "r.c", "r.d")
		expect(t, "the engine's", e.heard(), `lost 2 of ["r.c" "r.d"]`)
		in.Lost(3)
		expect(t, "anybody's", e.heard(), "lost 3 of []")
		in.Lost(0)
		expect(t, "none", e.heard())
		e.shut()
		in.Put(message("r.a", 0))
		synctest.Wait()
		for i := range 1000 {
			in.Put(message(fmt.Sprint("r.", i), 0))
		}
		e.open()
		expect(t, "of many channels", e.heard(), "r.a: 0", "lost 998 of []", "r.0: 0", "r.1: 0")
	})
}

// TestIntakeLanes: while one channel's Receiver does not return, others are
// delivered, and each channel keeps its order.
func TestIntakeLanes(t *testing.T) {
	const channels, each = 64, 50
	synctest.Test(t, func(t *testing.T) {
		r := &lanes{heard: map[string][]string{}, release: make(chan struct{})}
		in := broker.NewIntake(r, broker.IntakeOptions{Lanes: 4})
		for i := range each {
			for c := range channels {
				in.Put(message(fmt.Sprint("r.", c), i))
			}
		}
		synctest.Wait()
		r.mu.Lock()
		full := 0
		for _, heard := range r.heard {
			if len(heard) == each {
				full++
			}
		}
		r.mu.Unlock()
		if full < channels/2 || full == channels {
			t.Errorf("%d of %d channels go on while one does not", full, channels)
		}
		close(r.release)
		synctest.Wait()
		for c := range channels {
			for i, text := range r.heard[fmt.Sprint("r.", c)] {
				if text != fmt.Sprint(i) {
					t.Fatalf("channel %d: message %d is %s", c, i, text)
				}
			}
		}
		_ = in.Close(t.Context())
	})
}

// lanes is a Receiver that does not return from the channel r.7 until release.
type lanes struct {
	ear
	heard   map[string][]string
	release chan struct{}
}

func (r *lanes) Deliver(d broker.Delivery) {
	if d.Channel == "r.7" {
		<-r.release
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard[d.Channel] = append(r.heard[d.Channel], string(d.Data))
}

// TestIntakeClose: Close waits for what runs, within its context, and nothing is
// called afterwards.
func TestIntakeClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ear{}
		e.shut()
		in := broker.NewIntake(e, broker.IntakeOptions{Lanes: 1})
		in.Put(message("r.a", 0))
		in.Put(message("r.a", 1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := in.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close while Deliver runs: %v", err)
		}
		e.open()
		for range 2 {
			if err := in.Close(t.Context()); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if in.Put(message("r.a", 2)) {
			t.Error("there is room after Close")
		}
		in.Lost(1, "r.a")
		in.Up()
		in.Down(errors.New("late"))
		expect(t, "in all", e.heard(), "r.a: 0")
	})
}

// sieve needs nothing that begins with its own sign.
type sieve struct{ ear }

func (*sieve) Needs(d broker.Delivery) bool { return d.Data[0] != '!' }

// Light is what does not say that it is heavy.
func (*sieve) Light(d broker.Delivery) bool { return d.Data[0] != '#' }

// TestSieve: what a Receiver does not need takes no room of what it does.
func TestSieve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &sieve{ear{gate: make(chan struct{})}}
		in := broker.NewIntake(e, broker.IntakeOptions{Lanes: 1, Messages: 2})
		in.Put(message("a", 1))
		synctest.Wait() // the Receiver is busy with it
		for i := range 100 {
			if !in.Put(broker.Delivery{Channel: "a", Data: fmt.Appendf(nil, "!%d", i)}) {
				t.Error("there was no room for what is not needed")
			}
		}
		in.Put(message("a", 2))
		in.Put(message("a", 3))
		e.open()
		expect(t, "what it needs", e.heard(), "a: 1", "a: 2", "a: 3")
		_ = in.Close(t.Context())
	})
}

// TestHand: a message that comes alone is delivered at once; what comes soon behind
// it, is heavy, or has something before it is left to the lane, in order.
func TestHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &sieve{}
		in := broker.NewIntake(e, broker.IntakeOptions{Lanes: 1})
		defer func() { _ = in.Close(t.Context()) }()
		said := func() string { // without waiting for another goroutine
			e.mu.Lock()
			defer e.mu.Unlock()
			return fmt.Sprint(e.said)
		}
		synctest.Wait() // until the lane sleeps
		in.Hand(message("a", 1))
		if got := said(); got != "[a: 1]" {
			t.Errorf("a message alone: %s when Hand has returned", got)
		}
		time.Sleep(time.Millisecond)
		e.shut()
		in.Put(message("a", 2))
		synctest.Wait() // the lane is busy with it
		in.Hand(message("a", 3))
		in.Hand(broker.Delivery{Channel: "a", Data: []byte("!")})
		e.open()
		expect(t, "a message behind another", e.heard(), "a: 1", "a: 2", "a: 3")
		e.shut()
		in.Hand(message("b", 4)) // would wait at the gate, if it were not for the lane
		time.Sleep(time.Millisecond)
		in.Hand(broker.Delivery{Channel: "a", Data: []byte("#5")})
		e.open()
		expect(t, "messages near each other, and a heavy one", e.heard(), "b: 4", "a: #5")
	})
}

// TestHandAlone: while a message is delivered at once nothing else is, and Close
// waits for it.
func TestHandAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &sieve{ear{gate: make(chan struct{})}}
		in := broker.NewIntake(e, broker.IntakeOptions{Lanes: 1})
		synctest.Wait()
		go in.Hand(message("a", 1))
		synctest.Wait()
		in.Put(message("a", 2))
		in.Lost(1, "a")
		closed := make(chan error)
		go func() {
			time.Sleep(time.Second)
			closed <- in.Close(t.Context())
		}()
		expect(t, "while the first is delivered", e.heard(), "a: 1")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close has not waited for a delivery")
		default:
		}
		e.open()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		expect(t, "behind Close", e.heard())
	})
	synctest.Test(t, func(t *testing.T) {
		e := &sieve{ear{gate: make(chan struct{})}}
		in := broker.NewIntake(e, broker.IntakeOptions{Lanes: 1})
		synctest.Wait()
		go in.Hand(message("a", 1))
		synctest.Wait()
		in.Put(message("a", 2))
		in.Lost(1, "a")
		e.open()
		expect(t, "when it ends", e.heard(), "a: 1", `lost 1 of ["a"]`, "a: 2")
		_ = in.Close(t.Context())
	})
}
