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
	// A queue that keeps has two cache lines besides, of which a push writes the second.
	if size, second := outbox.KeepingSize(); size > 128 || second != 64 {
		t.Errorf("what a queue has that keeps are %d bytes, and its second part begins at %d", size, second)
	}
}

// TestKeepAllocates: a broadcast allocates nothing for a queue, whether it keeps
// the frame or not, and the memory for many frames goes when few are kept.
func TestKeepAllocates(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would empty the pools
	c := newCrowd(50, keeper())
	for range 300 {
		c.broadcast(1)
	}
	for _, burst := range []int{1, 7, 100} {
		if n := testing.AllocsPerRun(20, func() { c.broadcast(burst) }); n > float64(burst) {
			t.Errorf("burst of %d: %v allocations, one for each frame is made by the test", burst, n)
		}
	}
	for _, acks := range []int{1, 2} { // it stays if as many come again
		n := testing.AllocsPerRun(10, func() {
			c.broadcast(100)
			for range acks {
				for i := range c.queues {
					c.queues[i].Forget(1 << 40)
				}
			}
		})
		if given := n > 100; given != (acks == 2) {
			t.Errorf("%d acknowledgements: %v allocations, so the room for what was kept was given back: %t", acks, n, given)
		}
	}
}
