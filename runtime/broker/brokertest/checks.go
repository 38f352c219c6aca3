package brokertest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file checks who hears what, and in which order.

func checkReaches(s *suite) {
	from, one, both := s.open(), s.open(), s.open()
	one.subscribe("r.x")
	both.subscribe("r.x", "r.y")
	from.publish("r.x", "to x")
	from.publish("r.y", "to y")
	from.publish("r.z", "to z")
	one.hears("r.x", "to x")
	both.hears("r.x", "to x")
	both.hears("r.y", "to y")
	one.fence(from)
	both.fence(from)
	for _, n := range []*node{from, one, both} {
		for _, channel := range []string{"r.x", "r.y", "r.z"} {
			want := n == both && channel != "r.z" || n == one && channel == "r.x"
			if got := len(n.texts(channel)); got != map[bool]int{true: 1}[want] {
				s.Errorf("node %d has heard %d messages on %s", n.number, got, channel)
			}
		}
	}
}

// counted is a message of a publisher, with its number.
func counted(publisher, n int) string { return fmt.Sprintf("%d %d", publisher, n) }

// inOrder complains unless the messages of each publisher come in order, each
// once. It returns how many there are.
func (n *node) inOrder(channel string) int {
	last := map[string]int{}
	all := n.texts(channel)
	for _, text := range all {
		publisher, number, _ := strings.Cut(text, " ")
		at, _ := strconv.Atoi(number)
		if before, is := last[publisher]; is && at <= before {
			n.Errorf("node %d: on %s message %d of %s comes after %d", n.number, channel, at, publisher, before)
			return len(all)
		}
		last[publisher] = at
	}
	return len(all)
}

func checkOrder(s *suite) {
	const publishers, each = 3, 500
	channels := []string{"r.a", "r.b", "r.c", "u.a"}
	var nodes []*node
	for range publishers {
		n := s.open()
		n.subscribe(channels...)
		nodes = append(nodes, n)
	}
	listener := s.open()
	listener.subscribe(channels...)
	var all sync.WaitGroup
	for p, n := range nodes {
		all.Go(func() {
			var batch []broker.Outgoing
			for i := range each {
				for _, c := range channels {
					batch = append(batch, broker.Outgoing{Channel: c, Data: []byte(counted(p, i))})
				}
				if len(batch) < 1+i%7*60 && i < each-1 {
					continue
				}
				if sent, err := n.link.Publish(s.ctx, batch); err != nil || sent != len(batch) {
					s.Errorf("Publish of %d messages: %d, %v", len(batch), sent, err)
				}
				batch = nil
			}
		})
	}
	all.Wait()
	listener.until("every message, or that it was lost", func() bool {
		n := listener.lost
		for _, c := range channels {
			n += len(listener.heard[c])
		}
		return n >= publishers*each*len(channels)
	})
	for _, n := range s.nodes {
		for _, c := range channels {
			n.inOrder(c)
		}
	}
}

func checkSubscribedHears(s *suite) { subscribedHears(s, 1000) }

func checkSubscribedHearsUnderLoad(s *suite) {
	busy := s.open()
	stop := s.busily(func(i int) {
		batch := make([]string, 100)
		for k := range batch {
			batch[k] = fmt.Sprintf("r.load-%d-%d", i%50, k)
		}
		_ = busy.link.Subscribe(s.ctx, batch) // only a load
		if i%3 == 2 {
			_ = busy.link.Unsubscribe(s.ctx, batch)
		}
	})
	subscribedHears(s, 300)
	stop()
}

// subscribedHears subscribes to channels one by one, and has each published to
// from elsewhere at once.
func subscribedHears(s *suite, times int) {
	from, to := s.open(), s.open()
	for i := range times {
		channel := fmt.Sprintf("r.n%d", i)
		to.subscribe(channel)
		from.publish(channel, "first")
	}
	to.until("the first message after each Subscribe", func() bool {
		n := 0
		for i := range times {
			n += to.times(fmt.Sprintf("r.n%d", i), "first")
		}
		return n == times
	})
}

