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
