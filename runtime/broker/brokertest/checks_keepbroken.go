package brokertest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file checks what a Keeper does with what it cannot keep, with links that
// break, and with an engine that loses what it had.

func checkKeepSizes(s *suite) {
	from, to := s.openKeeper(), s.open()
	to.subscribe("r.a")
	most := from.link.MaxMessage()
	before := from.keep(chat, "r.a", "first")[0]
	for _, size := range []int{0, 1, 125, 4096, most - 1, most} {
		text := strings.Repeat("K\x00\xffP\r\n:W", size/8+1)[:size]
		at := from.keep(chat, "r.a", text)[0]
		to.until(fmt.Sprintf("a message of %d bytes", size), func() bool { return to.times("r.a", text) == 1 })
		s.comes(fmt.Sprintf("a message of %d bytes is read", size), func() bool {
			page := from.read(chat, "r.a", before, 1)
			return len(page.Entries) == 1 && page.Entries[0].At == at && string(page.Entries[0].Data) == text
		})
		before = at
	}
	// All of them at once are more than fits into an answer.
	if n := len(from.readAll(chat, "r.a", broker.Position{Epoch: before.Epoch}, 100)); n != 7 {
		s.Errorf("%d messages are kept; want 7", n)
	}
	out := from.keeper().Keep(from.within(), kept(chat, "r.a", "before", strings.Repeat("x", most+1), "behind"))
	from.fails("of a message that is too large", out[1], broker.ErrTooLarge)
	if out[0].Err != nil || out[2].Err != nil {
		s.Errorf("Keep of a message, one that is too large, and another: %+v", out)
	}
	to.hears("r.a", "behind")
	for _, first := range []string{"K", "P", "W", "PK", "KK", "PP", "K:1:2:x", "Kabc:1:2:x", ""} { // as an adapter may mark what is kept
		from.publish("r.a", first)
		to.until(fmt.Sprintf("plain message %q", first), func() bool { return to.times("r.a", first) >= 1 })
	}
	for _, m := range to.messages("r.a")[9:] {
		if m.at != (broker.Position{}) {
			s.Errorf("plain message %q is said to be kept at %+v", m.text, m.at)
		}
	}
	checkKeepMemory(s, from, to)
}

// checkKeepMemory reuses the memory of what was kept, and of the arguments.
func checkKeepMemory(s *suite, from, to *node) {
	to.subscribe("r.memory")
	data, batch := make([]byte, 100), make([]broker.Kept, 2)
	for i := range 20 {
		copy(data, fmt.Sprintf("%0100d", i))
		for k := range batch {
			batch[k] = broker.Kept{Outgoing: broker.Outgoing{Channel: "r.memory", Data: data}, Log: chat}
		}
		from.keepAll(batch)
		clear(data)
		clear(batch)
	}
	for i, m := range to.hearsKept("r.memory", 40) {
		if want := fmt.Sprintf("%0100d", i/2); m.text != want {
			s.Fatalf("message %d is %q", i, m.text)
		}
	}
	s.comes("what was kept is read", func() bool {
		page := from.read(chat, "r.memory", broker.Position{Epoch: to.messages("r.memory")[0].at.Epoch}, 40)
		for i, d := range page.Entries {
			if want := fmt.Appendf(nil, "%0100d", i/2); !bytes.Equal(d.Data, want) {
				s.Fatalf("entry %d is %q", i, d.Data)
			}
		}
		return len(page.Entries) == 40
	})
}

