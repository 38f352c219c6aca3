package outbox_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// keeps is a queue that keeps so much.
func keeps(frames, bytes int, total *outbox.Budget) *box {
	q := new(box)
	q.Limit(&outbox.Limits{Frames: 100, Bytes: 10000})
	q.Keep(&outbox.Keeper{Frames: frames, Bytes: bytes, Total: total})
	return q
}

func push(q *outbox.Queue, texts ...string) {
	for _, text := range texts {
		q.Push([]byte(text))
	}
}

// after returns what is kept behind a place, and "gap" if not all of it is.
func after(q *box, seq uint64) string {
	frames, ok := q.After(seq)
	if !ok {
		return "gap"
	}
	return string(bytes.Join(frames, []byte(" ")))
}

// TestCounting: what is taken has a number, in the order that it is written in,
// and what was shed, replaced or went aside has none.
func TestCounting(t *testing.T) {
	q := keeps(10, 10000, nil)
	push(&q.Queue, "1")
	if n := q.Sent(); n != 0 {
		t.Error("counted when it was queued", n)
	}
	frames(q)
	if n, got := q.Sent(), after(q, 0); n != 1 || got != "1" {
		t.Error("what is in flight", n, got)
	}
	q.Aside([]byte("pong"))
	q.Share(shared("2"))
	q.Insist([]byte("3"))
	q.Offer(shared("k"), "key", false)
	q.Offer(shared("4"), "key", false)
	reply(&q.Queue, "5")
	q.Wait([]byte("6"))
	q.WaitAside([]byte("pong"))
	push(&q.Queue, "7")
	q.Close([]byte("bye"))
	if got, _ := frames(q); strings.Join(got, " ") != "pong 2 3 4 5 6 pong 7 bye" {
		t.Error(got)
	}
	if n, got := q.Sent(), after(q, 0); n != 7 || got != "1 2 3 4 5 6 7" {
		t.Error(n, got)
	}
	for seq, want := range map[uint64]string{3: "4 5 6 7", 6: "7", 7: "", 8: "gap"} {
		if got := after(q, seq); got != want {
			t.Errorf("after %d: %q, want %q", seq, got, want)
		}
	}
	shedding := new(box)
	shedding.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
	shedding.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
	for _, text := range []string{"1", "2", "3", "4"} {
		shedding.Offer(shared(text), "", true)
	}
	shedding.Aside([]byte("no room"))
	frames(shedding)
	if got := after(shedding, 0); got != "3 4" || shedding.Sent() != 2 {
		t.Error("what was shed has a number", got)
	}
}

// TestStamp: a ping says how many frames went before it, however they were
// taken, in memory of its own.
func TestStamp(t *testing.T) {
	q := keeps(10, 10000, nil)
	ping := []byte("ping--------")
	at := func(text string) uint64 {
		t.Helper()
		if len(text) != len(ping) || !strings.HasPrefix(text, "ping") {
			t.Fatalf("%q", text)
		}
		return binary.BigEndian.Uint64([]byte(text[4:]))
	}
	q.Stamp(ping)
	if got, _ := frames(q); at(got[0]) != 0 {
		t.Error(at(got[0]))
	}
	push(&q.Queue, "1", "2")
	q.Stamp(ping)
	push(&q.Queue, "3")
	q.Stamp(ping)
	got, _ := frames(q)
	if at(got[2]) != 2 || at(got[4]) != 3 {
		t.Error(at(got[2]), at(got[4]))
	}
	// The socket takes "1" only: then a push goes before the pings no more.
	q.Stuck(&q.writer, 1)
	if q.Sent() != 2 || after(q, 0) != "1 2" {
		t.Error(q.Sent(), after(q, 0))
	}
	q.Forget(2)
	if got, _ = frames(q); at(got[0]) != 2 || at(got[2]) != 3 {
		t.Error(at(got[0]), at(got[2]))
	}
	if string(ping) != "ping--------" {
		t.Errorf("the caller's is %q", ping)
	}
	if q.Sent() != 3 || after(q, 2) != "3" {
		t.Error(q.Sent(), after(q, 2))
	}
}

