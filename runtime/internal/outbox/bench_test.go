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

// broadcast pushes so many frames to all queues, and then writes each queue.
func (c *crowd) broadcast(burst int) {
	const ahead = 16
	touch := func(i int, touch func(*outbox.Queue)) {
		if i%ahead == 0 {
			for j := i; j < min(i+ahead, len(c.queues)); j++ {
				touch(&c.queues[j].Queue)
			}
		}
	}
	for range burst {
		f := new(outbox.Frame)
		f.Share(c.text)
		f.Among(len(c.queues))
		for i := range c.queues {
			touch(i, (*outbox.Queue).Touch)
			c.queues[i].Share(f)
		}
		f.Settle(c.waiting)
	}
	for i := range c.queues {
		touch(i, (*outbox.Queue).TouchAll)
		q := &c.queues[i]
		q.Take(&c.worker, batch)
		c.worker.Join(c.room)
		q.Written(&c.worker)
	}
	c.worker.Settle(c.waiting)
}

// keeper is as large as a server's is by default.
func keeper() *outbox.Keeper {
	return &outbox.Keeper{Frames: 256, Bytes: 64 << 10, Total: outbox.NewBudget(64 << 20)}
}

// BenchmarkKeep broadcasts to a thousand queues that keep nothing and to a
// thousand that keep 256 frames, in turn. It reports the medians for a frame in
// a queue, and their ratio. Nothing is written here: the write, which is left
// out, costs some thirty times what the rest of a single frame does, and
// keeping costs a tenth of that rest.
func BenchmarkKeep(b *testing.B) {
	for _, burst := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("burst=%d", burst), func(b *testing.B) {
			crowds := []*crowd{newCrowd(1000, nil), newCrowd(1000, keeper())}
			took := make([][]time.Duration, len(crowds))
			for range 300 / burst { // until as much is kept as may be
				for _, c := range crowds {
					c.broadcast(burst)
				}
			}
			for b.Loop() {
				for i, c := range crowds {
					start := time.Now()
					c.broadcast(burst)
					took[i] = append(took[i], time.Since(start))
				}
			}
			median := func(i int) float64 {
				slices.Sort(took[i])
				return float64(took[i][len(took[i])/2]) / float64(burst*len(crowds[i].queues))
			}
			b.ReportMetric(median(0), "plain-ns")
			b.ReportMetric(median(1), "kept-ns")
			b.ReportMetric(median(1)/median(0), "kept/plain")
			b.ReportMetric(0, "ns/op")
		})
	}
}