func checkKeepEndedContext(s *suite) {
	from, to := s.openKeeper(), s.open()
	to.subscribe("r.a")
	from.keep(chat, "r.a", "first")
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	s.soon("calls with a context that has ended", func() {
		for _, o := range from.keeper().Keep(ended, kept(chat, "r.a", "refused", "refused")) {
			from.fails("with a context that has ended", o, broker.ErrUnavailable)
		}
		if _, err := from.keeper().Read(ended, chat, "r.a", broker.Position{}, 1); !steady.Is(err, context.Canceled) {
			s.Errorf("Read with a context that has ended: %v; want %v", err, context.Canceled)
		}
		if _, err := from.keeper().Ends(ended, chat, []string{"r.a"}); !steady.Is(err, context.Canceled) {
			s.Errorf("Ends with a context that has ended: %v; want %v", err, context.Canceled)
		}
		if err := from.keeper().Declare(ended, []broker.Log{{Name: "chat.Late", Size: 1, TTL: chat.TTL}}); !steady.Is(err, context.Canceled) {
			s.Errorf("Declare with a context that has ended: %v; want %v", err, context.Canceled)
		}
	})
	if out := from.keeper().Keep(s.within(), nil); len(out) != 0 {
		s.Errorf("Keep of nothing: %+v", out)
	}
	from.keep(chat, "r.a", "behind")
	to.hears("r.a", "behind")
	if got := to.texts("r.a"); len(got) != 2 {
		s.Errorf("what was refused has arrived: %q", got)
	}
}

// checkKeepCut cuts a node off. Nothing that it keeps meanwhile is kept, it is told so
// at once, and it finds what it has missed.
func checkKeepCut(s *suite) {
	from, to := s.openKeeper(), s.openKeeper()
	to.subscribe("r.a")
	before := from.keep(chat, "r.a", "before")[0]
	to.hears("r.a", "before")
	s.engine.Cut(to.number)
	to.isDown()
	s.soon("calls while the link is down", func() {
		for _, o := range to.keeper().Keep(s.ctx, kept(chat, "r.a", "refused", "refused")) {
			to.fails("while the link is down", o, broker.ErrUnavailable)
		}
		if _, err := to.keeper().Read(s.ctx, chat, "r.a", before, 1); !steady.Is(err, broker.ErrDown) {
			s.Errorf("Read while the link is down: %v; want %v", err, broker.ErrDown)
		}
		if _, err := to.keeper().Ends(s.ctx, chat, []string{"r.a"}); !steady.Is(err, broker.ErrDown) {
			s.Errorf("Ends while the link is down: %v; want %v", err, broker.ErrDown)
		}
		if err := to.keeper().Declare(s.ctx, []broker.Log{chat}); !steady.Is(err, broker.ErrDown) {
			s.Errorf("Declare while the link is down: %v; want %v", err, broker.ErrDown)
		}
	})
	missed := series("missed", 30)
	from.keep(chat, "r.a", missed...)
	s.engine.Heal(to.number)
	to.isUp()
	s.comes("what was missed is read", func() bool {
		got := to.readAll(chat, "r.a", before, 7)
		if len(got) > len(missed) || strings.Join(got, "\n") != strings.Join(missed[:len(got)], "\n") {
			s.Fatalf("what was missed is %q", got)
		}
		return len(got) == len(missed)
	})
	at := to.keepAnyway(chat, "r.a", "after")
	to.until("what is kept after that", func() bool { return to.times("r.a", "after") == 1 })
	if m := to.messages("r.a"); m[len(m)-1].at != at {
		s.Errorf("it is heard at %+v, and kept at %+v", m[len(m)-1].at, at)
	}
	if got := to.readAll(chat, "r.a", before, 100); slices.Contains(got, "refused") {
		s.Errorf("what was refused is kept: %q", got)
	}
}

// checkKeepRestart restarts the engine, which may have what it had or not. No
// position is given a second time, and nothing false is said of what was there.
func checkKeepRestart(s *suite) {
	from, to := s.openKeeper(), s.openKeeper()
	to.subscribe("r.a")
	old := from.keep(chat, "r.a", series("before", 10)...)
	to.hearsKept("r.a", 10)
	s.engine.Restart()
	s.cameBack()
	at := from.keepAnyway(chat, "r.a", "after")
	to.until("what is kept after a restart", func() bool { return to.times("r.a", "after") == 1 })
	s.comes("what is there after a restart", func() bool {
		page := to.read(chat, "r.a", old[9], 10)
		if page.Epoch != at.Epoch {
			s.Fatalf("Read after a restart: epoch %q; a message was kept in %q", page.Epoch, at.Epoch)
		}
		if page.Epoch != old[9].Epoch && page.Complete {
			s.Fatalf("Read behind a position of another epoch is complete: %+v", page)
		}
		return !page.Complete || len(page.Entries) == 1 && page.Entries[0].At == at
	})
}

