package brokertest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file checks what a Keeper keeps, once, and who hears it, in which order.

func checkKeepReaches(s *suite) {
	from, one, other := s.openKeeper(), s.open(), s.open()
	from.subscribe("r.a")
	one.subscribe("r.a", "r.b")
	other.subscribe("r.c")
	first := from.keep(chat, "r.a", "first")[0]
	from.publish("r.a", "plain")
	second := from.keep(chat, "r.a", "second")[0]
	aside := from.keep(chat, "r.b", "aside")[0]
	for _, n := range []*node{from, one} {
		n.hears("r.a", "first")
		n.hears("r.a", "second")
	}
	one.hears("r.a", "plain")
	one.hears("r.b", "aside")
	other.fence(from)
	if n := len(other.texts("r.a")) + len(other.texts("r.b")) + len(other.texts("r.c")); n > 0 {
		s.Errorf("a node that is not subscribed has heard %d messages", n)
	}
	for _, n := range []*node{from, one} {
		want := map[string]message{
			"first": {at: first}, "second": {at: second, prev: first.Offset}, "plain": {}, "aside": {at: aside},
		}
		for _, m := range append(n.messages("r.a"), n.messages("r.b")...) {
			if m.at != want[m.text].at || m.prev != want[m.text].prev {
				s.Errorf("node %d has heard %q at %+v, behind %d; want %+v, behind %d", n.number, m.text, m.at, m.prev, want[m.text].at, want[m.text].prev)
			}
		}
	}
	if first.Epoch != second.Epoch || second.Offset <= first.Offset {
		s.Errorf("one message is at %+v, and the next at %+v", first, second)
	}
}

// checkKeepOrder has two nodes keep in the same channels at once. Everybody hears
// them in one order, that of their positions, each behind the one before it.
func checkKeepOrder(s *suite) {
	const batches, each = 10, 25
	channels := []string{"r.a", "r.b"}
	keepers := []*node{s.openKeeper(), s.openKeeper()}
	nodes := append(slices.Clone(keepers), s.open(), s.open())
	for _, n := range nodes {
		n.subscribe(channels...)
	}
	var all sync.WaitGroup
	for p, n := range keepers {
		all.Go(func() {
			for b := range batches {
				var batch []broker.Kept
				for i := range each {
					for _, c := range channels {
						batch = append(batch, kept(chat, c, counted(p, b*each+i))...)
					}
				}
				for i, o := range n.keeper().Keep(s.ctx, batch) {
					if o.Err != nil || o.Duplicate {
						s.Errorf("Keep of message %d of %d: %+v", i, len(batch), o)
					}
				}
			}
		})
	}
	all.Wait()
	for _, c := range channels {
		first := nodes[0].hearsKept(c, 2*batches*each)
		last := uint64(0)
		for i, m := range first {
			if m.prev != last || m.at.Offset <= last || m.at.Epoch != first[0].at.Epoch {
				s.Fatalf("on %s message %d is at %+v, behind %d, and the one before it is at %d", c, i, m.at, m.prev, last)
			}
			last = m.at.Offset
		}
		for _, n := range nodes {
			heard := n.hearsKept(c, 2*batches*each)
			if n.inOrder(c) != 2*batches*each {
				s.Errorf("node %d: %d messages on %s", n.number, len(heard), c)
			}
			for i, m := range heard {
				if m.text != first[i].text || m.at != first[i].at || m.prev != first[i].prev {
					s.Fatalf("node %d: on %s message %d is %q at %+v; node 0 has heard %q at %+v", n.number, c, i, m.text, m.at, first[i].text, first[i].at)
				}
			}
		}
	}
}

// checkKeepKeys keeps messages again with the same key: they are where they were,
// and nobody hears them a second time.
func checkKeepKeys(s *suite) {
	other := broker.Log{Name: "chat.Other", Size: 10, TTL: chat.TTL}
	from, to := s.openKeeper(other), s.openKeeper(other)
	from.subscribe("r.a", "r.b")
	keys := []string{
		"key", "KEY", "key ", " key", "a b", "a\nb", "a\r\nb", "a\n", "a\r\n", "\x00", "\xff", "%20", "k:e:y", "*", ">",
		strings.Repeat("k", 64), strings.Repeat("k", 65), strings.Repeat("k", 10_000), strings.Repeat("k", 10_000) + "2",
	}
	var batch []broker.Kept
	for i, key := range keys {
		k := kept(chat, "r.a", fmt.Sprint("key ", i))[0]
		k.Key = key
		batch = append(batch, k)
	}
	first := from.keepAll(batch)
	for i, o := range first {
		if o.Duplicate {
			s.Errorf("the message with key %q is taken for another's", keys[i])
		}
	}
	for _, n := range []*node{from, to} {
		for i, o := range n.keepAll(batch) {
			if !o.Duplicate || o.At != first[i].At {
				s.Errorf("node %d: the message with key %q again: %+v; it was kept at %+v", n.number, keys[i], o, first[i].At)
			}
		}
	}
	twice := kept(chat, "r.b", "twice", "twice")
	twice[0].Key, twice[1].Key = "in one batch", "in one batch"
	if out := to.keepAll(twice); out[0].Duplicate || !out[1].Duplicate || out[0].At != out[1].At {
		s.Errorf("two messages with one key in a batch: %+v", out)
	}
	same := kept(chat, "r.b", "other channel")
	same = append(same, kept(other, "r.b", "other log")...)
	same = append(same, kept(chat, "r.b", "no key", "no key")...)
	same[0].Key, same[1].Key = "key", "key"
	for i, o := range to.keepAll(same) {
		if o.Duplicate {
			s.Errorf("message %d of %q is taken for another", i, same[i].Data)
		}
	}
	from.until("what was kept", func() bool { return len(from.heard["r.a"]) >= len(keys) && len(from.heard["r.b"]) >= 5 })
	from.fence(to)
	if a, b := len(from.texts("r.a")), len(from.texts("r.b")); a != len(keys) || b != 5 {
		s.Errorf("%d and %d messages were heard; want %d and 5", a, b, len(keys))
	}
	start := broker.Position{Epoch: first[0].At.Epoch}
	if got := len(from.readAll(chat, "r.a", start, 100)); got != len(keys) {
		s.Errorf("%d messages are kept; want %d", got, len(keys))
	}
}

