package ws

import (
	"log/slog"
	"math"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// TestDispatchBudget: what a message may allocate on its way from its frame to
// the queued reply.
func TestDispatchBudget(t *testing.T) {
	if racing {
		t.Skip("the race detector makes sync.Pool drop what it is given, so allocations do not count")
	}
	text := []byte(typedMessage)
	c := discarded(t, generatedSpec())
	var batch [][]byte
	for _, budget := range []struct {
		what string
		max  float64
		do   func()
	}{
		{"cutting the envelope", 0, func() { _, _ = envelope.Parse(text) }},
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

// TestEmitWith: what has no JSON, and what is no event, is refused in the words
// of Target.Emit.
func TestEmitWith(t *testing.T) {
	all := NewServer(Options{Logger: slog.New(slog.DiscardHandler)}).All()
	for event, v := range map[string]float64{"nan": math.NaN(), "inf": math.Inf(-1), "$own": 1, "": 1, "error": 1, "fine": 1e21} {
		n, err := EmitWith(all, event, v, WriteFloat64)
		want, wantErr := all.Emit(event, v)
		if n != want || (err == nil) != (event == "fine") || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%q: %d %v, want %d %v", event, n, err, want, wantErr)
		}
	}
}