// cameBack waits until all links have been down and are up.
func (s *suite) cameBack() {
	s.Helper()
	for _, n := range s.nodes {
		n.until("Down and Up", func() bool { return len(n.said) >= 3 && n.knowsUp() })
	}
}

// checkKeepEmpty takes all away from the engine. The log begins anew with another
// epoch, for those who ask, who keep, and who hear.
func checkKeepEmpty(s *suite) {
	for _, asks := range []string{"Read", "Ends", "Keep", "Declare"} {
		channel := "r." + asks
		from, to := s.openKeeper(), s.openKeeper()
		to.subscribe(channel)
		old := from.keep(chat, channel, series("old "+asks, 20)...)
		to.hearsKept(channel, 20)
		s.engine.Empty()
		epoch := ""
		switch asks {
		case "Read":
			page := to.read(chat, channel, old[19], 10)
			if page.Complete {
				s.Errorf("Read behind what the engine has lost is complete: %+v", page)
			}
			epoch = page.Epoch
		case "Ends":
			epoch = to.ends(chat, channel)[0].Epoch
		case "Declare":
			to.declare(chat)
			epoch = to.ends(chat, channel)[0].Epoch
		case "Keep":
			epoch = to.keepAnyway(chat, channel, "first of Keep").Epoch
		}
		if epoch == old[0].Epoch {
			s.Errorf("%s: the epoch is the same when the engine has lost all", asks)
		}
		at := from.keepAnyway(chat, channel, "new of "+asks)
		to.until("a message behind what is lost", func() bool { return to.times(channel, "new of "+asks) == 1 })
		if all := to.messages(channel); all[len(all)-1].at != at || at.Epoch == old[0].Epoch {
			s.Errorf("%s: a message is kept at %+v and heard at %+v; before it was epoch %q", asks, at, all[len(all)-1].at, old[0].Epoch)
		}
		for _, n := range []*node{from, to} {
			if page := n.read(chat, channel, old[0], 10); page.Complete || page.Epoch != at.Epoch {
				s.Errorf("%s: Read behind what is lost: %+v", asks, page)
			}
		}
	}
}

// checkKeepSave has the engine lose its newest messages. What is kept afterwards has
// other positions than what is lost, so nobody takes it for known.
func checkKeepSave(s *suite) {
	from, to := s.openKeeper(), s.openKeeper()
	to.subscribe("r.a")
	old := from.keep(chat, "r.a", series("kept", 10)...)
	to.hearsKept("r.a", 10)
	restore := s.engine.Save()
	s.work(from, to)
	var lost []broker.Position
	for i := range 20 {
		lost = append(lost, from.keepAnyway(chat, "r.a", fmt.Sprint("lost ", i)))
	}
	to.until("what will be lost", func() bool { return to.times("r.a", "lost 19") > 0 })
	restore()
	s.work(from, to)
	var later []broker.Position
	for i := range 25 { // more than are lost
		later = append(later, from.keepAnyway(chat, "r.a", fmt.Sprint("later ", i)))
	}
	to.until("what is kept behind it", func() bool { return to.times("r.a", "later 24") > 0 })
	last := lost[len(lost)-1]
	if later[0].Epoch == last.Epoch && later[0].Offset <= last.Offset {
		s.Errorf("a message was kept at %+v and is lost, and another was kept at %+v", last, later[0])
	}
	for _, at := range append([]broker.Position{old[9]}, lost...) {
		page := to.read(chat, "r.a", at, 5)
		if page.Complete && len(page.Entries) > 0 && page.Entries[0].At != later[0] {
			s.Errorf("Read behind %+v: %q", at, page.Entries[0].Data)
		}
	}
}

