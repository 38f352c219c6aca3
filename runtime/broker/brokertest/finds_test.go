package brokertest_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

// flawed is an adapter that breaks one promise.
type flawed struct {
	to   broker.Broker
	flaw flaw
}

// flaw is what is done instead of what was promised; nil is as promised.
type flaw struct {
	open        func(name string) string
	receiver    func(broker.Receiver) broker.Receiver
	subscribe   func(l broker.Link, ctx context.Context, channels []string) error
	unsubscribe func(l broker.Link, ctx context.Context, channels []string) error
	publish     func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error)
	close       func(l broker.Link, ctx context.Context) error
	reset       func(l broker.Link)
	keep        func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome
	read        func(k broker.Keeper, ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error)
	end         func(at broker.Position) broker.Position
}

func (f *flawed) Open(name string, r broker.Receiver) (broker.Link, error) {
	if f.flaw.open != nil {
		name = f.flaw.open(name)
	}
	if f.flaw.receiver != nil {
		r = f.flaw.receiver(r)
	}
	l, err := f.to.Open(name, r)
	return &flawedKeeper{flawedLink{l, f.flaw}, l.(broker.Keeper)}, err
}

type flawedLink struct {
	broker.Link
	flaw flaw
}

func (l *flawedLink) Subscribe(ctx context.Context, channels []string) error {
	if l.flaw.subscribe != nil {
		return l.flaw.subscribe(l.Link, ctx, channels)
	}
	return l.Link.Subscribe(ctx, channels)
}

func (l *flawedLink) Unsubscribe(ctx context.Context, channels []string) error {
	if l.flaw.unsubscribe != nil {
		return l.flaw.unsubscribe(l.Link, ctx, channels)
	}
	return l.Link.Unsubscribe(ctx, channels)
}

func (l *flawedLink) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	if l.flaw.publish != nil {
		return l.flaw.publish(l.Link, ctx, batch)
	}
	return l.Link.Publish(ctx, batch)
}

func (l *flawedLink) Close(ctx context.Context) error {
	if l.flaw.close != nil {
		return l.flaw.close(l.Link, ctx)
	}
	return l.Link.Close(ctx)
}

func (l *flawedLink) Reset() {
	if l.flaw.reset != nil {
		l.flaw.reset(l.Link)
		return
	}
	l.Link.Reset()
}

// flawedKeeper is a flawedLink that keeps messages.
type flawedKeeper struct {
	flawedLink
	keeper broker.Keeper
}

func (k *flawedKeeper) Declare(ctx context.Context, logs []broker.Log) error {
	return k.keeper.Declare(ctx, logs)
}

func (k *flawedKeeper) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	if k.flaw.keep != nil {
		return k.flaw.keep(k.keeper, ctx, batch)
	}
	return k.keeper.Keep(ctx, batch)
}

func (k *flawedKeeper) Read(ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
	if k.flaw.read != nil {
		return k.flaw.read(k.keeper, ctx, log, channel, after, limit)
	}
	return k.keeper.Read(ctx, log, channel, after, limit)
}

func (k *flawedKeeper) Ends(ctx context.Context, log broker.Log, channels []string) ([]broker.Position, error) {
	all, err := k.keeper.Ends(ctx, log, channels)
	if k.flaw.end != nil {
		for i := range all {
			all[i] = k.flaw.end(all[i])
		}
	}
	return all, err
}

// hearing is a Receiver between an engine and a node's.
type hearing struct {
	broker.Receiver
	deliver func(to broker.Receiver, d broker.Delivery)
	down    func(to broker.Receiver, cause error)
	lost    func() // instead
}

func (h *hearing) Lost(n int, channels ...string) {
	if h.lost != nil {
		h.lost()
		return
	}
	h.Receiver.Lost(n, channels...)
}

func (h *hearing) Deliver(d broker.Delivery) {
	if h.deliver != nil {
		h.deliver(h.Receiver, d)
		return
	}
	h.Receiver.Deliver(d)
}

func (h *hearing) Down(cause error) {
	if h.down != nil {
		h.down(h.Receiver, cause)
		return
	}
	h.Receiver.Down(cause)
}

func delivering(f func(to broker.Receiver, d broker.Delivery)) flaw {
	return flaw{receiver: func(r broker.Receiver) broker.Receiver { return &hearing{Receiver: r, deliver: f} }}
}

// flaws are adapters that break a promise, by the check that has to find it.
func flaws() map[string]map[string]flaw {
	all := linkFlaws()
	maps.Copy(all, keeperFlaws())
	return all
}

