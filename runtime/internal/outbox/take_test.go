package outbox_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// texts returns the frames of a batch as a text.
func texts(b *outbox.Batch) string {
	var out []string
	for _, f := range b.Frames() {
		out = append(out, string(f))
	}
	return strings.Join(out, " ")
}

// TestSteal: a push that finds the queue full writes in the place of the caller
// that is still to come. A caller that comes meanwhile goes again, and the
// thief must hand the rest on.
func TestSteal(t *testing.T) {
	push := func(q *outbox.Queue, frames ...string) {
		for _, f := range frames {
			if v := q.Push([]byte(f)); !v.Accepted() {
				t.Error(f, v)
			}
		}
	}
	t.Run("the worker comes later", func(t *testing.T) {
		var q outbox.Queue
		var thief, worker outbox.Batch
		push(&q, "1", "2")
		if s := q.Steal(&thief, batch); s != outbox.Stolen || texts(&thief) != "1 2" {
			t.Fatal(s, texts(&thief))
		}
		push(&q, "3")
		if s := q.Steal(new(outbox.Batch), batch); s != outbox.Busy {
			t.Error("there are two writers", s)
		}
		if more, closed := q.Written(&thief); more || closed {
			t.Error("the worker is still to come", more, closed)
		}
		if q.Take(&worker, batch); texts(&worker) != "3" {
			t.Error(texts(&worker))
		}
		if more, _ := q.Written(&worker); more {
			t.Error("it is empty")
		}
	})
	t.Run("the worker comes meanwhile", func(t *testing.T) {
		var q outbox.Queue
		var thief, worker outbox.Batch
		push(&q, "1")
		q.Steal(&thief, batch)
		if closed := q.Take(&worker, batch); worker.Len() > 0 || closed {
			t.Error("there are two writers", texts(&worker))
		}
		if v := q.Push([]byte("2")); v != outbox.Queued {
			t.Error("a second one is called", v)
		}
		if more, _ := q.Written(&thief); !more {
			t.Error("nobody comes for 2")
		}
		if q.Take(&worker, batch); texts(&worker) != "2" {
			t.Error(texts(&worker))
		}
	})
	t.Run("the end is told once", func(t *testing.T) {
		for _, workerFirst := range []bool{true, false} {
			var q outbox.Queue
			var thief outbox.Batch
			push(&q, "1")
			q.Steal(&thief, batch)
			q.Close(nil)
			ends := 0
			told := func(closed bool) {
				if closed {
					ends++
				}
			}
			if workerFirst {
				told(q.Take(new(outbox.Batch), batch))
			}
			_, closed := q.Written(&thief)
			told(closed)
			if !workerFirst {
				told(q.Take(new(outbox.Batch), batch))
			}
			if ends != 1 {
				t.Errorf("told %d times that it has ended", ends)
			}
		}
	})
	t.Run("not what is held, or stalled", func(t *testing.T) {
		var q outbox.Queue
		var b outbox.Batch
		q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
		q.Hold()
		push(&q, "1", "2")
		if v, s := q.Push([]byte("3")), q.Steal(&b, batch); v != outbox.Stalled || s != outbox.Waits {
			t.Error(v, s)
		}
		q.Resume()
		if v := q.Push([]byte("3")); v != outbox.Full {
			t.Error(v)
		}
		q.Take(&b, batch)
		q.Stuck(&b, 0)
		if v, s := q.Push([]byte("3")), q.Steal(new(outbox.Batch), batch); v != outbox.Stalled || s != outbox.Waits {
			t.Error(v, s)
		}
		q.Next(&b, batch) // the peer has taken something
		if v := q.Push([]byte("3")); !v.Accepted() {
			t.Error(v)
		}
		if v := q.Push([]byte("4")); v != outbox.Full {
			t.Error(v)
		}
	})
}