// work waits until what one node keeps is heard by another: their links may have
// broken, and may not know that yet.
func (s *suite) work(from, to *node) {
	s.Helper()
	to.again("Subscribe", func(ctx context.Context) error { return to.link.Subscribe(ctx, []string{"r.work"}) })
	s.works++
	for i := 0; ; i++ {
		text := fmt.Sprintf("work %d.%d", s.works, i)
		from.keepAnyway(chat, "r.work", text)
		s.pause()
		to.mu.Lock()
		heard := to.times("r.work", text) > 0
		to.mu.Unlock()
		if heard {
			return
		}
		if i == 1000 {
			s.Fatal("nothing of what a node keeps is heard by the other")
		}
	}
}

func checkKeepClose(s *suite) {
	n, other := s.openKeeper(), s.openKeeper()
	n.keep(chat, "r.a", "first")
	n.shut()
	s.soon("calls after Close", func() {
		for _, o := range n.keeper().Keep(s.ctx, kept(chat, "r.a", "refused")) {
			n.fails("after Close", o, broker.ErrClosed)
		}
		if _, err := n.keeper().Read(s.ctx, chat, "r.a", broker.Position{}, 1); !steady.Is(err, broker.ErrClosed) {
			s.Errorf("Read after Close: %v; want %v", err, broker.ErrClosed)
		}
		if _, err := n.keeper().Ends(s.ctx, chat, []string{"r.a"}); !steady.Is(err, broker.ErrClosed) {
			s.Errorf("Ends after Close: %v; want %v", err, broker.ErrClosed)
		}
		if err := n.keeper().Declare(s.ctx, []broker.Log{chat}); !steady.Is(err, broker.ErrClosed) {
			s.Errorf("Declare after Close: %v; want %v", err, broker.ErrClosed)
		}
	})
	other.keep(chat, "r.a", "second")
}

// checkKeepCloseWhileCalled closes a Link while others use it: they return soon, and
// what they say is so.
func checkKeepCloseWhileCalled(s *suite) {
	log := broker.Log{Name: "chat.Large", Size: 100_000, TTL: chat.TTL}
	reader := s.openKeeper(log)
	start := reader.ends(log, "r.a")[0]
	claimed := map[string]bool{}
	var mu sync.Mutex
	for round := range 5 {
		n := s.openKeeper()
		answered := make(chan struct{}) // the first batch
		var calls sync.WaitGroup
		calls.Go(func() {
			once := sync.OnceFunc(func() { close(answered) })
			defer once()
			for i := 0; ; i++ {
				texts := series(fmt.Sprintf("round %d, batch %d", round, i), 3)
				ended := false
				for k, o := range n.keeper().Keep(s.ctx, kept(log, "r.a", texts...)) {
					mu.Lock()
					if ended = o.Err != nil; !ended || steady.Is(o.Err, broker.ErrUnsure) {
						claimed[texts[k]] = true
					}
					mu.Unlock()
				}
				if ended {
					return
				}
				once()
			}
		})
		calls.Go(func() {
			for {
				if _, err := n.keeper().Read(s.ctx, log, "r.a", start, 3); err != nil && n.isShut() {
					return
				}
			}
		})
		calls.Go(func() {
			for {
				if _, err := n.keeper().Ends(s.ctx, log, []string{"r.a", "r.none"}); err != nil && n.isShut() {
					return
				}
			}
		})
		if round%2 == 0 { // else it is closed while the first calls begin
			s.soon("the first answer", func() { <-answered })
		}
		n.shut()
		s.soon("calls while the Link was closed", calls.Wait)
	}
	for _, text := range reader.readAll(log, "r.a", start, 1000) {
		if !claimed[text] {
			s.Errorf("%q is kept, and it was said that it is not", text)
		}
	}
}

// isShut reports whether Close has returned.
func (n *node) isShut() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}
