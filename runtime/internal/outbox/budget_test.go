//go:build !race

package outbox_test

import (
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// TestSize: every connection has a queue, and every frame that waits behind
// another one a Frame. What keeping needs is elsewhere.
func TestSize(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return
	}
	if size := unsafe.Sizeof(outbox.Queue{}); size > 80 {
		t.Errorf("a Queue has %d bytes", size)
	}
	if size := unsafe.Sizeof(outbox.Frame{}); size > 32 {
		t.Errorf("a Frame has %d bytes", size)
	}
	// A queue that keeps has two cache lines besides, of which a batch needs the first.
	if size, second := outbox.KeepingSize(); size > 128 || second != 64 {
		t.Errorf("what a queue has that keeps are %d bytes, and its second part begins at %d", size, second)
	}
}

// TestKeepAllocates: a broadcast allocates nothing for a queue, whether it keeps
// the frame or not, and a little for all of them together; and the memory for many
// entries goes when there are few.
func TestKeepAllocates(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would empty the pools
	c := newCrowd(50, keeper())
	for range 300 {
		c.broadcast(1)
	}
	for _, burst := range []int{1, 7, 100} {
		if n := testing.AllocsPerRun(20, func() { c.broadcast(burst) }); n > float64(burst+8) {
			t.Errorf("burst of %d: %v allocations, one for each frame is made by the test, and some are the writer's", burst, n)
		}
	}
	for _, acks := range []int{1, 2} { // it stays if as many come again
		n := testing.AllocsPerRun(10, func() {
			for range 100 {
				c.broadcast(1)
			}
			for range acks {
				for i := range c.queues {
					c.queues[i].Forget(1 << 40)
				}
			}
		})
		if given := n > 250; given != (acks == 2) {
			t.Errorf("%d acknowledgements: %v allocations, so the room for what was kept was given back: %t", acks, n, given)
		}
	}
}

// TestPresentAllAllocates: what it takes does not grow with the frames.
func TestPresentAllAllocates(t *testing.T) {
	frames := make([]*outbox.Frame, 100)
	for i := range frames {
		frames[i] = outbox.Lone([]byte("frame"))
	}
	q := new(box)
	if n := testing.AllocsPerRun(100, func() {
		presentAll(q, frames...)
		q.Take(&q.writer, 1<<20)
		q.Written(&q.writer)
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