// TestStuck: frames that a socket does not take go back to their places, with
// their marks, but for the one that it stopped in.
func TestStuck(t *testing.T) {
	for _, c := range []struct {
		n            int // bytes that it takes of aa bb! cc k=dd
		rest, behind string
	}{
		{0, "aa", "bb cc dd ee"},
		{1, "a", "bb cc dd ee"},
		{2, "bb", "cc dd ee"},
		{3, "b", "cc dd ee"},
		{6, "dd", "ee"},
		{7, "d", "ee"},
	} {
		var q box
		q.total = outbox.NewBudget(1 << 20)
		q.Limit(&outbox.Limits{Frames: 5, Bytes: 100, Total: q.total})
		c1, d := shared("cc"), shared("dd")
		q.Push([]byte("aa"))
		q.Insist([]byte("bb"))
		q.Share(c1)
		q.Offer(d, "k", false)
		c1.Settle(q.total)
		d.Settle(q.total)
		q.Take(&q.writer, batch)
		q.Push([]byte("ee"))
		if rest := q.Stuck(&q.writer, c.n); string(rest) != c.rest {
			t.Errorf("%d: the rest is %q, want %q", c.n, rest, c.rest)
		}
		// "bb" is insisted on, and the place of "dd" is that of its key.
		if c.n < 2 {
			if o := q.Offer(shared("ff"), "", true); o.Shed != 1 {
				t.Errorf("%d: %+v", c.n, o)
			}
			c.behind = strings.Replace(c.behind, "cc ", "", 1) + " ff"
		}
		if c.n < 6 {
			if o := q.Offer(shared("DD"), "k", false); !o.Replaced {
				t.Errorf("%d: its key is lost: %+v", c.n, o)
			}
			c.behind = strings.ReplaceAll(c.behind, "dd", "DD")
		}
		if got := queued(&q); got != c.behind {
			t.Errorf("%d: behind it is %q, want %q", c.n, got, c.behind)
		}
		if n, bytes := q.Len(); n != 0 || bytes != 0 {
			t.Errorf("%d: %d frames, %d bytes are left", c.n, n, bytes)
		}
	}
}

// TestStuckAborted: nothing goes back to a queue that was aborted meanwhile.
func TestStuckAborted(t *testing.T) {
	var q box
	q.total = outbox.NewBudget(1 << 20)
	q.Limit(&outbox.Limits{Frames: 5, Bytes: 100, Total: q.total})
	f := shared("bb")
	q.Push([]byte("aa"))
	q.Share(f)
	q.Push([]byte("cc"))
	f.Settle(q.total)
	q.Take(&q.writer, batch)
	q.Abort()
	q.Stuck(&q.writer, 1)
	if got, closed := frames(&q); got != nil || !closed || q.total.Used() != 0 {
		t.Error(got, closed, q.total.Used())
	}
}

// TestSharedCountsOnce: a frame that many queues have counts its bytes once,
// until the last has written it, or shed it, or had it replaced, or is gone.
func TestSharedCountsOnce(t *testing.T) {
	total := outbox.NewBudget(1 << 20)
	limits := &outbox.Limits{Frames: 3, Bytes: 1 << 20, Total: total}
	queues := make([]box, 8)
	f := shared(strings.Repeat("x", 1000))
	for i := range queues {
		q := &queues[i]
		q.Limit(limits)
		q.total = total
		q.Push([]byte("first"))
		if v := q.Share(f); !v.Accepted() {
			t.Fatal(v)
		}
	}
	f.Settle(total)
	if n := total.Used(); n != 1000 {
		t.Errorf("%d bytes count", n)
	}
	newest := shared("new")
	for i := range queues {
		if total.Used() < 1000 {
			t.Errorf("it counts no more, and %d have it", len(queues)-i)
		}
		switch q := &queues[i]; i % 4 {
		case 0:
			queued(q)
		case 1:
			q.Abort()
		case 2:
			q.Offer(newest, "", false)
			q.Offer(newest, "", true) // twice in one queue is no use, and counts
			q.Offer(newest, "", true)
			q.Abort()
		default:
			q.Close(nil)
			queued(q)
		}
	}
	newest.Settle(total)
	if n := total.Used(); n != 0 {
		t.Errorf("%d bytes still count", n)
	}
}

// TestDeafHaveHalf: a queue whose writer waits for its peer gets no more than
// the first half of the total, for frames of its own and for shared ones. One
// whose peer reads has the rest.
func TestDeafHaveHalf(t *testing.T) {
	for _, patient := range []bool{true, false} {
		total := outbox.NewBudget(64 << 10)
		limits := &outbox.Limits{Frames: 1000, Bytes: 1 << 20, Total: total}
		var deaf, deafToo, reads box
		for _, q := range []*box{&deaf, &deafToo, &reads} {
			q.Limit(limits)
			q.total = total
			q.Push([]byte("first"))
		}
		for _, q := range []*box{&deaf, &deafToo} {
			q.writer.Patient = patient
			q.Take(&q.writer, batch)
			if !patient {
				q.Stuck(&q.writer, 0)
			}
		}
		frame := make([]byte, 1000)
		for deaf.Push(frame).Accepted() {
		}
		if n := total.Used(); n > 32<<10 || n < 30<<10 {
			t.Errorf("patient=%t: deaf peers may have %d bytes", patient, n)
		}
		taken := 0
		for range 30 {
			f := shared(string(frame))
			if deafToo.Share(f).Accepted() {
				t.Error("more than half of it")
			}
			if reads.Share(f).Accepted() {
				taken++
			}
			if taken > 3 && deafToo.Share(f).Accepted() {
				t.Error("it keeps what is beyond the half")
			}
			f.Settle(total)
		}
		if taken < 29 {
			t.Errorf("who reads got %d frames", taken)
		}
		for _, q := range []*box{&deaf, &deafToo, &reads} {
			q.Abort()
			queued(q)
		}
		if total.Used() != 0 {
			t.Errorf("%d bytes still count", total.Used())
		}
	}
}