// TestForget: what the peer has is kept no more; a number that was acknowledged
// before, or is beyond all, is as good as any.
func TestForget(t *testing.T) {
	q := keeps(10, 10000, nil)
	push(&q.Queue, "1", "2", "3", "4")
	frames(q)
	for _, step := range []struct {
		seq, first uint64
		kept       string
	}{{2, 2, "3 4"}, {1, 2, "3 4"}, {3, 3, "4"}, {9, 4, ""}} {
		q.Forget(step.seq)
		if got, more := after(q, step.first), after(q, step.first-1); got != step.kept || more != "gap" {
			t.Errorf("%d: %q is kept, and %q", step.seq, got, more)
		}
	}
	if q.Sent() != 4 {
		t.Error(q.Sent())
	}
	push(&q.Queue, "5")
	frames(q)
	if after(q, 4) != "5" {
		t.Error(after(q, 4))
	}
}

// TestKeptBounds: beyond a bound the oldest frame is forgotten, and places before
// it are a gap.
func TestKeptBounds(t *testing.T) {
	for _, c := range []struct {
		frames, bytes, total int
		want                 string
	}{
		{3, 1000, 0, "c d e"},
		{10, 3 * 18, 0, "c d e"}, // 10 bytes and 8 each
		{10, 3*18 - 1, 0, "d e"},
		{10, 1000, 256, "e"}, // a total of one unit, of which others have none
		{0, 1000, 0, ""},
		{10, 17, 0, ""},
	} {
		for _, one := range []bool{true, false} { // taken one by one, or together
			var total *outbox.Budget
			size := 10
			if c.total > 0 {
				total, size = outbox.NewBudget(c.total), 200
			}
			q := keeps(c.frames, c.bytes, total)
			for _, text := range []string{"a", "b", "c", "d", "e"} {
				push(&q.Queue, text+strings.Repeat("-", size-1))
				if one {
					frames(q)
				}
			}
			frames(q)
			want := strings.Fields(c.want)
			first := uint64(5 - len(want))
			got, ok := q.After(first)
			if !ok || len(got) != len(want) {
				t.Fatalf("%+v: %q", c, got)
			}
			for i, f := range got {
				if string(f[:1]) != want[i] {
					t.Errorf("%+v: %q", c, got)
				}
			}
			if _, ok := q.After(first - 1); ok {
				t.Errorf("%+v: more is kept", c)
			}
			if q.Sent() != 5 {
				t.Errorf("%+v: %d sent", c, q.Sent())
			}
		}
	}
}

// TestKeptTotal: queues share a total, each forgets its own oldest when it is
// used up, and all of it is given back.
func TestKeptTotal(t *testing.T) {
	total := outbox.NewBudget(2048)
	first, second := keeps(100, 1<<20, total), keeps(100, 1<<20, total)
	text := strings.Repeat("x", 248)
	for i := range 10 {
		push(&first.Queue, text)
		frames(first)
		if got, ok := first.After(uint64(max(0, i-7))); !ok || len(got) != min(i+1, 8) {
			t.Fatal(i, len(got), ok)
		}
	}
	push(&second.Queue, "1")
	frames(second)
	if after(second, 0) != "gap" || after(second, 1) != "" {
		t.Error("there was nothing left for it", after(second, 0))
	}
	first.Forget(3)
	push(&second.Queue, "2")
	frames(second)
	if after(second, 1) != "2" {
		t.Error(after(second, 1))
	}
	if n := total.Used(); n != 7*256+256 {
		t.Error(n, "bytes count")
	}
	first.Abort()
	second.Close(nil)
	frames(second)
	if n := total.Used(); n != 0 {
		t.Error(n, "bytes still count")
	}
}

