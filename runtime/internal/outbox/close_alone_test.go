package outbox_test

import (
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// TestCloseAlone: of a queue that is held nothing is taken but what closes it, and
// what is pushed in the same moment is refused.
func TestCloseAlone(t *testing.T) {
	for _, last := range []string{"bye", ""} {
		total := outbox.NewBudget(1 << 20)
		q := &box{total: total}
		q.Limit(&outbox.Limits{Frames: 4, Bytes: 1000, Total: total})
		q.Hold()
		push(&q.Queue, "a", "b", "c")
		f := shared("d")
		q.Share(f)
		f.Settle(total)
		q.Pause()
		var end []byte
		if last != "" {
			end = []byte(last)
		}
		if v := q.CloseAlone(end); v != outbox.Schedule {
			t.Errorf("nobody comes to write it: %v", v)
		}
		if v := q.CloseAlone(nil); v != outbox.Closed {
			t.Error(v)
		}
		if v := q.Push([]byte("e")); v != outbox.Closed {
			t.Error(v)
		}
		q.Resume()
		if got := queued(q); got != last {
			t.Errorf("took %q", got)
		}
		if n, bytes := q.Len(); n != 0 || bytes != 0 || total.Used() != 0 {
			t.Error(n, bytes, total.Used())
		}
	}
}
