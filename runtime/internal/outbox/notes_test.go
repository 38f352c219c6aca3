package outbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// shed is what a note says.
func shed(n int) []byte { return fmt.Appendf(nil, "-%d", n) }

// takeSome takes frames one by one.
func (q *box) takeSome(n int) string {
	var all []string
	for range n {
		got, _ := q.take(1)
		all = append(all, got...)
	}
	q.Written(&q.writer)
	return strings.Join(all, " ")
}

// rewound parks a queue, takes back what is behind seq, and returns what is handed
// out then.
func (q *box) rewound(seq uint64) string {
	q.ParkNext()
	if !q.Rewind(seq) {
		return "gap"
	}
	q.Unpark()
	return queued(q)
}

// TestNotesAgain: what says that others were shed is handed out again where it was,
// if the peer may not have had it, and is not counted.
func TestNotesAgain(t *testing.T) {
	for _, c := range []struct {
		seq  uint64
		want string
	}{
		{0, "-1 a -2 b c -3"}, {1, "-2 b c -3"}, {2, "c -3"}, {3, "-3"},
	} {
		q := keeps(10, 1000, nil)
		q.Note(1, false, shed)
		push(&q.Queue, "a")
		q.Note(2, false, shed)
		push(&q.Queue, "b", "c")
		q.Note(3, false, shed)
		if got := q.takeSome(6); got != "-1 a -2 b c -3" || q.Sent() != 3 {
			t.Fatalf("took %s, which are %d", got, q.Sent())
		}
		for again := range 2 { // as often as it is asked for
			if got := q.rewound(c.seq); got != c.want || q.Sent() != 3 {
				t.Errorf("%d behind %d: %s, want %s; %d were sent", again, c.seq, got, c.want, q.Sent())
			}
		}
		if n, bytes := q.Len(); n != 0 || bytes != 0 {
			t.Errorf("%d frames, %d bytes are left", n, bytes)
		}
	}
	t.Run("acknowledged", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		q.Note(1, false, shed)
		push(&q.Queue, "a", "b")
		q.takeSome(3)
		if q.Forget(1); q.rewound(1) != "b" {
			t.Error("the peer has had what is before a")
		}
	})
	t.Run("still queued", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		push(&q.Queue, "a")
		q.takeSome(1)
		q.Note(1, false, shed)
		if got := q.rewound(0); got != "a -1" {
			t.Error(got)
		}
	})
	t.Run("not taken", func(t *testing.T) {
		q := keeps(10, 1000, nil)
		push(&q.Queue, "a")
		q.Note(1, false, shed)
		q.Note(2, false, shed)
		push(&q.Queue, "b")
		q.Take(&q.writer, 100)
		if rest := q.Stuck(&q.writer, 0); string(rest) != "a" {
			t.Fatalf("%s", rest)
		}
		q.Park(&q.writer)
		if got := q.rewound(0); got != "a -3 b" {
			t.Error(got)
		}
	})
	t.Run("nothing but losses", func(t *testing.T) {
		q := keeps(4, 1000, nil)
		for n := range 100 {
			q.Note(n+1, false, shed)
			q.takeSome(1)
		}
		if got := q.rewound(0); got != "-5050" {
			t.Error(got)
		}
	})
	t.Run("losses before what is not taken", func(t *testing.T) {
		q := keeps(1, 1000, nil)
		q.Note(1, false, shed)
		q.takeSome(1)
		q.Note(2, false, shed)
		q.Aside([]byte("ping"))
		q.Note(4, false, shed)
		push(&q.Queue, "a")
		q.Note(8, false, shed)
		q.Take(&q.writer, 100)
		if rest := q.Stuck(&q.writer, 0); string(rest) != "-2" {
			t.Fatalf("%s", rest)
		}
		q.Park(&q.writer)
		if got := q.rewound(0); got != "-3 -4 a -8" {
			t.Error(got)
		}
		if got := q.rewound(0); got != "-7 a -8" {
			t.Error(got)
		}
	})
	t.Run("further back than what is kept", func(t *testing.T) {
		q := keeps(2, 1000, nil)
		q.Note(1, false, shed)
		push(&q.Queue, "a", "b", "c", "d")
		q.takeSome(5)
		if got := q.rewound(0); got != "gap" {
			t.Error(got)
		}
		if got := q.rewound(2); got != "c d" {
			t.Error(got)
		}
	})
}

