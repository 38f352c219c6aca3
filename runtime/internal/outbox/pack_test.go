package outbox_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// burst shares frames with some queues, one after the other, as a pusher does.
func burst(total *outbox.Budget, texts []string, queues ...*box) {
	for _, text := range texts {
		f := shared(text)
		f.Among(len(queues))
		for _, q := range queues {
			q.Share(f)
		}
		f.Settle(total)
	}
}

// numbered returns n texts from a number on.
func numbered(first, n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprintf("frame %03d", first+i))
	}
	return texts
}

// TestPacks: frames that many queues are handed out together are one entry of each,
// and are counted, kept, forgotten and taken back one by one nevertheless.
func TestPacks(t *testing.T) {
	const frames, burstOf = 25, 10
	kept := outbox.NewBudget(1 << 20)
	var queues []*box
	for range 5 {
		queues = append(queues, keeps(frames, 10_000, kept))
	}
	var writer outbox.Batch
	for round := range 6 {
		burst(nil, numbered(burstOf*round, burstOf), queues...)
		for _, q := range queues {
			q.Take(&writer, batch)
			q.Written(&writer)
		}
		sent := burstOf * (round + 1)
		for i, q := range queues {
			for n := range frames + 1 {
				want := strings.Join(numbered(sent-n, n), " ")
				if n > sent {
					want = "gap"
				}
				if got := after(q, uint64(max(0, sent-n))); n <= sent && got != want {
					t.Fatalf("round %d, queue %d, the last %d: %q", round, i, n, got)
				}
			}
			if sent > frames && after(q, uint64(sent-frames-1)) != "gap" {
				t.Errorf("round %d, queue %d: more is kept than may be", round, i)
			}
			if used, _ := q.Entries(); used > 2*(frames/burstOf+1) {
				t.Errorf("round %d, queue %d: %d entries", round, i, used)
			}
		}
	}
	// A socket takes the first two frames and a half of the next burst.
	q := queues[0]
	burst(nil, numbered(100, burstOf), q)
	q.Take(&q.writer, batch)
	if rest := q.Stuck(&q.writer, len("frame 100")*5/2); string(rest) != "e 102" {
		t.Fatalf("stuck at %q", rest)
	}
	if got := after(q, 60); got != strings.Join(numbered(100, 3), " ") || q.Sent() != 63 {
		t.Errorf("%d were sent, at last %q", q.Sent(), got)
	}
	for seq := uint64(63); seq >= 63-18; seq-- { // seven have been taken back
		if got := after(q, seq); got == "gap" {
			t.Errorf("what is behind %d is forgotten", seq)
		}
	}
	q.Forget(55)
	if got := after(q, 55); got != strings.Join(append(numbered(55, 5), numbered(100, 3)...), " ") || after(q, 54) != "gap" {
		t.Errorf("acknowledged: %q, and %q", got, after(q, 54))
	}
	q.Park(&q.writer)
	if got, want := q.rewound(57), strings.Join(append(numbered(57, 3), numbered(100, burstOf)...), " "); got != want {
		t.Errorf("again: %q, want %q", got, want)
	}
	for _, q := range queues {
		q.Abort()
	}
	if n := kept.Used(); n != 0 {
		t.Errorf("%d bytes still count", n)
	}
}

// TestPacksLate: some more may be there than is kept, so that bursts are forgotten as
// they came: up to a quarter, also in a ring that is full. Of frames that come alone
// it is four.
func TestPacksLate(t *testing.T) {
	const frames, burstOf = 40, 4
	var two []*box
	for range 2 { // so that the frames are shared
		two = append(two, keeps(frames, 10_000, nil))
	}
	var writer outbox.Batch
	sent := 0
	push := func(n int) {
		burst(nil, numbered(sent, n), two...)
		for _, q := range two {
			q.Take(&writer, batch)
			q.Written(&writer)
		}
		sent += n
	}
	holds := func(entries int) {
		t.Helper()
		q := two[1]
		if used, room := q.Entries(); used != entries || room > 2*frames {
			t.Errorf("%d sent: %d entries, want %d; room for %d", sent, used, entries, room)
		}
		if got := after(q, uint64(sent-frames)); got != strings.Join(numbered(sent-frames, frames), " ") || after(q, uint64(sent-frames-1)) != "gap" {
			t.Errorf("%d sent: kept is %q", sent, got)
		}
	}
	for range frames - 1 {
		push(1)
	}
	push(burstOf)
	holds(frames - 3) // as many frames as there may be
	push(burstOf)
	holds(frames - 6)
	for range 9 {
		push(burstOf)
	}
	holds(10)
	push(burstOf)
	holds(10) // one has gone for it
	push(15)
	holds(8) // three have, and three frames more would be
	push(15)
	holds(5)
	push(15)
	holds(3)
	push(19)
	holds(3) // two of 15, of which nine frames are beyond
	push(20)
	holds(3) // fourteen would have been too many: of the first one is left
	for range 4 {
		push(1)
	}
	holds(7) // four frames more
	push(1)
	holds(7) // and what is left of that burst is gone
}

