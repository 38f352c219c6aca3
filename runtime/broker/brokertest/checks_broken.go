package brokertest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file checks links that break, nodes that are slow, and the end.

// checkSlowReceiver has a node that does not return from Deliver. Nobody else
// notices. What it misses is told, or its link breaks; then it hears again.
func checkSlowReceiver(s *suite) {
	const burst, batches = 256, 400
	from, slow, other := s.open(), s.open(), s.open()
	stuck := make(chan struct{})
	release := sync.OnceFunc(func() { close(stuck) })
	s.Cleanup(release)
	slow.stuck["r.slow"] = stuck
	slow.subscribe("r.slow")
	other.subscribe("r.other")
	batch := make([]broker.Outgoing, burst)
	for i := range batch {
		batch[i] = broker.Outgoing{Channel: "r.slow", Data: make([]byte, 100)}
	}
	for i := range batches {
		if sent, err := from.link.Publish(s.within(), batch); err != nil || sent != burst {
			s.Fatalf("Publish while a node is stuck: %d, %v", sent, err)
		}
		if i%50 == 0 {
			from.publish("r.other", fmt.Sprint(i))
			other.hears("r.other", fmt.Sprint(i))
		}
	}
	slow.mu.Lock()
	if n := len(slow.heard["r.slow"]); n > 1 {
		s.Errorf("a stuck Receiver has got %d messages of one channel", n)
	}
	delete(slow.stuck, "r.slow")
	slow.mu.Unlock()
	release()
	slow.until("every message, or that it was lost, or that the link broke", func() bool {
		return len(slow.heard["r.slow"])+slow.lost >= burst*batches || len(slow.said) > 1
	})
	slow.isUp()
	slow.hearsAgain(from, "r.slow", 1)
}

func checkReset(s *suite) {
	from, to := s.open(), s.open()
	to.subscribe("r.a", "r.b")
	for i := range 5 {
		s.soon("Reset", to.link.Reset)
		to.until("Down and Up behind Reset", func() bool { return len(to.said) >= 3+2*i && to.knowsUp() })
		from.publish("r.a", fmt.Sprint(i))
		to.hears("r.a", fmt.Sprint(i))
	}
	to.publish("r.none", "a link works after Reset")
}

func checkCut(s *suite) {
	from, to, other := s.open(), s.open(), s.open()
	var channels []string
	for i := range 1000 {
		channels = append(channels, fmt.Sprintf("r.n%d", i))
	}
	to.subscribe(channels...)
	other.subscribe("r.other")
	s.engine.Cut(to.number)
	to.isDown()
	s.soon("calls while the link is down", func() {
		n, err := to.link.Publish(s.ctx, []broker.Outgoing{{Channel: "r.other", Data: []byte("refused")}})
		if n != 0 || !steady.Is(err, broker.ErrDown) {
			s.Errorf("Publish while the link is down: %d, %v; want 0, %v", n, err, broker.ErrDown)
		}
		if err := to.link.Subscribe(s.ctx, []string{"r.meanwhile"}); !steady.Is(err, broker.ErrDown) {
			s.Errorf("Subscribe while the link is down: %v; want %v", err, broker.ErrDown)
		}
		_ = to.link.Unsubscribe(s.ctx, []string{"r.n0"}) // it is done all the same
	})
	for i := range 100 {
		from.publish("r.n1", "missed")
		from.publish("r.other", fmt.Sprint(i))
	}
	other.hears("r.other", "99")
	s.engine.Heal(to.number)
	to.isUp()
	for _, c := range channels {
		from.publish(c, "after")
	}
	from.publish("r.meanwhile", "after")
	to.until("a message on each channel after Up", func() bool {
		n := to.times("r.meanwhile", "after")
		for _, c := range channels[1:] {
			n += to.times(c, "after")
		}
		return n == len(channels)
	})
	to.publish("r.other", "back")
	other.hears("r.other", "back")
	hearsNoMore(from, to, "r.n0")
	other.mu.Lock()
	defer other.mu.Unlock()
	if other.times("r.other", "refused") > 0 {
		s.Error("a message that was refused while the link was down has arrived")
	}
	if n := other.times("r.other", "back"); n != 1 {
		s.Errorf("a message after the outage has arrived %d times", n)
	}
}

// checkCutFromTheStart opens a Link while there is no engine.
func checkCutFromTheStart(s *suite) {
	from := s.open()
	s.engine.Cut(1)
	var to *node
	s.soon("Open without an engine", func() { to = s.openAs(s.name) })
	to.isDown()
	s.soon("Subscribe without an engine", func() {
		if err := to.link.Subscribe(s.ctx, []string{"r.a"}); !steady.Is(err, broker.ErrDown) {
			s.Errorf("Subscribe without an engine: %v; want %v", err, broker.ErrDown)
		}
	})
	s.engine.Heal(1)
	to.isUp()
	from.publish("r.a", "heard")
	to.hears("r.a", "heard")
}

