package brokertest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file checks what a Keeper reads.

// list is what a channel of a log has, as it must be.
type list struct {
	at    []broker.Position // of the messages; the first is where it begins, and has none
	texts []string
	tops  []uint64 // as far as nothing was said to be behind each, when it was the last
}

func newList(start broker.Position) *list {
	return &list{at: []broker.Position{start}, texts: []string{""}, tops: []uint64{0}}
}

func (l *list) add(at broker.Position, text string) {
	l.at = append(l.at, at)
	l.texts = append(l.texts, text)
	l.tops = append(l.tops, 0)
}

// check reads behind each position. What is said to be complete is, and so it must be
// said of what has fewer than so many messages behind it.
func (l *list) check(s *suite, n *node, log broker.Log, channel string, must int) {
	s.Helper()
	for i := range l.at {
		l.checkAt(s, n, log, channel, i, 1+i%(log.Size+2), must)
	}
}

// checkAt reads behind the i-th position. Where the list begins there is no message,
// so it need not be known what came behind that.
func (l *list) checkAt(s *suite, n *node, log broker.Log, channel string, i, limit, must int) {
	s.Helper()
	behind := len(l.at) - 1 - i
	if behind > 0 && l.at[i+1].Offset <= l.tops[i] {
		s.Fatalf("%s: there was nothing up to %d, and then a message was kept at %d", channel, l.tops[i], l.at[i+1].Offset)
	}
	s.comes(fmt.Sprintf("%d entries behind message %d of %d on %s", min(limit, behind), i, len(l.at)-1, channel), func() bool {
		page := n.read(log, channel, l.at[i], limit)
		switch {
		case page.Epoch != l.at[i].Epoch:
			s.Fatalf("node %d: Read of %s: epoch %q; want %q", n.number, channel, page.Epoch, l.at[i].Epoch)
		case !page.Complete && i > 0 && behind < must:
			s.Fatalf("node %d: Read of %s is not complete, and there are %d messages behind that position, where %d are kept: %+v", n.number, channel, behind, must, page)
		case !page.Complete:
			return true
		}
		for k, d := range page.Entries {
			if i+1+k >= len(l.at) || d.At != l.at[i+1+k] || string(d.Data) != l.texts[i+1+k] {
				s.Fatalf("node %d: Read of %s, said to be complete: entry %d behind message %d of %d is %q at %+v", n.number, channel, k, i, len(l.at)-1, d.Data, d.At)
			}
		}
		last := l.at[len(l.at)-1].Offset
		if behind == 0 && page.Top > last { // and what comes has to be behind that
			l.tops[i] = max(l.tops[i], page.Top)
		} else if page.Top > last {
			s.Errorf("node %d: Read of %s: the top is %d, and the end is at %d", n.number, channel, page.Top, last)
		}
		// If there is less, who has answered lags: what is there is right.
		return len(page.Entries) == min(limit, behind) && page.Top >= last
	})
}

func checkKeepRead(s *suite) {
	const count = 90
	from, to := s.openKeeper(), s.openKeeper()
	texts := series("message", count)
	all := newList(from.ends(chat, "r.a")[0])
	for i, at := range from.keep(chat, "r.a", texts...) {
		all.add(at, texts[i])
		from.keep(chat, "r.b", fmt.Sprint("between ", i))
	}
	for i := range all.at {
		for _, limit := range []int{1, 7, count, 4 * count}[i%4:] {
			all.checkAt(s, to, chat, "r.a", i, limit, count+1)
		}
	}
	if got := to.readAll(chat, "r.a", all.at[0], 8); strings.Join(got, "\n") != strings.Join(texts, "\n") {
		s.Errorf("page by page there are %q", got)
	}
	last := all.at[count]
	for what, at := range map[string]broker.Position{
		"the zero position":                 {},
		"a position of another epoch":       {Epoch: "another1", Offset: all.at[1].Offset},
		"one of another epoch at the end":   {Epoch: "another1", Offset: last.Offset},
		"an epoch in other letters":         {Epoch: swapCase(last.Epoch), Offset: last.Offset},
		"the offset of another's beginning": {Epoch: "0", Offset: 0},
	} {
		if page := to.read(chat, "r.a", at, 10); page.Complete || page.Epoch != last.Epoch || page.Top != last.Offset {
			s.Errorf("Read behind %s: complete %v, epoch %q, top %d; want false, %q, %d", what, page.Complete, page.Epoch, page.Top, last.Epoch, last.Offset)
		}
	}
	// Nobody has given this offset. Nothing can be missed behind it, or nobody knows.
	beyond := broker.Position{Epoch: last.Epoch, Offset: last.Offset + 1000}
	if page := to.read(chat, "r.a", beyond, 10); len(page.Entries) > 0 && page.Complete {
		s.Errorf("Read beyond the end: %+v", page)
	}
}

