package outbox_test

import (
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// TestTakeLone: one frame that is short enough is taken, with its key or without, and
// the caller is the writer then. In any other case nothing has changed, and the caller
// has its task yet.
func TestTakeLone(t *testing.T) {
	for name, c := range map[string]struct {
		before func(q *outbox.Queue)
		want   string // what TakeLone takes; "" is nothing
		then   string // what Take takes
	}{
		"one":          {func(q *outbox.Queue) { q.Push([]byte("1234")) }, "1234", ""},
		"with a key":   {func(q *outbox.Queue) { q.Offer(shared("1234"), "key", false) }, "1234", ""},
		"a Close":      {func(q *outbox.Queue) { q.Close([]byte("bye")) }, "bye", ""},
		"too long":     {func(q *outbox.Queue) { q.Push([]byte("12345")) }, "", "12345"},
		"two":          {func(q *outbox.Queue) { q.Push([]byte("1")); q.Push([]byte("2")) }, "", "1 2"},
		"two in one":   {func(q *outbox.Queue) { q.Copy([]byte("1")); q.Copy([]byte("2")) }, "", "12"},
		"none":         {func(q *outbox.Queue) { q.Close(nil) }, "", ""},
		"one, paused":  {func(q *outbox.Queue) { q.Push([]byte("1")); q.Pause() }, "", ""},
		"the rest":     {func(q *outbox.Queue) { q.Push([]byte("1")); written(q); q.Push([]byte("2")) }, "2", ""},
		"of a replied": {func(q *outbox.Queue) { q.Insist([]byte("1")) }, "1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var q outbox.Queue
			c.before(&q)
			var b, other outbox.Batch
			if ok := q.TakeLone(&b, 4); ok != (c.want != "") || texts(&b) != c.want {
				t.Fatalf("%t %q, want %q", ok, texts(&b), c.want)
			}
			if v := q.Push([]byte("x")); c.want != "" && v == outbox.Schedule {
				t.Error("another is to write meanwhile")
			}
			if c.want == "" && !q.Waits() && name != "none" {
				t.Error("nothing waits any more")
			}
			if q.TakeLone(&other, 4) {
				t.Error("there are two writers, or two frames were one")
			}
			if c.want != "" {
				if more, closed := q.Written(&b); !closed && !more {
					t.Error("nobody comes for what was pushed meanwhile")
				}
				return
			}
			closed := q.Take(&b, batch)
			if got := texts(&b); name != "none" && c.then != "" && got != c.then+" x" {
				t.Errorf("Take takes %q", got)
			}
			if closed != (name == "none") {
				t.Error("the end is told wrongly", closed)
			}
		})
	}
}

// written takes and writes what is in a queue.
func written(q *outbox.Queue) {
	var b outbox.Batch
	q.Take(&b, batch)
	q.Written(&b)
}

// TestMayWait: a writer that has turned out to be one that may wait keeps its frame.
func TestMayWait(t *testing.T) {
	var q outbox.Queue
	var b outbox.Batch
	q.Push([]byte("1"))
	if !q.TakeLone(&b, 4) {
		t.Fatal("not taken")
	}
	q.MayWait(&b)
	q.Push([]byte("2"))
	if !b.Patient || texts(&b) != "1" {
		t.Error(b.Patient, texts(&b))
	}
	if q.Next(&b, batch); texts(&b) != "2" {
		t.Error(texts(&b))
	}
	if closed := q.Next(&b, batch); closed || b.Len() > 0 || q.Waits() {
		t.Error("something is left")
	}
}