// TestTell: a frame that must arrive is queued beyond the bounds, is never shed nor
// counted, and is handed out again behind what it belongs to, each of them however
// many there are.
func TestTell(t *testing.T) {
	tell := func(q *box, texts ...string) {
		for _, text := range texts {
			if v := q.Tell([]byte(text)); !v.Accepted() {
				t.Errorf("%s: %v", text, v)
			}
		}
	}
	for _, c := range []struct {
		seq  uint64
		want string
	}{
		{0, "a b !a c !b !c"}, {1, "b !a c !b !c"}, {2, "!a c !b !c"}, {3, "!b !c"},
	} {
		q := keeps(10, 1000, nil)
		push(&q.Queue, "a", "b")
		tell(q, "!a")
		push(&q.Queue, "c")
		tell(q, "!b", "!c")
		if got := q.takeSome(6); got != "a b !a c !b !c" || q.Sent() != 3 {
			t.Fatalf("took %s, which are %d", got, q.Sent())
		}
		for again := range 2 { // as often as it is asked for
			if got := q.rewound(c.seq); got != c.want || q.Sent() != 3 {
				t.Errorf("%d behind %d: %s, want %s; %d were sent", again, c.seq, got, c.want, q.Sent())
			}
		}
		if q.Forget(3); q.rewound(3) != "!b !c" {
			t.Error("the peer has had what is before them, and that is all that is known")
		}
		if n, bytes := q.Len(); n != 0 || bytes != 0 {
			t.Errorf("%d frames, %d bytes are left", n, bytes)
		}
	}
	t.Run("full", func(t *testing.T) {
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
		q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
		push(&q.Queue, "a", "b")
		if v := q.Aside([]byte("pong")); !v.Refused() {
			t.Error(v)
		}
		tell(q, "!a")
		q.Offer(shared("c"), "", true)
		tell(q, "!b")
		if got := queued(q); got != "!a c !b" {
			t.Error(got)
		}
	})
	t.Run("without a Keeper", func(t *testing.T) {
		var q box
		q.Limit(&outbox.Limits{Frames: 1, Bytes: 100})
		push(&q.Queue, "a")
		tell(&q, "!a", "!b")
		if got := queued(&q); got != "a !a !b" {
			t.Error(got)
		}
		if q.Close(nil); q.Tell([]byte("!c")) != outbox.Closed {
			t.Error("it is closed")
		}
	})
	t.Run("more than are kept otherwise", func(t *testing.T) {
		q := keeps(2, 1000, nil)
		push(&q.Queue, "a")
		want := "a"
		for n := range 9 {
			tell(q, fmt.Sprint("!", n))
			want += fmt.Sprint(" !", n, " -", n+1)
			q.Note(n+1, false, shed)
		}
		q.takeSome(19)
		if got := q.rewound(0); got != want {
			t.Error(got)
		}
	})
}

// TestRewindDropsAside: what waits for a socket that is gone does not come to the
// next, wherever it stands; what counts and what the peer must have does.
func TestRewindDropsAside(t *testing.T) {
	for _, c := range []struct{ first, want string }{{"ping", "a -1 b"}, {"x", "x a -1 b"}} {
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 5, Bytes: 100})
		q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
		if q.ParkNext(); c.first == "ping" {
			q.Aside([]byte("ping"))
		} else {
			push(&q.Queue, "x")
		}
		push(&q.Queue, "a")
		q.Aside([]byte("pong"))
		q.Note(1, false, shed)
		push(&q.Queue, "b")
		if got := q.rewound(0); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
		if n, bytes := q.Len(); n != 0 || bytes != 0 {
			t.Errorf("%d frames, %d bytes are left", n, bytes)
		}
	}
}