// swapCase returns a text whose letters have the other case, or another digit.
func swapCase(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '0' + (c-'0'+1)%10
	}, text)
}

// checkKeepReadWhereHeard reads around each message as soon as it is heard: nobody
// hears what is not stored, and a server that lags behind the one from which it was
// heard does not take it for gone.
func checkKeepReadWhereHeard(s *suite) {
	const count = 80
	from, to := s.openKeeper(), s.openKeeper()
	to.subscribe("r.a")
	before := from.ends(chat, "r.a")[0]
	for i := range count {
		text := fmt.Sprint("message ", i)
		at := from.keep(chat, "r.a", text)[0]
		heard := to.hearsKept("r.a", i+1)[i]
		if heard.at != at || heard.text != text {
			s.Fatalf("message %d was kept at %+v, and %q is heard at %+v", i, at, heard.text, heard.at)
		}
		if page := to.read(chat, "r.a", at, 10); !page.Complete || len(page.Entries) > 0 || page.Top != at.Offset {
			s.Fatalf("Read behind what was heard: %+v", page)
		}
		page := to.read(chat, "r.a", before, 10)
		if !page.Complete {
			s.Fatalf("Read before what was heard is not complete: %+v", page)
		}
		if len(page.Entries) > 0 && page.Entries[0].At != at { // none, if who has answered lags
			s.Fatalf("Read before what was heard at %+v: %+v", at, page)
		}
		before = at
	}
}

// checkKeepTrims keeps more than the log has room for.
func checkKeepTrims(s *suite) {
	log := broker.Log{Name: "chat.Small", Size: 7, TTL: chat.TTL}
	from := s.openKeeper(log)
	all := newList(from.ends(log, "r.a")[0])
	for i := range 5 {
		texts := series(fmt.Sprint("batch ", i), 1+3*i)
		for k, at := range from.keep(log, "r.a", texts...) {
			all.add(at, texts[k])
		}
		from.keep(log, "r.b", texts...)
		all.check(s, from, log, "r.a", log.Size)
	}
	if page := from.read(log, "r.a", all.at[1], 100); page.Complete {
		s.Errorf("Read behind the first of %d messages, of which %d are kept, is complete: %+v", len(all.at)-1, log.Size, page)
	}
}

