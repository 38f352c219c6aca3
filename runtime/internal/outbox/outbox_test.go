package outbox_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

const batch = 64 << 10

// box is a queue and its writer.
type box struct {
	outbox.Queue
	writer outbox.Batch
	total  *outbox.Budget // nil: not bounded in total
}

// frames has the frames that were taken before written, and returns the next
// ones.
func frames(q *box) (out []string, closed bool) { return q.take(batch) }

func (q *box) take(max int) (out []string, closed bool) {
	if q.writer.Len() > 0 {
		closed = q.Next(&q.writer, max)
	} else {
		closed = q.Take(&q.writer, max)
	}
	q.writer.Settle(q.total)
	for _, f := range q.writer.Frames() {
		out = append(out, string(f))
	}
	return out, closed
}

func TestOwner(t *testing.T) {
	var q box
	if v := q.Push([]byte("1")); v != outbox.Schedule {
		t.Fatal("the first frame does not schedule", v)
	}
	if v := q.Push([]byte("2")); v != outbox.Queued {
		t.Fatal("there are two owners", v)
	}
	if got, _ := frames(&q); len(got) != 2 || got[0] != "1" || got[1] != "2" {
		t.Fatal(got)
	}
	if v := q.Push([]byte("3")); v != outbox.Queued {
		t.Fatal("the owner has frames in flight", v)
	}
	if got, closed := frames(&q); len(got) != 1 || closed {
		t.Fatal(got, closed)
	}
	if got, closed := frames(&q); got != nil || closed {
		t.Fatal(got, closed)
	}
	if v := q.Push([]byte("4")); v != outbox.Schedule {
		t.Fatal("nobody owns an idle queue", v)
	}
}

func TestBounds(t *testing.T) {
	var q box
	q.Limit(&outbox.Limits{Frames: 3, Bytes: 10})
	big := make([]byte, 100)
	if v := q.Push(big); !v.Accepted() {
		t.Fatal("an empty queue takes any frame", v)
	}
	if v := q.Push([]byte("1")); v != outbox.Full {
		t.Fatal("over the bytes", v)
	}
	frames(&q) // in flight counts
	if v := q.Push([]byte("1")); v != outbox.Full {
		t.Fatal("in flight is not free yet", v)
	}
	frames(&q)
	for i, want := range []bool{true, true, true, false} {
		if v := q.Push([]byte("1")); v.Accepted() != want {
			t.Fatal(i, v)
		}
	}
	if n, b := q.Len(); n != 3 || b != 3 {
		t.Fatal(n, b)
	}
}

func TestBatch(t *testing.T) {
	var q box
	for range 5 {
		q.Push(make([]byte, 40))
	}
	for _, want := range []int{2, 2, 1, 0} {
		if got, _ := q.take(100); len(got) != want {
			t.Fatal(len(got), want)
		}
	}
}

func TestCloseFlushes(t *testing.T) {
	var q box
	q.Push([]byte("1"))
	if v := q.Close([]byte("bye")); v != outbox.Queued {
		t.Fatal(v)
	}
	if v := q.Push([]byte("2")); v != outbox.Closed {
		t.Fatal(v)
	}
	if v := q.Close(nil); v != outbox.Closed {
		t.Fatal(v)
	}
	if got, closed := frames(&q); len(got) != 2 || got[1] != "bye" || closed {
		t.Fatal(got, closed)
	}
	if got, closed := frames(&q); got != nil || !closed {
		t.Fatal(got, closed)
	}
	if v := q.Abort(); v != outbox.Queued {
		t.Fatal("it has ended before", v)
	}
}

func TestAbort(t *testing.T) {
	var idle, busy box
	if v := idle.Abort(); v != outbox.Schedule {
		t.Fatal("an idle queue needs a last Take", v)
	}
	busy.Push([]byte("1"))
	busy.Push([]byte("2"))
	if v := busy.Abort(); v != outbox.Queued {
		t.Fatal(v)
	}
	for _, q := range []*box{&idle, &busy} {
		if got, closed := frames(q); got != nil || !closed {
			t.Fatal(got, closed)
		}
	}
}