// TestAmong: a frame for many counts a share of its bytes in each queue.
func TestAmong(t *testing.T) {
	for _, c := range []struct{ size, among, weight int }{
		{1000, 0, 1008},
		{1000, 1, 1008},
		{1000, 10, 108},
		{1000, 5000, 9},
		{32<<10 - 1, 1, 32<<10 + 7},
		{32 << 10, 1, 32<<10 + 8},
		{100_000, 2, 13*4096 + 8}, // a large share is rounded up to 4 KiB
	} {
		for _, key := range []string{"", "key"} {
			for _, fits := range []bool{true, false} {
				bytes := c.weight
				if !fits {
					bytes--
				}
				q := keeps(10, bytes, nil)
				f := new(outbox.Frame)
				f.Share(make([]byte, c.size))
				f.Among(c.among)
				q.Offer(f, key, false)
				f.Settle(nil)
				frames(q)
				if _, ok := q.After(0); ok != fits {
					t.Errorf("%+v key=%q: it is kept within %d bytes: %t", c, key, bytes, ok)
				}
			}
		}
	}
}

// TestMany: a frame that more queues have than fit into its pusher's count is
// counted until the last of them has let go of it.
func TestMany(t *testing.T) {
	const many = 1<<17 + 5
	total := outbox.NewBudget(1 << 20)
	limits := &outbox.Limits{Frames: 3, Bytes: 1000, Total: total}
	queues := make([]outbox.Queue, many)
	f := shared("frame")
	for i := range queues {
		queues[i].Limit(limits)
		push(&queues[i], "first")
		if v := queues[i].Share(f); !v.Accepted() {
			t.Fatal(i, v)
		}
	}
	f.Settle(total)
	var b outbox.Batch
	for i := range queues {
		if n := total.Used(); n != 5 {
			t.Fatalf("%d bytes count, and %d have it", n, many-i)
		}
		queues[i].Take(&b, batch)
		queues[i].Written(&b)
		b.Settle(total)
	}
	if n := total.Used(); n != 0 {
		t.Errorf("%d bytes still count", n)
	}
}

// TestPark: a queue that is parked hands nothing out, whoever comes, and takes
// frames within its bounds.
func TestPark(t *testing.T) {
	q := new(box)
	q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
	q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
	gone := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	c := q.ParkNext()
	if !gone(c) {
		t.Error("nobody has it")
	}
	push(&q.Queue, "1", "2")
	if v, s := q.Push([]byte("3")), q.Steal(&q.writer, batch); v != outbox.Stalled || s != outbox.Waits {
		t.Error(v, s)
	}
	q.Stall()
	if o := q.Offer(shared("3"), "", true); o.Shed != 1 || o.Verdict != outbox.Queued {
		t.Error(o)
	}
	if q.Sent() != 0 || !q.Waits() {
		t.Error(q.Sent())
	}
	if v := q.Unpark(); v != outbox.Schedule || q.Stalled() {
		t.Error(v)
	}
	// A caller is to come, and comes for nothing.
	if c = q.ParkNext(); gone(c) {
		t.Error("a caller is still to come")
	}
	if got, closed := frames(q); got != nil || closed || !gone(c) {
		t.Error(got, closed, gone(c))
	}
	if v := q.Unpark(); v != outbox.Schedule {
		t.Error(v)
	}
	// Another writes in the place of one that is still to come: both have it.
	c = q.ParkNext()
	q.Unpark()
	if !gone(c) {
		t.Error("it is not parked any more")
	}
	var thief outbox.Batch
	if s := q.Steal(&thief, 1); s != outbox.Stolen || texts(&thief) != "2" {
		t.Error(s, texts(&thief))
	}
	c = q.ParkNext()
	if more, closed := q.Written(&thief); more || closed || gone(c) {
		t.Error(more, closed, gone(c))
	}
	if frames(q); !gone(c) {
		t.Error("nobody has it")
	}
	if v := q.Unpark(); v != outbox.Schedule {
		t.Error(v)
	}
	// A writer leaves it.
	frames(q)
	if c = q.ParkNext(); gone(c) || q.ParkNext() != c {
		t.Error("a writer has it")
	}
	push(&q.Queue, "4")
	if got, _ := frames(q); got != nil || !gone(c) {
		t.Error(got)
	}
	if after(q, 0) != "2 3" {
		t.Error(after(q, 0))
	}
	if v := q.Unpark(); v != outbox.Schedule {
		t.Error(v)
	}
	if got, _ := frames(q); len(got) != 1 || got[0] != "4" {
		t.Error(got)
	}
}