// checkKeepExpires waits until all has aged out.
func checkKeepExpires(s *suite) {
	log := broker.Log{Name: "chat.Short", Size: 10, TTL: min(time.Second, s.engine.Patience/4)}
	if s.engine.Expire != nil {
		log.TTL = chat.TTL
	}
	from := s.openKeeper(log)
	silent := from.keep(log, "r.silent", "1", "2")
	if s.engine.Expire != nil {
		s.engine.Expire()
	}
	s.comes("the messages age out", func() bool {
		return !from.read(log, "r.silent", silent[0], 10).Complete
	})
	page := from.read(log, "r.silent", silent[0], 10)
	if page.Epoch != silent[0].Epoch || page.Top < silent[1].Offset {
		s.Errorf("Read when all has aged out: %+v", page)
	}
	end := from.ends(log, "r.silent")[0]
	if end.Epoch != silent[1].Epoch || end.Offset < silent[1].Offset {
		s.Errorf("the end when all has aged out is at %+v, and the last message was at %+v", end, silent[1])
	}
	later := newList(end)
	for _, text := range []string{"3", "4"} {
		later.add(from.keep(log, "r.silent", text)[0], text)
	}
	if page := from.read(log, "r.silent", end, 10); page.Complete && len(page.Entries) > 0 && page.Entries[0].At != later.at[1] {
		s.Errorf("Read behind the end: %+v", page)
	}
	if page := from.read(log, "r.silent", silent[0], 10); page.Complete {
		s.Errorf("Read behind a message that has aged out, of which another has, is complete: %+v", page)
	}
}

func checkKeepEnds(s *suite) {
	const rooms = 1200
	log := broker.Log{Name: "chat.Wide", Size: 3, TTL: chat.TTL}
	from, to := s.openKeeper(log), s.openKeeper(log)
	channels := make([]string, rooms)
	for i := range channels {
		channels[i] = fmt.Sprint("r.n", i)
	}
	empty := to.ends(log, channels...)
	var batch []broker.Kept
	for i, c := range channels {
		if i%3 != 1 {
			batch = append(batch, kept(log, c, series(c, 1+i%4)...)...)
		}
	}
	want := make(map[string]broker.Position)
	for i, o := range from.keepAll(batch) {
		want[batch[i].Channel] = o.At
	}
	s.comes("the ends are where the last messages are", func() bool {
		for i, at := range to.ends(log, channels...) {
			if w, is := want[channels[i]]; is && at != w {
				return false
			}
		}
		return true
	})
	silent := to.ends(log, channels...)
	for i := 1; i < rooms; i += 99 { // those that were empty
		c := channels[i]
		at := from.keep(log, c, "first")[0]
		for what, before := range map[string]broker.Position{"when nothing was there": empty[i], "when others were": silent[i]} {
			if before.Epoch != at.Epoch || before.Offset >= at.Offset {
				s.Fatalf("the end of %s, %s, is at %+v, and the first message is at %+v", c, what, before, at)
			}
			s.comes(fmt.Sprintf("the first message of %s, behind its end %s", c, what), func() bool {
				return len(to.readAll(log, c, before, 10)) == 1
			})
		}
	}
}

// checkKeepModel keeps and reads at random, and compares with a list.
func checkKeepModel(s *suite) {
	seed := rand.Uint64()
	s.Logf("seed %d", seed)
	luck := rand.New(rand.NewPCG(seed, 1))
	log := broker.Log{Name: "chat.Model", Size: 12, TTL: chat.TTL}
	nodes := []*node{s.openKeeper(log), s.openKeeper(log)}
	channels := []string{"r.a", "r.b", "u.a"}
	lists := map[string]*list{}
	for i, at := range nodes[0].ends(log, channels...) {
		lists[channels[i]] = newList(at)
	}
	for step := range 250 {
		n, c := nodes[luck.IntN(2)], channels[luck.IntN(len(channels))]
		l := lists[c]
		if luck.IntN(3) == 0 {
			texts := series(fmt.Sprint("step ", step), 1+luck.IntN(5))
			for i, at := range n.keep(log, c, texts...) {
				l.add(at, texts[i])
			}
			continue
		}
		l.checkAt(s, n, log, c, max(0, len(l.at)-1-luck.IntN(2*log.Size)), 1+luck.IntN(2*log.Size), log.Size)
	}
}

// comes waits for a condition that has to be asked again and again.
func (s *suite) comes(what string, is func() bool) {
	s.Helper()
	limit := time.Now().Add(s.engine.Patience)
	for !is() {
		if time.Now().After(limit) {
			s.Fatalf("in %v this has not come: %s", s.engine.Patience, what)
		}
		s.pause()
	}
}
