package outbox_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// reply copies a text from memory that is overwritten right afterwards.
func reply(q *outbox.Queue, text string) outbox.Verdict {
	frame := []byte(text)
	v := q.Copy(frame)
	for i := range frame {
		frame[i] = '?'
	}
	return v
}

// busy has another queue use the block that was given back last.
func busy() {
	var q outbox.Queue
	var b outbox.Batch
	reply(&q, strings.Repeat("!", outbox.Block))
	q.Take(&b, batch)
	q.Written(&b)
}

// TestCopy: replies are one run of bytes where nothing comes between them, and
// count as the frames that they are.
func TestCopy(t *testing.T) {
	long := strings.Repeat("l", outbox.Block-4)
	tests := []struct {
		name string
		fill func(q *outbox.Queue)
		want string
	}{
		{"one", func(q *outbox.Queue) { reply(q, "1") }, "1"},
		{"a run", func(q *outbox.Queue) { reply(q, "1"); reply(q, "2"); reply(q, "3") }, "123"},
		{"behind a push", func(q *outbox.Queue) { q.Push([]byte("p")); reply(q, "1"); reply(q, "2") }, "p 1 2"},
		{"a push between", func(q *outbox.Queue) { reply(q, "1"); q.Push([]byte("p")); reply(q, "2") }, "1 p 2"},
		{"a push behind a run", func(q *outbox.Queue) { reply(q, "1"); reply(q, "2"); q.Push([]byte("p")) }, "12 p"},
		{"as much as a block has", func(q *outbox.Queue) { reply(q, long); reply(q, "1234"); reply(q, "5") }, long + "1234 5"},
		{"longer than a block", func(q *outbox.Queue) { reply(q, long+"12345"); reply(q, "6") }, long + "12345 6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var q outbox.Queue
			var b outbox.Batch
			tt.fill(&q)
			if q.Take(&b, batch); texts(&b) != tt.want {
				t.Error(texts(&b))
			}
			if all := string(b.Join(nil)); all != strings.ReplaceAll(tt.want, " ", "") {
				t.Error(all)
			}
			q.Written(&b)
			if frames, bytes := q.Len(); frames != 0 || bytes != 0 {
				t.Error(frames, bytes)
			}
		})
	}
}

// TestCopyBounds: a run has no more room than its frames had each for itself.
func TestCopyBounds(t *testing.T) {
	total := outbox.NewBudget(64 << 10)
	var q outbox.Queue
	var b outbox.Batch
	q.Limit(&outbox.Limits{Frames: 3, Bytes: 1 << 20, Total: total})
	text := strings.Repeat("1", 1500)
	for i := range 3 {
		if v := reply(&q, text); !v.Accepted() {
			t.Fatal(i, v)
		}
	}
	if v := reply(&q, "4"); v != outbox.Full {
		t.Error("more frames than the bound", v)
	}
	if frames, bytes := q.Len(); frames != 3 || bytes != 4500 {
		t.Error(frames, bytes)
	}
	if o := q.Offer(shared("p"), "", true); o.Shed > 0 || o.Verdict != outbox.Full {
		t.Error("a reply was shed for a push", o)
	}
	counted := func(when string) {
		if total.Used() < 3000 { // all but the one that found the queue empty
			t.Errorf("%s %d bytes count towards the total", when, total.Used())
		}
	}
	counted("queued")
	q.Take(&b, batch)
	if v := reply(&q, "4"); v != outbox.Full {
		t.Error("what is in flight does not count", v)
	}
	counted("in flight")
	q.Written(&b)
	if total.Used() != 0 {
		t.Errorf("%d bytes still count", total.Used())
	}
	q.Close(nil)
	if v := reply(&q, "5"); v != outbox.Closed {
		t.Error(v)
	}
}

// TestCopyAborted: frames that an abort drops are not sent, and count no more.
func TestCopyAborted(t *testing.T) {
	total := outbox.NewBudget(64 << 10)
	var q outbox.Queue
	var b outbox.Batch
	q.Limit(&outbox.Limits{Frames: 9, Bytes: 1 << 20, Total: total})
	reply(&q, "1")
	reply(&q, "2")
	q.Abort()
	if closed := q.Take(&b, batch); !closed || b.Len() > 0 || total.Used() != 0 {
		t.Error(closed, texts(&b), total.Used())
	}
}

// TestCopyStuck: wherever a socket stops, the bytes that it has not taken still
// follow, though the block is another's by then.
func TestCopyStuck(t *testing.T) {
	for n := range len("112233pq") {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			total := outbox.NewBudget(64 << 10)
			var q outbox.Queue
			var b outbox.Batch
			q.Limit(&outbox.Limits{Frames: 9, Bytes: 1 << 20, Total: total})
			for _, text := range []string{"11", "22", "33"} {
				reply(&q, text)
			}
			q.Push([]byte("p"))
			q.Push([]byte("q"))
			q.Take(&b, batch)
			sent := append([]byte(nil), b.Join(nil)[:n]...)
			rest := q.Stuck(&b, n)
			busy()
			reply(&q, "44") // behind the others
			for b.Len() > 0 {
				sent = append(sent, rest...)
				q.Next(&b, batch)
				busy()
				rest = b.Join(nil)
			}
			if string(sent) != "112233pq44" {
				t.Errorf("%s", sent)
			}
			if frames, bytes := q.Len(); frames != 0 || bytes != 0 || total.Used() != 0 {
				t.Error(frames, bytes, total.Used())
			}
		})
	}
}

// TestCopyConcurrent: a connection answers and is pushed to, with a socket that
// takes a part now and then. All frames arrive, whole, and replies in their
// order.
func TestCopyConcurrent(t *testing.T) {
	const each, conns = 2000, 4
	total := outbox.NewBudget(1 << 20)
	limits := &outbox.Limits{Frames: 32, Bytes: 1 << 14, Total: total}
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			var q outbox.Queue
			q.Limit(limits)
			var got bytes.Buffer
			var flushes, pushes sync.WaitGroup
			flush := func() {
				var b outbox.Batch
				q.Take(&b, batch)
				for b.Len() > 0 {
					all := b.Join(nil)
					if n := rand.IntN(2 * len(all)); n < len(all) {
						got.Write(all[:n])
						all = q.Stuck(&b, n)
					}
					got.Write(all)
					q.Next(&b, batch)
				}
				b.Settle(total)
			}
			pushes.Go(func() {
				for range each {
					if v := q.Push([]byte("p.")); v == outbox.Schedule {
						flushes.Go(flush)
					}
				}
			})
			frame := make([]byte, 0, 32)
			for i := range each {
				frame = fmt.Appendf(frame[:0], "%d.", i)
				v := q.Copy(frame)
				if v.Refused() {
					v = q.Wait([]byte(fmt.Sprintf("%d.", i)))
				}
				if v == outbox.Schedule {
					flushes.Go(flush)
				}
			}
			pushes.Wait()
			flushes.Wait()
			next := 0
			for text := range strings.SplitSeq(strings.TrimSuffix(got.String(), "."), ".") {
				if text == "p" {
					continue
				}
				if text != fmt.Sprint(next) {
					t.Errorf("%q where %d was to come", text, next)
					return
				}
				next++
			}
			if next != each {
				t.Errorf("%d of %d replies arrived", next, each)
			}
		})
	}
	wg.Wait()
	if total.Used() != 0 {
		t.Errorf("%d bytes still count", total.Used())
	}
}
