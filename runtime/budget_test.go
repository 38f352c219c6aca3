//go:build !race

// The race detector makes sync.Pool drop what it is given, so under it budgets
// do not hold: make test runs these once more without.

package ws

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// TestBudgetConnection: a connection is one allocation of a size class that it
// fills, and so is a session, which a connection is a part of. One word more would be
// the next class of a connection, 352 bytes, and two of a session, 416.
func TestBudgetConnection(t *testing.T) {
	// On systems of 32 bits both are smaller.
	if size := unsafe.Sizeof(conn{}); size > 320 {
		t.Errorf("%d bytes, at most 320", size)
	}
	if size := unsafe.Sizeof(session{}); size > 384 {
		t.Errorf("a session has %d bytes, at most 384", size)
	}
	if size := unsafe.Sizeof(interim{}); size > 48 {
		t.Errorf("what a session has for a while: %d bytes, at most 48", size)
	}
	if size := unsafe.Sizeof(work{}); size > 48 {
		t.Errorf("a state, or messages that wait: %d bytes, at most 48", size)
	}
}

// TestBudgetDispatch bounds what a message may allocate on its way from its
// frame to the queued reply.
func TestBudgetDispatch(t *testing.T) {
	text, traced := []byte(typedMessage), []byte(tracedMessage)
	c := discarded(t, generatedSpec())
	var batch outbox.Batch
	for _, budget := range []struct {
		what string
		max  float64
		do   func()
	}{
		{"cutting the envelope", 0, func() { _ = new(envelope.Frame).Parse(text) }},
		{"finding the handler", 0, func() { c.endpoint.spec.Lookup(text[10:17]) }},
		{"three strings in, three strings out: the strings", 3, func() {
			c.member.Socket.Out().Written(&batch) // the reply of the last time
			c.Received(true, text, nop{})
			c.member.Socket.Out().Next(&batch, maxBatch)
		}},
		{"the same with meta that nobody looks at: the strings, a task, and its meta", 6, func() {
			c.member.Socket.Out().Written(&batch)
			c.Received(true, traced, nop{})
			c.member.Socket.Out().Next(&batch, maxBatch)
		}},
	} {
		if got := testing.AllocsPerRun(1000, budget.do); got > budget.max {
			t.Errorf("%s: %v allocations, at most %v", budget.what, got, budget.max)
		}
	}
	if reply := batch.Join(nil); batch.Len() != 1 || string(reply[2:]) != typedMessage {
		t.Errorf("the reply is %q", reply)
	}
}

// TestBudgetGuarded: a long message that a guard has seen takes memory once. The guard
// may keep its data, and the handler the text in it.
func TestBudgetGuarded(t *testing.T) {
	spec := generatedSpec()
	spec.Handlers[0].Guards = []MessageGuard{allow{}}
	var kept string
	spec.Call = func(_ int, c *Call) error {
		in, err := DecodeJSON(c, readSendMessage)
		kept = in.Text
		return err
	}
	c := discarded(t, spec)
	for _, size := range []int{1_100, 8_000, 65_000, 300_000} {
		text := []byte(`{"event":"message","data":{"author":"ann","text":"` + strings.Repeat("x", size) + `","room":""}}`)
		const rounds = 50
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			c.Received(true, text, nop{})
		}
		runtime.ReadMemStats(&after)
		each, most := int(after.TotalAlloc-before.TotalAlloc)/rounds, size*5/4+200
		if size > maxAgain {
			most = 1000 // what came is lent to it
		}
		if size < 2000 {
			most += size // it is little that would be shared
		}
		if each > most || len(kept) != size {
			t.Errorf("%d bytes: each takes %d, at most %d", size, each, most)
		}
	}
}

type allow struct{}

func (allow) GuardMessage(context.Context, Message) error { return nil }

// TestLongReplies: the memory of a long reply is its own, and not the next one's.
func TestLongReplies(t *testing.T) {
	c := discarded(t, generatedSpec())
	var want []string
	for i := range 6 {
		text := strings.Repeat(string(rune('a'+i)), 30_000/(i%3+1))
		want = append(want, `{"event":"message","data":{"author":"ann","text":"`+text+`","room":""}}`)
		c.Received(true, []byte(want[i]), nop{})
	}
	for i, want := range want {
		var batch outbox.Batch
		c.member.Socket.Out().Next(&batch, 1) // one at a time
		if reply := batch.Join(nil); !strings.HasSuffix(string(reply), want) || len(reply) > len(want)+4 {
			t.Errorf("reply %d is %.80q", i, reply)
		}
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
	frame := frame.Text(typedMessage)
	for _, c := range []struct {
		name string
		how  hub.How
		fill int // pushes that wait
	}{
		{name: "idle"},
		{name: "full", fill: defaultOutboxFrames},
		{name: "full, shedding the oldest", how: hub.How{Overflow: hub.ShedOldest}, fill: defaultOutboxFrames},
		{name: "replacing", how: hub.How{Key: "k"}, fill: defaultOutboxFrames - 1},
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