// TestThieves: pushers write when they find a queue full, workers come late,
// and sockets take a part. Frames of each pusher arrive in its order in every
// queue, with one writer at a time, and the total is even again. Under -race a
// second writer would be a race for got.
func TestThieves(t *testing.T) {
	const pushers, each, crowd = 4, 1500, 3
	total := outbox.NewBudget(1 << 14)
	limits := &outbox.Limits{Frames: 6, Bytes: 1000, Total: total}
	type peer struct {
		q    outbox.Queue
		got  []byte
		done chan struct{}
	}
	peers := make([]*peer, crowd)
	var work sync.WaitGroup
	var finish func(p *peer, b *outbox.Batch)
	come := func(p *peer) {
		work.Go(func() {
			b := new(outbox.Batch)
			closed := false
			if rand.IntN(2) == 0 || !p.q.TakeLone(b, 100) {
				closed = p.q.Take(b, 100)
			}
			if b.Len() > 0 {
				finish(p, b)
			} else if closed {
				close(p.done)
			}
		})
	}
	finish = func(p *peer, b *outbox.Batch) {
		all := b.Join(nil)
		if rand.IntN(3) == 0 { // the socket takes a part
			n := rand.IntN(len(all))
			p.got = append(p.got, all[:n]...)
			rest := p.q.Stuck(b, n)
			work.Go(func() {
				b := b
				for closed := false; ; {
					p.got = append(p.got, rest...)
					closed = p.q.Next(b, 100)
					b.Settle(total)
					if b.Len() == 0 {
						if closed {
							close(p.done)
						}
						return
					}
					rest = b.Join(nil)
				}
			})
			return
		}
		p.got = append(p.got, all...)
		more, closed := p.q.Written(b)
		b.Settle(total)
		if more {
			come(p)
		}
		if closed {
			close(p.done)
		}
	}
	for i := range peers {
		peers[i] = &peer{done: make(chan struct{})}
		peers[i].q.Limit(limits)
	}
	var wg sync.WaitGroup
	lost := make([]int, crowd)
	var mu sync.Mutex
	for i := range uint32(pushers) {
		wg.Go(func() {
			for j := range uint32(each) {
				f := shared(string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, i), j)))
				for k, p := range peers {
					v := p.q.Share(f)
					for v == outbox.Full {
						b := new(outbox.Batch)
						if p.q.Steal(b, 100) == outbox.Stolen {
							finish(p, b)
						}
						v = p.q.Share(f)
					}
					switch v {
					case outbox.Schedule:
						come(p)
					case outbox.Stalled:
						o := p.q.Offer(f, "", j%2 == 0)
						if o.Verdict == outbox.Schedule {
							come(p)
						}
						if !o.Verdict.Accepted() {
							o.Shed++
						}
						mu.Lock()
						lost[k] += o.Shed
						mu.Unlock()
					}
				}
				f.Settle(total)
			}
		})
	}
	wg.Wait()
	for k, p := range peers {
		if v := p.q.Close(nil); v == outbox.Schedule {
			come(p)
		}
		<-p.done
		last := [pushers]int{}
		n := len(p.got) / 8
		for b := p.got; len(b) > 0; b = b[8:] {
			i, j := binary.BigEndian.Uint32(b), int(binary.BigEndian.Uint32(b[4:]))
			if j+1 <= last[i] {
				t.Fatalf("pusher %d: frame %d after %d", i, j, last[i]-1)
			}
			last[i] = j + 1
		}
		if n+lost[k] != pushers*each {
			t.Errorf("%d arrived, %d were lost, of %d", n, lost[k], pushers*each)
		}
	}
	work.Wait()
	if total.Used() != 0 {
		t.Error(fmt.Sprint(total.Used(), " bytes still count"))
	}
}
