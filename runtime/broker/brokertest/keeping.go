package brokertest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file has what the checks of Keepers do with a node.

// chat is the log of most checks.
var chat = broker.Log{Name: "chat.Events", Size: 100, TTL: 10 * time.Minute}

// openKeeper adds a node, and waits until it is up and can keep messages.
func (s *suite) openKeeper(logs ...broker.Log) *node {
	s.Helper()
	n := s.open()
	n.declare(append([]broker.Log{chat}, logs...)...)
	return n
}

func (n *node) keeper() broker.Keeper { return n.link.(broker.Keeper) }

// again calls f until it returns nil, within Patience: an engine may need a moment
// after its start, and elects leaders now and then.
func (s *suite) again(what string, f func(ctx context.Context) error) {
	s.Helper()
	limit := time.Now().Add(s.engine.Patience)
	for {
		err := f(s.within())
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			s.Fatalf("in %v this has not succeeded: %s: %v", s.engine.Patience, what, err)
		}
		s.pause()
	}
}

// pause is between two tries of something that nobody tells when it is done.
func (s *suite) pause() {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-s.ctx.Done():
	}
}

func (n *node) declare(logs ...broker.Log) {
	n.Helper()
	n.again("Declare", func(ctx context.Context) error { return n.keeper().Declare(ctx, logs) })
}

// kept makes messages of texts.
func kept(log broker.Log, channel string, texts ...string) []broker.Kept {
	out := make([]broker.Kept, len(texts))
	for i, text := range texts {
		out[i] = broker.Kept{Outgoing: broker.Outgoing{Channel: channel, Data: []byte(text)}, Log: log}
	}
	return out
}

// keepAll keeps a batch, notes where, and fails unless all is kept.
func (n *node) keepAll(batch []broker.Kept) []broker.Outcome {
	n.Helper()
	out := n.keeper().Keep(n.within(), batch)
	if len(out) != len(batch) {
		n.Fatalf("node %d: Keep of %d messages: %d outcomes", n.number, len(batch), len(out))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, o := range out {
		if o.Err != nil {
			n.Fatalf("node %d: Keep of message %d of %d: %v", n.number, i, len(batch), o.Err)
		}
		if !isEpoch(o.At.Epoch) || o.At.Offset == 0 {
			n.Fatalf("node %d: Keep of message %d of %d: at %+v", n.number, i, len(batch), o.At)
		}
		if !o.Duplicate {
			n.isGiven(batch[i].Channel, o.At, string(batch[i].Data))
		}
	}
	return out
}

// keep keeps texts, and returns their positions.
func (n *node) keep(log broker.Log, channel string, texts ...string) []broker.Position {
	n.Helper()
	var all []broker.Position
	for _, o := range n.keepAll(kept(log, channel, texts...)) {
		all = append(all, o.At)
	}
	return all
}

// keepAnyway keeps a text, and tries that again as long as it takes: with a key, so
// that it is kept once.
func (n *node) keepAnyway(log broker.Log, channel, text string) (at broker.Position) {
	n.Helper()
	batch := kept(log, channel, text)
	batch[0].Key = "anyway " + text
	n.again("Keep", func(ctx context.Context) error {
		o := n.keeper().Keep(ctx, batch)[0]
		at = o.At
		return o.Err
	})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isGiven(channel, at, text)
	return at
}

// isGiven notes where a message is kept, and complains if another is there. The
// caller holds mu.
func (s *suite) isGiven(channel string, at broker.Position, text string) {
	if at == (broker.Position{}) {
		return
	}
	where := place{channel, at}
	if other, is := s.given[where]; is && other != text {
		s.Errorf("%q and %q are both at %+v of %s", other, text, at, channel)
	}
	s.given[where] = text
}

func isEpoch(epoch string) bool {
	for _, c := range []byte(epoch) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(epoch) > 0 && len(epoch) <= 16
}

// read reads, as often as it takes.
func (n *node) read(log broker.Log, channel string, after broker.Position, limit int) (page broker.Page) {
	n.Helper()
	n.again("Read", func(ctx context.Context) (err error) {
		page, err = n.keeper().Read(ctx, log, channel, after, limit)
		return err
	})
	if !isEpoch(page.Epoch) {
		n.Fatalf("node %d: Read of %s: epoch %q", n.number, channel, page.Epoch)
	}
	if len(page.Entries) > limit {
		n.Errorf("node %d: Read of %s: %d entries, and not more than %d were asked for", n.number, channel, len(page.Entries), limit)
	}
	last := after.Offset
	for i, d := range page.Entries {
		if d.Channel != channel || d.At.Epoch != page.Epoch || d.At.Offset <= last || d.Prev >= d.At.Offset || i > 0 && d.Prev != last {
			n.Fatalf("node %d: Read of %s behind %d: entry %d of %d is at %+v, behind %d, on %s", n.number, channel, last, i, len(page.Entries), d.At, d.Prev, d.Channel)
		}
		last = d.At.Offset
	}
	if page.Complete && page.Top < last {
		n.Errorf("node %d: Read of %s: the top is %d, and there is %d", n.number, channel, page.Top, last)
	}
	return page
}

// readAll reads page by page up to the end, and fails unless all is there.
func (n *node) readAll(log broker.Log, channel string, after broker.Position, limit int) (texts []string) {
	n.Helper()
	for {
		page := n.read(log, channel, after, limit)
		if !page.Complete {
			n.Fatalf("node %d: Read of %s behind %+v is not complete: %+v", n.number, channel, after, page)
		}
		for _, d := range page.Entries {
			texts = append(texts, string(d.Data))
			after = d.At
		}
		if len(page.Entries) == 0 || after.Offset >= page.Top {
			return texts
		}
	}
}

func (n *node) ends(log broker.Log, channels ...string) (all []broker.Position) {
	n.Helper()
	n.again("Ends", func(ctx context.Context) (err error) {
		all, err = n.keeper().Ends(ctx, log, channels)
		return err
	})
	if len(all) != len(channels) {
		n.Fatalf("node %d: Ends of %d channels: %d", n.number, len(channels), len(all))
	}
	for i, at := range all {
		if !isEpoch(at.Epoch) {
			n.Fatalf("node %d: Ends: %s is at %+v", n.number, channels[i], at)
		}
	}
	return all
}

// messages returns what n has heard on a channel.
func (n *node) messages(channel string) []message {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.heard[channel])
}

// hearsKept waits until n has heard so many messages on a channel.
func (n *node) hearsKept(channel string, count int) []message {
	n.Helper()
	n.until(fmt.Sprintf("%d messages on %s at node %d", count, channel, n.number), func() bool { return len(n.heard[channel]) >= count })
	return n.messages(channel)
}

// fails complains unless what became of a message is one of the errors.
func (n *node) fails(what string, o broker.Outcome, errs ...error) {
	n.Helper()
	for _, err := range errs {
		if steady.Is(o.Err, err) && o.At == (broker.Position{}) && !o.Duplicate {
			return
		}
	}
	n.Errorf("node %d: Keep %s: %+v; want %v", n.number, what, o, errs)
}

// series returns texts with numbers.
func series(what string, count int) []string {
	out := make([]string, count)
	for i := range out {
		out[i] = fmt.Sprint(what, " ", i)
	}
	return out
}
