package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// inform queues frames that the peer must have.
func inform(t *testing.T, q *box, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if v := q.Inform([]byte(text)); !v.Accepted() {
			t.Errorf("%s: %v", text, v)
		}
	}
}

// TestInform: a frame that the peer must have is within the bounds, is not counted, and
// is handed out again in its place, whether it was taken or still waits.
func TestInform(t *testing.T) {
	for _, c := range []struct {
		seq  uint64
		want string
	}{
		{0, "!a a b !b !c c !d"}, {1, "b !b !c c !d"}, {2, "!b !c c !d"}, {3, "!d"},
	} {
		q := keeps(10, 1000, nil)
		inform(t, q, "!a")
		push(&q.Queue, "a", "b")
		inform(t, q, "!b", "!c")
		push(&q.Queue, "c")
		if got := q.takeSome(6); got != "!a a b !b !c c" || q.Sent() != 3 {
			t.Fatalf("took %s, which are %d", got, q.Sent())
		}
		q.Aside([]byte("ping"))
		inform(t, q, "!d")
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
		inform(t, q, "!a")
		push(&q.Queue, "a", "b")
		q.takeSome(3)
		if q.Forget(1); q.rewound(1) != "b" {
			t.Error("the peer has had what is before a")
		}
	})
	t.Run("full", func(t *testing.T) {
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
		q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
		push(&q.Queue, "a", "b")
		if v := q.Inform([]byte("!a")); v != outbox.Full {
			t.Error(v)
		}
		q.Offer(shared("c"), "", true)
		if got := queued(q); got != "b c" {
			t.Error(got)
		}
		if q.Close(nil); q.Inform([]byte("!a")) != outbox.Closed || q.WaitInform([]byte("!a")) != outbox.Closed {
			t.Error("it is closed")
		}
	})
	t.Run("without a Keeper", func(t *testing.T) {
		q := new(box)
		inform(t, q, "!a", "!b")
		if got := queued(q); got != "!a !b" {
			t.Error(got)
		}
	})
}

// TestInformParked: what is said while there is no socket comes with the next, and who
// waits to say it has it said then.
func TestInformParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
		q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
		q.ParkNext()
		push(&q.Queue, "a")
		inform(t, q, "!a")
		said := make(chan outbox.Verdict, 1)
		go func() { said <- q.WaitInform([]byte("!b")) }()
		synctest.Wait()
		if !q.Rewind(0) {
			t.Fatal("a gap")
		}
		q.Unpark()
		if got, _ := frames(q); strings.Join(got, " ") != "a !a" {
			t.Error(got)
		}
		frames(q)
		if v := <-said; !v.Accepted() {
			t.Error(v)
		}
		if got := queued(q); got != "!b" {
			t.Error(got)
		}
	})
}

// TestInformBound: of frames that nothing comes between only so many are kept. Who may
// have missed others cannot go on from there, and whoever has had them can.
func TestInformBound(t *testing.T) {
	const most = 1024
	q := keeps(10, 1000, nil)
	say := func(n int) {
		for range n {
			inform(t, q, "!")
			q.takeSome(1)
		}
	}
	push(&q.Queue, "a")
	q.takeSome(1)
	say(most)
	if got := q.rewound(1); strings.Count(got, "!") != most {
		t.Errorf("%d are said again", strings.Count(got, "!"))
	}
	say(1)
	for _, seq := range []uint64{0, 1} {
		if got := q.rewound(seq); got != "gap" {
			t.Errorf("behind %d: %.20s", seq, got)
		}
	}
	q.Unpark()
	push(&q.Queue, "b")
	q.takeSome(1)
	if got := q.rewound(1); got != "gap" {
		t.Errorf("%.20s", got)
	}
	if got := q.rewound(2); got != "" {
		t.Errorf("%.20s", got)
	}
}

// TestPresent: what is kept elsewhere finds no room while the queue is parked, and who
// waits with it waits for a socket, also if nothing else is queued.
func TestPresent(t *testing.T) {
	for _, waiting := range []int{0, 1, 4} {
		t.Run(fmt.Sprint(waiting), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := new(box)
				q.Limit(&outbox.Limits{Frames: 4, Bytes: 100})
				q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
				if v := q.Present([]byte("0")); v != outbox.Schedule {
					t.Fatal(v)
				}
				frames(q)
				q.Next(&q.writer, batch)
				q.ParkNext()
				if v := q.Present([]byte("no")); !v.Refused() {
					t.Errorf("parked, and %v", v)
				}
				waits := make(chan outbox.Verdict, 1)
				go func() { waits <- q.WaitPresent([]byte("waited")) }()
				synctest.Wait()
				for i := range waiting { // which find all the room that there is
					if v := q.Push(fmt.Append(nil, i)); v != outbox.Queued {
						t.Errorf("push %d: %v", i, v)
					}
				}
				q.Rewind(1)
				if len(waits) > 0 {
					t.Error("it does not wait for a socket")
				}
				q.Unpark()
				synctest.Wait()
				var got []string
				for range waiting + 1 {
					some, _ := q.take(1)
					got = append(got, some...)
					synctest.Wait()
				}
				if v := <-waits; !v.Accepted() || got[len(got)-1] != "waited" || len(got) != waiting+1 {
					t.Error(v, got)
				}
				q.Next(&q.writer, batch)
				q.ParkNext()
				go func() { waits <- q.WaitPresent([]byte("in vain")) }()
				synctest.Wait()
				q.Abort()
				if v := <-waits; v != outbox.Closed || q.Present([]byte("no")) != outbox.Closed {
					t.Error(v)
				}
			})
		})
	}
}