// TestParkedHasHalf: a queue that is parked has no peer that takes anything, so
// it gets no more than the first half of the total.
func TestParkedHasHalf(t *testing.T) {
	for _, park := range []bool{true, false} {
		total := outbox.NewBudget(64 << 10)
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 1000, Bytes: 1 << 20, Total: total})
		q.Keep(keeper())
		if park {
			q.ParkNext()
		}
		for q.Push(make([]byte, 1000)).Accepted() {
		}
		if n := total.Used(); n > 32<<10 == park {
			t.Errorf("parked=%t: it may have %d bytes", park, n)
		}
	}
}

// TestParkBroken: what a socket broke in has its number and is kept, and so has
// what was taken with it, unless Stuck has put it back.
func TestParkBroken(t *testing.T) {
	for _, c := range []struct {
		taken         int // bytes that the socket takes of aa bb pong cc; -1: it says nothing
		sent, waiting string
	}{
		{-1, "aa bb cc", "dd"},
		{0, "aa", "bb pong cc dd"},
		{3, "aa bb", "pong cc dd"},
		{5, "aa bb", "cc dd"},
		{9, "aa bb cc", "dd"},
	} {
		q := keeps(10, 10000, nil)
		push(&q.Queue, "aa", "bb")
		q.Aside([]byte("pong"))
		push(&q.Queue, "cc")
		q.Take(&q.writer, batch)
		push(&q.Queue, "dd")
		parked := q.ParkNext()
		if c.taken >= 0 {
			q.Stuck(&q.writer, c.taken)
		}
		if closed := q.Park(&q.writer); closed || q.writer.Len() > 0 {
			t.Error(c, closed, q.writer.Len())
		}
		<-parked
		if got := after(q, 0); got != c.sent {
			t.Errorf("%+v: sent %q", c, got)
		}
		if v := q.Unpark(); v != outbox.Schedule {
			t.Error(c, v)
		}
		if got := queued(q); got != c.waiting {
			t.Errorf("%+v: behind it %q", c, got)
		}
		if got := after(q, 0); got != "aa bb cc dd" {
			t.Errorf("%+v: all in all %q", c, got)
		}
	}
}

// TestParkEnds: a queue that is parked and closes is told to be over once: by
// Abort, after Unpark, or by the writer that has nothing left.
func TestParkEnds(t *testing.T) {
	told := func(t *testing.T, q *box) {
		t.Helper()
		if _, closed := frames(q); !closed {
			t.Error("not told")
		}
		if q.Abort() != outbox.Queued || q.Unpark() != outbox.Queued {
			t.Error("told twice")
		}
		select {
		case <-q.ParkNext():
		default:
			t.Error("nobody has it")
		}
	}
	t.Run("aborted", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		q.ParkNext()
		push(&q.Queue, "1")
		if v := q.Close([]byte("bye")); v != outbox.Queued {
			t.Error(v)
		}
		if v := q.Abort(); v != outbox.Schedule {
			t.Error(v)
		}
		told(t, q)
	})
	t.Run("unparked", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		q.ParkNext()
		q.Close([]byte("bye"))
		if q.Unpark() != outbox.Schedule {
			t.Error("nobody comes")
		}
		if got := queued(q); got != "bye" {
			t.Error(got)
		}
		if !q.Over() {
			t.Error("not over")
		}
	})
	t.Run("closed without a frame", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		q.ParkNext()
		q.Close(nil)
		if q.Unpark() != outbox.Schedule {
			t.Error("nobody comes")
		}
		told(t, q)
	})
	t.Run("broken in the Close", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		q.Close([]byte("bye"))
		q.Take(&q.writer, batch)
		q.Stuck(&q.writer, 1)
		if !q.Park(&q.writer) {
			t.Error("nothing is left, and nobody is told")
		}
		if q.Unpark() != outbox.Queued {
			t.Error("told twice")
		}
	})
	t.Run("aborted in flight", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		push(&q.Queue, "1", "2")
		q.Take(&q.writer, batch)
		c := q.ParkNext()
		q.Abort()
		select {
		case <-c:
			t.Error("a writer has it")
		default:
		}
		q.Stuck(&q.writer, 0)
		if !q.Park(&q.writer) {
			t.Error("not told")
		}
		<-c
		if q.Unpark() != outbox.Queued {
			t.Error("told twice")
		}
	})
}