func TestHold(t *testing.T) {
	var empty, queued, closed box
	for _, q := range []*box{&empty, &queued, &closed} {
		q.Hold()
	}
	if v := queued.Push([]byte("1")); v != outbox.Queued {
		t.Fatal(v)
	}
	closed.Close(nil)
	for i, q := range []*box{&empty, &queued, &closed} {
		if v := q.Resume(); (v == outbox.Schedule) != (i > 0) {
			t.Fatal(i, v)
		}
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q box
		q.Limit(&outbox.Limits{Frames: 1, Bytes: 1000})
		q.Push([]byte("1"))
		verdicts := make(chan outbox.Verdict, 2)
		go func() { verdicts <- q.Wait([]byte("2")) }()
		synctest.Wait()
		frames(&q)
		frames(&q) // "1" is written, and "2" has not come yet
		synctest.Wait()
		if v := <-verdicts; v != outbox.Schedule {
			t.Fatal(v)
		}
		go func() { verdicts <- q.Wait([]byte("3")) }()
		synctest.Wait()
		frames(&q)
		if v := q.Push([]byte("4")); v != outbox.Full {
			t.Fatal("a push went before what waits", v)
		}
		q.Close(nil)
		if v := <-verdicts; v != outbox.Closed {
			t.Fatal(v)
		}
	})
}

// TestWaitGoesFirst: a small push does not take the room that a larger frame
// waits for, however often it is tried: replies would starve otherwise.
func TestWaitGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q box
		q.Limit(&outbox.Limits{Frames: 10, Bytes: 100})
		q.Push(make([]byte, 60))
		verdict := make(chan outbox.Verdict)
		go func() { verdict <- q.Wait(make([]byte, 80)) }()
		synctest.Wait()
		if v := q.Push(make([]byte, 10)); v != outbox.Full {
			t.Errorf("a push overtook what waits: %v", v)
		}
		frames(&q)
		frames(&q)
		if v := <-verdict; !v.Accepted() {
			t.Error(v)
		}
	})
}

// TestConcurrent: frames of several pushers arrive whole and in each pusher's
// order. Only the queue orders the writers: under -race, two at a time would be
// a race for got.
func TestConcurrent(t *testing.T) {
	var q box
	q.Limit(&outbox.Limits{Frames: 8, Bytes: 1000})
	var got bytes.Buffer
	done := make(chan struct{})
	flush := func() {
		b := new(outbox.Batch)
		more, over := false, q.Take(b, batch)
		for more = b.Len() > 0; more; {
			for _, f := range b.Frames() {
				got.Write(f)
			}
			if more, over = q.Written(b); more {
				over = q.Take(b, batch)
				more = b.Len() > 0
			}
		}
		if over {
			close(done)
		}
	}
	schedule := func(v outbox.Verdict) {
		if v == outbox.Schedule {
			go flush()
		}
	}
	const pushers, each = 4, 2000
	var wg sync.WaitGroup
	for i := range uint32(pushers) {
		wg.Go(func() {
			for j := range uint32(each) {
				f := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, i), j)
				v := outbox.Full
				if rand.IntN(2) == 0 {
					v = q.Push(f)
				}
				if v == outbox.Full {
					v = q.Wait(f)
				}
				schedule(v)
			}
		})
	}
	wg.Wait()
	schedule(q.Close(nil))
	<-done
	next := [pushers]uint32{}
	for b := got.Bytes(); len(b) > 0; b = b[8:] {
		i, j := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		if next[i] != j {
			t.Fatalf("pusher %d: frame %d after %d", i, j, next[i])
		}
		next[i]++
	}
	for i, n := range next {
		if n != each {
			t.Errorf("pusher %d: %d frames", i, n)
		}
	}
}