// presentAll presents frames that other queues may have as well.
func presentAll(q *box, frames ...*outbox.Frame) (accepted int, due bool, v outbox.Verdict) {
	return q.PresentAll(len(frames), func(i int) *outbox.Frame { return frames[i] })
}

// TestPresentAll: frames go to one queue after the other, count in each by themselves,
// and stay as they are when one of these drops them, keeps them, or has room for some.
func TestPresentAll(t *testing.T) {
	var all []*outbox.Frame
	for i := range 4 {
		all = append(all, outbox.Lone(fmt.Append(nil, strings.Repeat(fmt.Sprint(i), 10))))
	}
	const want = "0000000000 1111111111 2222222222 3333333333"
	total := outbox.NewBudget(1 << 20)
	for _, c := range []struct {
		frames, bytes, accepted int
		before                  string // what the queue has already
	}{
		{10, 1000, 4, ""},
		{4, 1000, 4, ""},
		{10, 40, 4, ""},
		{2, 1000, 2, ""},
		{10, 29, 2, ""},
		{10, 5, 1, ""}, // a frame alone may have any size
		{4, 1000, 3, "a"},
		{1, 1000, 0, "a"},
	} {
		for _, keep := range []bool{false, true} {
			q := new(box)
			q.Limit(&outbox.Limits{Frames: c.frames, Bytes: c.bytes, Total: total})
			if keep {
				q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
			}
			if c.before != "" {
				push(&q.Queue, c.before)
			}
			n, due, v := presentAll(q, all...)
			if refused := c.accepted < len(all); n != c.accepted || v.Refused() != refused || !refused && v != outbox.Queued || due != (n > 0 && c.before == "") {
				t.Errorf("%+v: %d, due %v, %v", c, n, due, v)
			}
			frames := strings.Fields(c.before + " " + want)[:len(strings.Fields(c.before))+c.accepted]
			if got := queued(q); got != strings.Join(frames, " ") {
				t.Errorf("%+v: %s", c, got)
			}
			q.Offer(shared("push"), "", true) // sheds none of them
			q.Abort()
		}
	}
	if used := total.Used(); used != 0 {
		t.Errorf("%d bytes still count", used)
	}
}

// TestPresentAllCounts: what one queue has of them behind another frame counts towards
// the total, in full, until it is written.
func TestPresentAllCounts(t *testing.T) {
	const size, behind = 1500, 3
	f := outbox.Lone(make([]byte, size))
	q := new(box)
	q.total = outbox.NewBudget(1 << 20)
	q.Limit(&outbox.Limits{Frames: 10, Bytes: 1 << 20, Total: q.total})
	presentAll(q, f, f, f, f)
	if used := q.total.Used(); used < behind*size {
		t.Errorf("%d bytes count", used)
	}
	frames(q)
	if frames(q); q.total.Used() != 0 {
		t.Errorf("%d bytes count although all are written", q.total.Used())
	}
}

// TestPresentAllInVain: nothing is taken by a queue that is closed or parked, nor before
// what waits for room.
func TestPresentAllInVain(t *testing.T) {
	f := outbox.Lone([]byte("frame"))
	q := new(box)
	q.Keep(&outbox.Keeper{Frames: 10, Bytes: 1000})
	q.ParkNext()
	if n, due, v := presentAll(q, f); n != 0 || due || !v.Refused() {
		t.Errorf("parked: %d, due %v, %v", n, due, v)
	}
	q.Abort()
	if n, due, v := presentAll(q, f); n != 0 || due || v != outbox.Closed {
		t.Errorf("closed: %d, due %v, %v", n, due, v)
	}
	synctest.Test(t, func(t *testing.T) {
		q := new(box)
		q.Limit(&outbox.Limits{Frames: 3, Bytes: 5})
		push(&q.Queue, "abcd")
		waits := make(chan outbox.Verdict)
		go func() { waits <- q.Wait([]byte("long")) }()
		synctest.Wait()
		if n, due, v := presentAll(q, outbox.Lone([]byte("e"))); n != 0 || due || !v.Refused() {
			t.Errorf("behind one that waits: %d, due %v, %v", n, due, v)
		}
		q.Abort()
		<-waits
	})
}

// TestPresentAllAgain: a queue that comes back gets the very frames again that it kept,
// of which others have kept theirs.
func TestPresentAllAgain(t *testing.T) {
	a, b := outbox.Lone([]byte("a")), outbox.Lone([]byte("b"))
	var queues []*box
	for range 3 {
		q := keeps(10, 1000, nil)
		push(&q.Queue, "0")
		presentAll(q, a, b)
		if got := q.takeSome(3); got != "0 a b" {
			t.Fatal(got)
		}
		queues = append(queues, q)
	}
	queues[0].Forget(2)
	queues[1].Abort()
	if got := queues[2].rewound(1); got != "a b" {
		t.Error(got)
	}
	if got := queues[0].rewound(2); got != "b" {
		t.Error(got)
	}
}