// checkKeepKeysAtOnce has two nodes keep the same messages at once.
func checkKeepKeysAtOnce(s *suite) {
	const rounds, each = 5, 40
	one, two, to := s.openKeeper(), s.openKeeper(), s.open()
	to.subscribe("r.a")
	for round := range rounds {
		batch := kept(chat, "r.a", series(fmt.Sprint("round ", round), each)...)
		for i := range batch {
			batch[i].Key = string(batch[i].Data)
		}
		outs := make([][]broker.Outcome, 2)
		var both sync.WaitGroup
		for p, n := range []*node{one, two} {
			both.Go(func() { outs[p] = n.keeper().Keep(s.ctx, batch) })
		}
		both.Wait()
		for i := range batch {
			a, b := outs[0][i], outs[1][i]
			if a.Err != nil || b.Err != nil || a.At != b.At || a.Duplicate == b.Duplicate {
				s.Fatalf("two nodes keep %q at once: %+v and %+v", batch[i].Data, a, b)
			}
		}
	}
	to.hearsKept("r.a", rounds*each)
	to.fence(one)
	texts := to.texts("r.a")
	slices.Sort(texts)
	if n := len(slices.Compact(texts)); n != rounds*each || len(to.texts("r.a")) != n {
		s.Errorf("%d messages were heard, %d of them different; want %d", len(to.texts("r.a")), n, rounds*each)
	}
}

// checkKeepLogs has logs and channels whose names could be mixed up.
func checkKeepLogs(s *suite) {
	names := []string{
		"chat.Events", "chat.events", "chat_Events", "chat-Events", "chat~Events", "chat.Events.", "chat", "Events", "a b", "*", ">",
		"r.a", "{17}", "a:b", "чат.Events", "\xff\x00\r\n", "/../x", strings.Repeat("l", 199) + "1", strings.Repeat("l", 199) + "2",
	}
	channels := []string{"r.a", "r.A", "u.a", "r.a.b"}
	var logs []broker.Log
	for _, name := range names {
		logs = append(logs, broker.Log{Name: name, Size: 10, TTL: chat.TTL})
	}
	from, to := s.openKeeper(logs...), s.openKeeper()
	to.subscribe(channels...)
	var batch []broker.Kept
	for _, log := range logs {
		for _, c := range channels {
			batch = append(batch, kept(log, c, log.Name+" "+c)...)
		}
	}
	out := from.keepAll(batch)
	for _, c := range channels {
		if n := len(to.hearsKept(c, len(names))); n != len(names) {
			s.Errorf("%d messages on %s; want %d", n, c, len(names))
		}
	}
	for i, k := range batch {
		page := to.read(k.Log, k.Channel, broker.Position{Epoch: out[i].At.Epoch}, 10)
		if len(page.Entries) > 0 && (len(page.Entries) > 1 || string(page.Entries[0].Data) != string(k.Data) || page.Entries[0].At != out[i].At) {
			s.Errorf("in log %q on %s there is %+v", k.Log.Name, k.Channel, page.Entries)
		}
		s.comes(fmt.Sprintf("the end of log %q on %s at %+v", k.Log.Name, k.Channel, out[i].At), func() bool {
			return to.ends(k.Log, k.Channel)[0] == out[i].At
		})
	}
}

// checkKeepDeclare makes logs by many nodes at once, and changes their bounds.
func checkKeepDeclare(s *suite) {
	nodes := []*node{s.open(), s.open(), s.open()}
	small, large := chat, chat
	small.Size, large.Size = 5, 50
	var together sync.WaitGroup
	for _, n := range nodes {
		together.Go(func() { n.declare(small) })
	}
	together.Wait()
	var epochs []string
	for _, n := range nodes {
		epochs = append(epochs, n.ends(small, "r.a")[0].Epoch, n.keep(small, "r.a", fmt.Sprint(n.number))[0].Epoch)
	}
	if slices.Sort(epochs); epochs[0] != epochs[len(epochs)-1] {
		s.Fatalf("nodes that declare a log at once have epochs %q", epochs)
	}
	all := newList(nodes[0].keep(small, "r.a", "start")[0])
	add := func(log broker.Log, texts ...string) {
		s.Helper()
		for i, at := range nodes[0].keep(log, "r.a", texts...) {
			all.add(at, texts[i])
		}
	}
	add(small, series("small", 20)...)
	for _, n := range nodes {
		n.declare(large, broker.Log{Name: "chat.More", Size: 1, TTL: chat.TTL})
	}
	all.check(s, nodes[1], large, "r.a", small.Size)
	add(large, series("large", 20)...)
	all.check(s, nodes[2], large, "r.a", 20)
	nodes[1].declare(small)
	add(small, series("small again", 20)...)
	all.check(s, nodes[2], small, "r.a", small.Size)
}