func checkSubscribeTwice(s *suite) {
	from, to := s.open(), s.open()
	to.subscribe("r.a", "r.a")
	to.subscribe("r.a")
	from.publish("r.a", "once")
	to.hears("r.a", "once")
	if err := to.link.Unsubscribe(s.within(), []string{"r.a", "r.never"}); err != nil {
		s.Errorf("Unsubscribe: %v", err)
	}
	hearsNoMore(from, to, "r.a")
	to.fence(from)
	if n := len(to.texts("r.a")); n > 1+settles {
		s.Errorf("%d messages", n)
	}
	for _, text := range to.texts("r.a") {
		to.mu.Lock()
		if n := to.times("r.a", text); n > 1 {
			s.Errorf("%q was heard %d times", text, n)
		}
		to.mu.Unlock()
	}
}

// settles is how many messages may arrive after Unsubscribe.
const settles = 200

// hearsNoMore publishes until ten messages in a row have not arrived.
func hearsNoMore(from, to *node, channel string) {
	to.Helper()
	quiet := 0
	for i := range settles {
		before := len(to.texts(channel))
		from.publish(channel, fmt.Sprint("late ", i))
		to.fence(from)
		if quiet++; len(to.texts(channel)) > before {
			quiet = 0
		}
		if quiet == 10 {
			return
		}
	}
	to.Fatalf("%s is heard still, %d messages after Unsubscribe", channel, settles)
}

func checkManyChannels(s *suite) {
	const many = 10_000
	from, to := s.open(), s.open()
	channels := make([]string, many)
	for i := range channels {
		channels[i] = fmt.Sprintf("r.many-%d", i)
	}
	to.subscribe(channels...)
	for i := 0; i < many; i += 250 {
		batch := make([]broker.Outgoing, 250)
		for k := range batch {
			batch[k] = broker.Outgoing{Channel: channels[i+k], Data: []byte(channels[i+k])}
		}
		if sent, err := from.link.Publish(s.within(), batch); err != nil || sent != len(batch) {
			s.Fatalf("Publish: %d, %v", sent, err)
		}
		s.until("a message on each channel", func() bool { // so that none finds a full queue
			return to.times(channels[i+249], channels[i+249]) == 1
		})
	}
	s.until("a message on each channel", func() bool { return len(to.heard) == many })
	for _, c := range channels {
		if got := to.texts(c); len(got) != 1 || got[0] != c {
			s.Fatalf("on %s there is %q", c, got)
		}
	}
}

func checkUnsubscribe(s *suite) {
	from, to := s.open(), s.open()
	to.subscribe("r.a", "r.b")
	from.publish("r.a", "1")
	to.hears("r.a", "1")
	if err := to.link.Unsubscribe(s.within(), []string{"r.a"}); err != nil {
		s.Errorf("Unsubscribe: %v", err)
	}
	hearsNoMore(from, to, "r.a")
	from.publish("r.b", "2")
	to.hears("r.b", "2")
	to.subscribe("r.a")
	from.publish("r.a", "3")
	to.hears("r.a", "3")
}

// checkChurn joins and leaves a channel all the time: what is heard is in order,
// each once, and in the end it is subscribed.
func checkChurn(s *suite) {
	from, to, pace := s.open(), s.open(), s.open()
	stop := s.flood(from, pace, "r.churn")
	for range 200 {
		to.subscribe("r.churn")
		if err := to.link.Unsubscribe(s.ctx, []string{"r.churn"}); err != nil {
			s.Errorf("Unsubscribe: %v", err)
		}
	}
	to.subscribe("r.churn")
	stop()
	to.hearsAgain(from, "r.churn", 1)
	to.inOrder("r.churn")
}

func checkOwnMessages(s *suite) {
	one, two := s.open(), s.open()
	one.subscribe("r.a")
	two.subscribe("r.a")
	for i := range 100 {
		one.publish("r.a", counted(1, i))
	}
	two.hears("r.a", counted(1, 99))
	two.publish("r.a", counted(2, 0))
	one.hears("r.a", counted(2, 0))
	one.fence(two)
	if n := two.inOrder("r.a"); n != 100 && n != 101 {
		s.Errorf("the other node has heard %d messages", n)
	}
	if n := one.inOrder("r.a"); n > 101 {
		s.Errorf("a node has heard %d of its own 100 messages and 1 other", n)
	}
}
