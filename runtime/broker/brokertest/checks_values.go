package brokertest

import (
	"context"
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file checks names, sizes, memory, and contexts.

func checkNames(s *suite) {
	long := "r." + strings.Repeat("x", broker.MaxChannel-3)
	channels := []string{
		"a", "n.00ff00", "r.p_lobby", "r.p_Lobby", "r.p_LOBBY", "u.p_lobby", "r.b_", "r.p_-", "r.p__", "r.0",
		"r.p_lobby.more", long + "y", long + "z", strings.Repeat("a", broker.MaxChannel-100) + "." + strings.Repeat("b", 99),
		"r.p_" + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
	}
	from, to := s.open(), s.open()
	to.subscribe(channels...)
	for _, c := range channels {
		from.publish(c, "to "+c)
	}
	for _, c := range channels {
		to.hears(c, "to "+c)
	}
	to.fence(from)
	for _, c := range channels {
		if got := to.texts(c); len(got) != 1 || got[0] != "to "+c {
			s.Errorf("on %s there is %q", c, got)
		}
	}
}

// checkClusters has clusters whose names and channels could be mixed up.
func checkClusters(s *suite) {
	base := newName()
	names := []string{base, base + "-r", base + "_", strings.ToUpper(base), base + strings.Repeat("l", broker.MaxName-len(base))}
	var from, to []*node
	for _, name := range names {
		f, t := s.openAs(name), s.openAs(name)
		f.isUp()
		t.isUp()
		t.subscribe("r.a", "a")
		from, to = append(from, f), append(to, t)
	}
	for i, name := range names {
		from[i].publish("r.a", name)
		from[i].publish("a", name)
	}
	for i, name := range names {
		to[i].hears("r.a", name)
		to[i].hears("a", name)
		to[i].fence(from[i])
	}
	for i, name := range names {
		for _, c := range []string{"r.a", "a"} {
			if got := to[i].texts(c); len(got) != 1 {
				s.Errorf("a node of cluster %s has heard %q on %s", name, got, c)
			}
		}
	}
}

func checkSizes(s *suite) {
	from, to := s.open(), s.open()
	to.subscribe("r.a")
	most := from.link.MaxMessage()
	if most < broker.MinMessage {
		s.Fatalf("MaxMessage is %d, and less than %d", most, broker.MinMessage)
	}
	for _, size := range []int{0, 1, 125, 126, 1 << 10, most - 1, most} {
		text := strings.Repeat("\x00\xffx\r\n", size/5+1)[:size]
		from.publish("r.a", text)
		to.until(fmt.Sprintf("a message of %d bytes", size), func() bool { return to.times("r.a", text) == 1 })
	}
	n, err := from.link.Publish(s.within(), []broker.Outgoing{
		{Channel: "r.a", Data: []byte("before")},
		{Channel: "r.a", Data: make([]byte, most+1)},
		{Channel: "r.a", Data: []byte("behind")},
	})
	if n != 1 || !steady.Is(err, broker.ErrTooLarge) {
		s.Errorf("Publish of a message, one that is too large, and another: %d, %v; want 1, %v", n, err, broker.ErrTooLarge)
	}
	to.hears("r.a", "before")
	from.publish("r.a", "later")
	to.hears("r.a", "later")
	if got := to.texts("r.a"); got[len(got)-2] != "before" {
		s.Errorf("behind %q came a message that was refused", got[len(got)-2])
	}
}

// checkData reuses the memory of what was published, and of the arguments. What
// was delivered is compared at the end of each check.
func checkData(s *suite) {
	from, to, other := s.open(), s.open(), s.open()
	channels := []string{"r.a", "r.b"}
	for _, n := range []*node{to, other} {
		if err := n.link.Subscribe(s.within(), channels); err != nil {
			s.Fatalf("Subscribe: %v", err)
		}
	}
	channels[0], channels[1] = "r.c", "r.c"
	data := make([]byte, 100)
	batch := make([]broker.Outgoing, 2)
	for i := range 200 {
		text := fmt.Sprintf("%0100d", i)
		copy(data, text)
		batch[0] = broker.Outgoing{Channel: "r.a", Data: data}
		batch[1] = broker.Outgoing{Channel: "r.b", Data: data[:50]}
		if sent, err := from.link.Publish(s.within(), batch); err != nil || sent != len(batch) {
			s.Fatalf("Publish: %d, %v", sent, err)
		}
		clear(data)
		clear(batch)
	}
	for _, n := range []*node{to, other} {
		n.until("the last message", func() bool { return len(n.heard["r.a"]) == 200 && len(n.heard["r.b"]) == 200 })
		for i, text := range n.texts("r.a") {
			if want := fmt.Sprintf("%0100d", i); text != want {
				s.Fatalf("message %d is %q", i, text)
			}
		}
	}
}

func checkEndedContext(s *suite) {
	from, to := s.open(), s.open()
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	s.soon("calls with a context that has ended", func() {
		if n, err := from.link.Publish(ended, []broker.Outgoing{{Channel: "r.a", Data: []byte("refused")}}); n != 0 || !steady.Is(err, context.Canceled) {
			s.Errorf("Publish with a context that has ended: %d, %v; want 0, %v", n, err, context.Canceled)
		}
		// This may fail or not, and is done all the same.
		_ = to.link.Subscribe(ended, []string{"r.a"})
	})
	for i := 0; ; i++ {
		from.publish("r.a", fmt.Sprint(i))
		to.fence(from)
		if len(to.texts("r.a")) > 0 {
			break
		}
		if i == 1000 {
			s.Fatal("a Subscribe whose context had ended was never carried out")
		}
	}
	s.soon("Unsubscribe with a context that has ended", func() {
		_ = to.link.Unsubscribe(ended, []string{"r.a"})
	})
	hearsNoMore(from, to, "r.a")
	to.mu.Lock()
	defer to.mu.Unlock()
	if to.times("r.a", "refused") > 0 {
		s.Error("a message that was refused has arrived")
	}
}