// TestParkWait: who waits for room waits until the queue is parked no more, and
// is told when it closes. Who waits with a frame for the socket does not wait for
// another, even if that has come by then.
func TestParkWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 1, Bytes: 100})
		q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
		push(&q.Queue, "1")
		wait := func(wait func([]byte) outbox.Verdict, frame string) <-chan outbox.Verdict {
			verdict := make(chan outbox.Verdict, 1)
			go func() { verdict <- wait([]byte(frame)) }()
			synctest.Wait()
			return verdict
		}
		aside, second := wait(q.WaitAside, "aside"), wait(q.Wait, "2")
		q.Take(&q.writer, batch)
		q.ParkNext()
		q.Park(&q.writer)
		q.Rewind(1)
		q.Unpark()
		if v := <-aside; v != outbox.Full {
			t.Error("a frame for the socket that is gone:", v)
		}
		if v := <-second; !v.Accepted() {
			t.Error(v)
		}
		third := wait(q.WaitAside, "3")
		frames(q)
		frames(q)
		if v := <-third; !v.Accepted() {
			t.Error(v)
		}
		fourth := wait(q.Wait, "4")
		q.Abort()
		if v := <-fourth; v != outbox.Closed {
			t.Error(v)
		}
	})
}

// TestWithoutKeeper: frames go aside of a queue that keeps nothing as any that
// must not be shed.
func TestWithoutKeeper(t *testing.T) {
	var q box
	q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
	q.Aside([]byte("1"))
	q.WaitAside([]byte("2"))
	if o := q.Offer(shared("3"), "", true); o.Shed != 0 {
		t.Error(fmt.Sprint(o))
	}
	if got := queued(&q); got != "1 2" {
		t.Error(got)
	}
}

// TestWaitModest: one that sends many frames has half of the bounds of a queue with a
// Keeper, and while that is parked those who do not wait have the rest. Once it is
// written on it goes first again.
func TestWaitModest(t *testing.T) {
	for _, c := range []struct {
		name          string
		frames, bytes int
		keeps         bool
		taken, pushes int
	}{
		{"frames", 8, 1000, true, 4, 4},
		{"an odd number", 5, 1000, true, 2, 3},
		{"bytes", 100, 80, true, 4, 4},
		{"one", 1, 1000, true, 1, 0},
		{"no Keeper", 8, 1000, false, 8, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const text = "ten bytes."
				q := new(box)
				q.Limit(&outbox.Limits{Frames: c.frames, Bytes: c.bytes})
				q.Hold()
				if c.keeps {
					q.Keep(&outbox.Keeper{Frames: 100, Bytes: 1000})
					q.ParkNext()
				}
				var taken atomic.Int32
				done := make(chan struct{})
				go func() {
					for q.WaitModest([]byte(text), done).Accepted() {
						taken.Add(1)
					}
				}()
				synctest.Wait()
				if n := taken.Load(); int(n) != c.taken {
					t.Errorf("%d were taken, want %d", n, c.taken)
				}
				for _, push := range []func() outbox.Verdict{
					func() outbox.Verdict { return q.Push([]byte(text)) },
					func() outbox.Verdict { return q.Offer(shared(text), "", true).Verdict },
					func() outbox.Verdict { return q.Copy([]byte(text)) },
					func() outbox.Verdict { return q.Share(shared(text)) },
				}[:c.pushes] {
					if v := push(); v != outbox.Queued {
						t.Errorf("a push that has room: %v", v)
					}
				}
				if v := q.Push([]byte(text)); !v.Refused() {
					t.Errorf("a push too many: %v", v)
				}
				q.Resume()
				if c.keeps {
					q.Unpark()
				}
				q.takeSome(2)
				if v := q.Push([]byte(text)); c.pushes > 0 && v != outbox.Full { // there is room, but not in half of the bounds
					t.Errorf("a push in front of one that waits: %v", v)
				}
				for range 50 {
					q.takeSome(1)
					synctest.Wait()
				}
				if taken.Load() < 20 {
					t.Error("it waits on")
				}
				close(done)
				q.Abort()
			})
		})
	}
}
