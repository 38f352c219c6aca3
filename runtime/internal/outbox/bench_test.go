package outbox_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// connection has its queue where others are not in the same lines.
type connection struct {
	outbox.Queue
	_ [200]byte
}

// crowd is many queues and the worker that writes them.
type crowd struct {
	queues  []connection
	waiting *outbox.Budget
	worker  outbox.Batch
	text    []byte
	room    []byte
}

func newCrowd(n int, keeper *outbox.Keeper) *crowd {
	c := &crowd{queues: make([]connection, n), waiting: outbox.NewBudget(64 << 20), text: make([]byte, 120), room: make([]byte, 0, batch)}
	limits := &outbox.Limits{Frames: 1024, Bytes: 1 << 20, Total: c.waiting}
	for i := range c.queues {
		c.queues[i].Limit(limits)
		if keeper != nil {
			c.queues[i].Keep(keeper)
		}
	}
	return c
}

// touched calls f for each queue, and touches the next ones every now and then.
func (c *crowd) touched(touch, f func(*outbox.Queue)) {
	const ahead = 16
	for i := range c.queues {
		if i%ahead == 0 {
			for j := i; j < min(i+ahead, len(c.queues)); j++ {
				touch(&c.queues[j].Queue)
			}
		}
		f(&c.queues[i].Queue)
	}
}

// push pushes so many frames to all queues.
func (c *crowd) push(burst int) {
	for range burst {
		f := new(outbox.Frame)
		f.Share(c.text)
		f.Among(len(c.queues))
		c.touched((*outbox.Queue).Touch, func(q *outbox.Queue) { q.Share(f) })
		f.Settle(c.waiting)
	}
}

// write has the worker write each queue. It settles as often as a server's does.
func (c *crowd) write() {
	n := 0
	c.touched((*outbox.Queue).TouchAll, func(q *outbox.Queue) {
		q.Take(&c.worker, batch)
		c.worker.Join(c.room)
		q.Written(&c.worker)
		if n++; n%32 == 0 {
			c.worker.Settle(c.waiting)
		}
	})
	c.worker.Settle(c.waiting)
}

// broadcast pushes so many frames to all queues, and then writes each queue.
func (c *crowd) broadcast(burst int) {
	c.push(burst)
	c.write()
}

// keeper is as large as a server's is by default.
func keeper() *outbox.Keeper {
	return &outbox.Keeper{Frames: 256, Bytes: 64 << 10, Total: outbox.NewBudget(64 << 20)}
}

// BenchmarkKeep broadcasts to a thousand queues that keep nothing and to a
// thousand that keep 256 frames, in turn. It reports the medians for a frame in
// a queue, and their ratio. Nothing is written here: the write, which is left
// out, costs some thirty times what the rest of a single frame does, and
// keeping costs a tenth of that rest. cold says that something else has run before
// the pushes, and before the worker.
func BenchmarkKeep(b *testing.B) {
	for _, burst := range []int{1, 10, 100} {
		for _, cold := range []bool{false, true} {
			b.Run(fmt.Sprintf("burst=%d/cold=%t", burst, cold), func(b *testing.B) { benchmarkKeep(b, burst, cold) })
		}
	}
}

func benchmarkKeep(b *testing.B, burst int, cold bool) {
	crowds := []*crowd{newCrowd(1000, nil), newCrowd(1000, keeper())}
	var pushes, writes [2][]time.Duration
	for range 300 / burst { // until as much is kept as may be
		for _, c := range crowds {
			c.broadcast(burst)
		}
	}
	elsewhere := make([]uint64, 1<<20)
	timed := func(to *[]time.Duration, do func()) {
		for i := 0; cold && i < len(elsewhere); i += 8 { // leaves little of the queues in the nearer caches
			elsewhere[i]++
		}
		start := time.Now()
		do()
		*to = append(*to, time.Since(start))
	}
	for b.Loop() {
		for i, c := range crowds {
			timed(&pushes[i], func() { c.push(burst) })
			timed(&writes[i], c.write)
		}
	}
	median := func(took []time.Duration) float64 {
		slices.Sort(took)
		return float64(took[len(took)/2]) / float64(burst*len(crowds[0].queues))
	}
	plain := []float64{median(pushes[0]), median(writes[0])}
	kept := []float64{median(pushes[1]), median(writes[1])}
	b.ReportMetric(plain[0], "plain-push-ns")
	b.ReportMetric(plain[1], "plain-take-ns")
	b.ReportMetric(kept[0], "kept-push-ns")
	b.ReportMetric(kept[1], "kept-take-ns")
	b.ReportMetric((kept[0]+kept[1])/(plain[0]+plain[1]), "kept/plain")
	b.ReportMetric(0, "ns/op")
}
