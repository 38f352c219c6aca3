//go:build !race

// The race detector makes sync.Pool drop what it is given, so under it budgets
// do not hold: make test runs these once more without.

package ws

import (
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// TestBudgetDispatch: what a message may allocate on its way from its frame to
// the queued reply.
func TestBudgetDispatch(t *testing.T) {
	text := []byte(typedMessage)
	c := discarded(t, generatedSpec())
	var batch [][]byte
	for _, budget := range []struct {
		what string
		max  float64
		do   func()
	}{
		{"cutting the envelope", 0, func() { _ = new(envelope.Frame).Parse(text) }},
		{"finding the handler", 0, func() { c.endpoint.spec.Lookup(text[10:17]) }},
		{"three strings in, three strings out: the strings and the frame", 4, func() {
			c.received(true, text, nop{})
			batch, _ = c.out.Take(batch[:0], maxBatch)
		}},
	} {
		if got := testing.AllocsPerRun(1000, budget.do); got > budget.max {
			t.Errorf("%s: %v allocations, at most %v", budget.what, got, budget.max)
		}
	}
	if len(batch) != 1 || string(batch[0][2:]) != typedMessage {
		t.Errorf("the reply is %q", batch)
	}
}

// TestLongReplies: the memory of a long reply is its own, and not the next one's.
func TestLongReplies(t *testing.T) {
	c := discarded(t, generatedSpec())
	var want []string
	for i := range 6 {
		text := strings.Repeat(string(rune('a'+i)), 30_000/(i%3+1))
		want = append(want, `{"event":"message","data":{"author":"ann","text":"`+text+`","room":""}}`)
		c.received(true, []byte(want[i]), nop{})
	}
	frames, _ := c.out.Take(nil, 1<<20)
	for i, frame := range frames {
		if !strings.HasSuffix(string(frame), want[i]) || len(frame) > len(want[i])+4 {
			t.Errorf("reply %d is %.80q", i, frame)
		}
	}
	if len(frames) != len(want) {
		t.Errorf("%d replies", len(frames))
	}
}

// TestBudgetCheck: without a Validator a payload stays on the stack.
func TestBudgetCheck(t *testing.T) {
	c := discarded(t, generatedSpec())
	call := new(Call)
	call.begin(c, nil, 0, new(envelope.Frame), true)
	if got := testing.AllocsPerRun(100, func() {
		in := sendMessage{Author: "ann"}
		if err := Check(call, in); err != nil {
			t.Error(err)
		}
	}); got > 0 {
		t.Errorf("%v allocations", got)
	}
}

// TestBudgetPush: a push may allocate for itself, and nothing for each receiver,
// under every policy and whether outboxes are idle or full.
func TestBudgetPush(t *testing.T) {
	const receivers = 500
	frame := textFrame(typedMessage)
	for _, c := range []struct {
		name string
		how  pushing
		fill int // pushes that wait
	}{
		{name: "idle"},
		{name: "full", fill: defaultOutboxFrames},
		{name: "full, shedding the oldest", how: pushing{overflow: ShedOldest}, fill: defaultOutboxFrames},
		{name: "replacing", how: pushing{key: "k"}, fill: defaultOutboxFrames - 1},
	} {
		s, take := crowd(t, receivers, Options{})
		all := s.All()
		all.how = c.how
		for range c.fill {
			s.All().push("e", frame)
		}
		got := testing.AllocsPerRun(100, func() {
			all.push("e", frame)
			if c.fill == 0 {
				take()
			}
		})
		if got > 20 {
			t.Errorf("%s: %v allocations for %d receivers, at most 20", c.name, got, receivers)
		}
	}
}