// checkCutOften breaks a link again and again while everybody works. Whatever is
// heard is in order, each once, and in the end all is well.
func checkCutOften(s *suite) {
	from, to, pace := s.open(), s.open(), s.open()
	to.subscribe("r.a")
	publishes := s.flood(from, pace, "r.a")
	subscribes := s.busily(func(i int) {
		_ = to.link.Subscribe(s.ctx, []string{fmt.Sprintf("r.n%d", i%100)}) // down now and then
	})
	for range 10 {
		s.engine.Cut(to.number)
		to.isDown()
		s.engine.Heal(to.number)
		to.isUp()
	}
	publishes()
	subscribes()
	to.hearsAgain(from, "r.a", 1)
	to.inOrder("r.a")
	to.subscribe("r.n99")
	from.publish("r.n99", "heard")
	to.hears("r.n99", "heard")
}

func checkRestart(s *suite) {
	from, to := s.open(), s.open()
	to.subscribe("r.a", "r.b")
	s.engine.Restart()
	for _, n := range s.nodes {
		n.until("Down and Up behind a restart", func() bool { return len(n.said) >= 3 && n.knowsUp() })
	}
	for _, c := range []string{"r.a", "r.b"} {
		from.publish(c, "after")
		to.hears(c, "after")
	}
}

func checkClose(s *suite) {
	from, to, other := s.open(), s.open(), s.open()
	to.subscribe("r.a")
	other.subscribe("r.a")
	to.shut()
	if err := to.link.Close(s.ctx); err != nil {
		s.Errorf("Close again: %v", err)
	}
	s.soon("calls after Close", func() {
		to.link.Reset()
		if err := to.link.Subscribe(s.ctx, []string{"r.b"}); !steady.Is(err, broker.ErrClosed) {
			s.Errorf("Subscribe after Close: %v; want %v", err, broker.ErrClosed)
		}
		if err := to.link.Unsubscribe(s.ctx, []string{"r.a"}); !steady.Is(err, broker.ErrClosed) {
			s.Errorf("Unsubscribe after Close: %v; want %v", err, broker.ErrClosed)
		}
		if n, err := to.link.Publish(s.ctx, []broker.Outgoing{{Channel: "r.a"}}); n != 0 || !steady.Is(err, broker.ErrClosed) {
			s.Errorf("Publish after Close: %d, %v; want 0, %v", n, err, broker.ErrClosed)
		}
	})
	from.publish("r.a", "to who is left")
	other.hears("r.a", "to who is left")
	other.fence(from)
}

// checkCloseSends closes a Link right behind Publish.
func checkCloseSends(s *suite) {
	to := s.open()
	to.subscribe("r.a")
	for i := range 10 {
		from := s.open()
		texts := make([]string, 100)
		for k := range texts {
			texts[k] = counted(i, k)
		}
		from.publish("r.a", texts...)
		from.shut()
		to.hears("r.a", counted(i, 99))
	}
	if n := to.inOrder("r.a"); n != 1000 {
		s.Errorf("%d messages of 1000 were heard", n)
	}
}

// checkCloseWhileCalled closes a Link while others use it: they get an error, and
// soon.
func checkCloseWhileCalled(s *suite) {
	for range 20 {
		n := s.open()
		var calls sync.WaitGroup
		calls.Go(func() {
			for i := 0; ; i++ {
				if n.link.Subscribe(s.ctx, []string{fmt.Sprintf("r.n%d", i)}) != nil {
					return
				}
			}
		})
		calls.Go(func() {
			for {
				if _, err := n.link.Publish(s.ctx, []broker.Outgoing{{Channel: "r.n0", Data: []byte("x")}}); err != nil {
					return
				}
				_ = n.link.MaxMessage()
			}
		})
		n.shut()
		s.soon("calls while the Link was closed", calls.Wait)
	}
}

// checkCloseStuck closes a Link whose Receiver does not return.
func checkCloseStuck(s *suite) {
	from, to := s.open(), s.open()
	stuck := make(chan struct{})
	release := sync.OnceFunc(func() { close(stuck) })
	s.Cleanup(release)
	to.stuck["r.a"] = stuck
	to.subscribe("r.a")
	from.publish("r.a", "stuck")
	to.hears("r.a", "stuck")
	ctx, cancel := context.WithTimeout(s.ctx, 50*time.Millisecond)
	defer cancel()
	s.soon("Close beyond its context", func() {
		if err := to.link.Close(ctx); !steady.Is(err, context.DeadlineExceeded) {
			s.Errorf("Close while Deliver runs: %v; want %v", err, context.DeadlineExceeded)
		}
	})
	release()
}