// TestPacksTotal: what a pack counts towards the total is given back as it is
// forgotten, however that is.
func TestPacksTotal(t *testing.T) {
	for _, forget := range []struct {
		name string
		do   func(q *box)
	}{
		{"acknowledged", func(q *box) {
			for seq := range uint64(41) {
				q.Forget(seq)
			}
		}},
		{"at once", func(q *box) { q.Forget(1 << 40) }},
		{"aborted", func(q *box) { q.Abort() }},
		{"rewound", func(q *box) {
			q.ParkNext()
			q.Rewind(0)
		}},
	} {
		total := outbox.NewBudget(1 << 20)
		q := keeps(100, 50_000, total)
		for round := range 4 {
			burst(nil, numbered(10*round, 10), q)
			frames(q)
		}
		frames(q)
		if n := total.Used(); n < 40*17 {
			t.Errorf("%s: %d bytes count", forget.name, n)
		}
		if forget.do(q); total.Used() != 0 {
			t.Errorf("%s: %d bytes still count", forget.name, total.Used())
		}
	}
}

// TestNoPacks: what is heavy, few, a queue's own or more than may be kept lies in the
// ring frame by frame, so that nothing of it stays in memory which is forgotten.
func TestNoPacks(t *testing.T) {
	for _, c := range []struct {
		name          string
		frames, bytes int
		own           bool
		push, entries int
	}{
		{"light", 100, 10_000, false, 20, 1},
		{"heavy", 100, 20 * 17 * 8 / 2, false, 20, 20},
		{"few", 100, 10_000, false, 3, 3},
		{"own", 100, 10_000, true, 20, 20},
		{"more than is kept", 10, 10_000, false, 20, 14}, // the last four are not in the ring yet
	} {
		q := keeps(c.frames, c.bytes, nil)
		if texts := numbered(0, c.push); c.own {
			push(&q.Queue, texts...)
		} else {
			burst(nil, texts, q)
		}
		frames(q)
		if used, room := q.Entries(); used != c.entries || room < used {
			t.Errorf("%s: %d entries, room for %d, want %d", c.name, used, room, c.entries)
		}
		if got := after(q, uint64(c.push-min(c.push, c.frames))); got != strings.Join(numbered(c.push-min(c.push, c.frames), min(c.push, c.frames)), " ") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestKeptAlone: the queues of a broadcast keep one frame, also where it was their only
// one. Nothing holds it any more when the last of them has forgotten it, and the writer
// has settled, and once more behind others.
func TestKeptAlone(t *testing.T) {
	const size = 1 << 10
	var queues []*box
	for range 3 {
		queues = append(queues, keeps(100, 100_000, nil))
	}
	var writer outbox.Batch
	var memory []weak.Pointer[byte]
	broadcast := func() {
		bytes := make([]byte, size)
		memory = append(memory, weak.Make(&bytes[0]))
		f := new(outbox.Frame)
		f.Share(bytes)
		f.Among(len(queues))
		for _, q := range queues {
			q.Share(f)
		}
		f.Settle(nil)
	}
	take := func() {
		for _, q := range queues {
			q.Take(&writer, batch)
			q.Written(&writer)
		}
	}
	broadcast()
	take()
	for range 6 {
		broadcast()
	}
	take()
	for i, q := range queues {
		if got, ok := q.After(0); !ok || len(got) != 7 {
			t.Errorf("queue %d keeps %d", i, len(got))
		}
	}
	for _, q := range queues {
		q.Forget(1 << 40)
	}
	for range 2 {
		writer.Settle(nil)
	}
	gone := func() bool {
		runtime.GC()
		for _, m := range memory {
			if m.Value() != nil {
				return false
			}
		}
		return true
	}
	for end := time.Now().Add(10 * time.Second); !gone(); {
		if time.Now().After(end) {
			t.Fatal("somebody holds what all have forgotten")
		}
	}
	runtime.KeepAlive(queues)
	runtime.KeepAlive(&writer)
}