func linkFlaws() map[string]map[string]flaw {
	reused := make([]byte, 1<<20)
	var mu sync.Mutex
	return map[string]map[string]flaw{
		"Reaches": {"everything twice": delivering(func(to broker.Receiver, d broker.Delivery) { to.Deliver(d); to.Deliver(d) })},
		"Order": {"batches backwards": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
			for i := range batch {
				if n, err := l.Publish(ctx, batch[len(batch)-1-i:len(batch)-i]); n == 0 {
					return i, err
				}
			}
			return len(batch), nil
		}}},
		"SubscribedHears": {"subscribes later": {subscribe: func(l broker.Link, ctx context.Context, channels []string) error {
			channels = append([]string(nil), channels...)
			time.AfterFunc(20*time.Millisecond, func() { _ = l.Subscribe(context.WithoutCancel(ctx), channels) })
			return nil
		}}},
		"SubscribeTwice": {"counts": {unsubscribe: func(broker.Link, context.Context, []string) error { return nil }}},
		"Unsubscribe":    {"never": {unsubscribe: func(broker.Link, context.Context, []string) error { return nil }}},
		"OwnMessages": {"own ones again and again": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
			n, err := l.Publish(ctx, batch)
			_, _ = l.Publish(ctx, batch[:n])
			return n, err
		}}},
		"Names": {"case does not matter": delivering(func(to broker.Receiver, d broker.Delivery) {
			d.Channel = strings.ToLower(d.Channel)
			to.Deliver(d)
		})},
		"Clusters": {"one for all": {open: func(string) string { return "main" }}},
		"Sizes": {"goes on behind a large one": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
			n, err := l.Publish(ctx, batch)
			if n+1 < len(batch) {
				_, _ = l.Publish(ctx, batch[n+1:])
			}
			return n, err
		}}},
		"Data": {
			"memory is used again": delivering(func(to broker.Receiver, d broker.Delivery) {
				mu.Lock()
				defer mu.Unlock()
				n := copy(reused, d.Data)
				d.Data = reused[:n:n]
				to.Deliver(d)
			}),
			"arguments are kept": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
				time.AfterFunc(time.Millisecond, func() { _, _ = l.Publish(context.WithoutCancel(ctx), batch) })
				return len(batch), nil
			}},
		},
		"EndedContext": {"does not look": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
			return l.Publish(context.WithoutCancel(ctx), batch)
		}}},
		"SlowReceiver": {"loses without a word": {receiver: func(r broker.Receiver) broker.Receiver {
			return &hearing{Receiver: r, lost: func() {}}
		}}},
		"Reset": {"nothing happens": {reset: func(broker.Link) {}}},
		"Cut": {
			"keeps what it cannot send": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
				n, err := l.Publish(ctx, batch)
				if err == broker.ErrDown {
					return len(batch), nil
				}
				return n, err
			}},
			"forgets what was asked meanwhile": {subscribe: func(l broker.Link, ctx context.Context, channels []string) error {
				err := l.Subscribe(ctx, channels)
				if err == broker.ErrDown {
					_ = l.Unsubscribe(ctx, channels)
				}
				return err
			}},
			"Down twice": {receiver: func(r broker.Receiver) broker.Receiver {
				return &hearing{Receiver: r, down: func(to broker.Receiver, cause error) { to.Down(cause); to.Down(cause) }}
			}},
		},
		"Close":      {"refuses the second": {close: closesOnce()}},
		"CloseStuck": {"waits for ever": {close: func(l broker.Link, ctx context.Context) error { return l.Close(context.WithoutCancel(ctx)) }}},
		"CloseSends": {"throws away": {publish: func(l broker.Link, ctx context.Context, batch []broker.Outgoing) (int, error) {
			all := append([]broker.Outgoing(nil), batch...)
			time.AfterFunc(10*time.Millisecond, func() { _, _ = l.Publish(context.WithoutCancel(ctx), all) })
			return len(batch), nil
		}}},
		"CloseWhileCalled": {"leaves a goroutine": {close: func(l broker.Link, ctx context.Context) error {
			go func() { <-make(chan struct{}) }()
			return l.Close(ctx)
		}}},
	}
}

func closesOnce() func(broker.Link, context.Context) error {
	var mu sync.Mutex
	closed := map[broker.Link]bool{}
	return func(l broker.Link, ctx context.Context) error {
		mu.Lock()
		again := closed[l]
		closed[l] = true
		mu.Unlock()
		if again {
			return broker.ErrClosed
		}
		return l.Close(ctx)
	}
}

// flawEnv names the flaw that TestFlawed has, which fails then.
const flawEnv = "BROKERTEST_FLAW"

// TestFlawed runs the suite on an adapter with a flaw, for TestRunFinds, and on
// one without otherwise.
func TestFlawed(t *testing.T) {
	check, name, _ := strings.Cut(os.Getenv(flawEnv), "/")
	patience := time.Second
	if check == "" {
		patience = 0
	}
	brokertest.Run(t, func(*testing.T) brokertest.Engine {
		b := memory.New()
		one := b.Node()
		return brokertest.Engine{
			Broker: func(n int) broker.Broker {
				if n == 1 {
					return &flawed{one, flaws()[check][name]}
				}
				return &flawed{b, flaws()[check][name]}
			},
			Cut:      func(int) { one.Cut() },
			Heal:     func(int) { one.Heal() },
			Restart:  func() { b.Stop(); b.Start() },
			Empty:    b.Empty,
			Save:     b.Save,
			Patience: patience,
		}
	})
}

// TestRunFinds: whatever an adapter does wrong, the check of that fails.
func TestRunFinds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for check, all := range flaws() {
		for name := range all {
			t.Run(check+"/"+name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				cmd := exec.CommandContext(ctx, self, "-test.run", "^TestFlawed$/^"+check+"$", "-test.v")
				cmd.Env = append(os.Environ(), flawEnv+"="+check+"/"+name)
				out, err := cmd.CombinedOutput()
				if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestFlawed/"+check+" ")) {
					t.Errorf("%v: it was not found\n%s", err, out)
				}
			})
		}
	}
}
