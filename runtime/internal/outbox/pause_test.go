package outbox_test

import (
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// TestPause: nothing is taken of a queue that is paused, whoever comes for it, and
// the end of the pause has it flushed. What a writer has in flight is written.
func TestPause(t *testing.T) {
	t.Run("a caller comes", func(t *testing.T) {
		var q outbox.Queue
		var b outbox.Batch
		if v := q.Push([]byte("1")); v != outbox.Schedule {
			t.Fatal(v)
		}
		q.Pause()
		if closed := q.Take(&b, batch); b.Len() > 0 || closed {
			t.Fatal(texts(&b), closed)
		}
		if v := q.Insist([]byte("2")); v != outbox.Queued {
			t.Fatal(v)
		}
		if s := q.Steal(&b, batch); s != outbox.Waits {
			t.Fatal("stolen from a paused queue", s)
		}
		if v := q.Unpause(); v != outbox.Schedule {
			t.Fatal(v)
		}
		if q.Take(&b, batch); texts(&b) != "1 2" {
			t.Fatal(texts(&b))
		}
	})
	t.Run("a caller is still to come", func(t *testing.T) {
		var q outbox.Queue
		var b outbox.Batch
		q.Push([]byte("1"))
		q.Pause()
		if v := q.Unpause(); v != outbox.Queued {
			t.Fatal("two callers", v)
		}
		if q.Take(&b, batch); texts(&b) != "1" {
			t.Fatal(texts(&b))
		}
	})
	t.Run("a writer writes", func(t *testing.T) {
		var q outbox.Queue
		var b outbox.Batch
		q.Push([]byte("1"))
		q.Take(&b, batch)
		q.Pause()
		q.Push([]byte("2"))
		if closed := q.Next(&b, batch); b.Len() > 0 || closed {
			t.Fatal(texts(&b), closed)
		}
		if v := q.Unpause(); v != outbox.Schedule {
			t.Fatal("the writer has left, and nobody comes", v)
		}
		q.Take(&b, batch)
		q.Pause()
		if more, closed := q.Written(&b); more || closed {
			t.Fatal(more, closed)
		}
		if v := q.Unpause(); v != outbox.Queued {
			t.Fatal("there is nothing to flush", v)
		}
	})
	t.Run("held as well", func(t *testing.T) {
		for _, pauseFirst := range []bool{true, false} {
			var q outbox.Queue
			q.Hold()
			q.Pause()
			q.Push([]byte("1"))
			first, second := q.Resume, q.Unpause
			if pauseFirst {
				first, second = second, first
			}
			if v := first(); v != outbox.Queued {
				t.Fatal(pauseFirst, v)
			}
			if v := second(); v != outbox.Schedule {
				t.Fatal(pauseFirst, v)
			}
		}
	})
	t.Run("an end", func(t *testing.T) {
		var closed, aborted outbox.Queue
		var b outbox.Batch
		for _, q := range []*outbox.Queue{&closed, &aborted} {
			q.Pause()
			q.Push([]byte("1"))
		}
		if v := closed.Close([]byte("bye")); v != outbox.Schedule {
			t.Fatal(v)
		}
		if closed.Take(&b, batch); texts(&b) != "1 bye" {
			t.Fatal(texts(&b))
		}
		if v := aborted.Abort(); v != outbox.Schedule {
			t.Fatal(v)
		}
		for _, q := range []*outbox.Queue{&closed, &aborted} {
			q.Pause()
			if v := q.Unpause(); v == outbox.Schedule && q == &closed {
				t.Fatal("its writer is there")
			}
		}
		if more, ended := closed.Written(&b); more || !ended {
			t.Fatal(more, ended)
		}
	})
}
