package socket

import (
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCalm: a worker waits for wide pushes that come one after the other, for
// nothing else, and not for ever.
func TestCalm(t *testing.T) {
	for name, c := range map[string]struct {
		pushes  uint32 // since the worker looked last
		pushing int32
		waits   time.Duration
	}{
		"a push":                    {1, 0, 0},
		"a push, and the next":      {1, 1, maxCalm * calmStep},
		"a burst that is over":      {2, 0, calmStep},
		"a burst that does not end": {50, 1, maxCalm * calmStep},
		"as many as half an outbox": {maxCalmPushes, 1, calmStep},
		"nothing since it looked":   {0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := &NewEngine(0).queue
				q.fit(2 * maxCalmPushes)
				q.fit(math.MaxInt)
				q.wide.Store(7 + c.pushes)
				q.pushing.Store(c.pushing)
				begun := time.Now()
				seen := q.calm(7)
				if waited := time.Since(begun); waited != c.waits {
					t.Errorf("waited %v, want %v", waited, c.waits)
				}
				if c.waits > 0 && seen != 7+c.pushes {
					t.Errorf("has seen %d pushes, there were %d", seen, 7+c.pushes)
				}
			})
		})
	}
}

// TestRests: a moment between two pushes of a caller's is not the end of its burst.
func TestRests(t *testing.T) {
	if !new(runQueue).rests() {
		t.Error("nobody pushes, and it does not rest")
	}
	for name, push := range map[string]func(*runQueue){
		"under way": func(q *runQueue) {
			q.pushing.Add(1)
			runtime.Gosched()
			q.pushing.Add(-1)
		},
		"come and gone between two looks": func(q *runQueue) { q.wide.Add(1) },
	} {
		q := new(runQueue)
		var over atomic.Bool
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for !over.Load() {
				push(q)
				runtime.Gosched()
			}
		}()
		rested := 0
		const looks = 1000
		for range looks {
			if q.rests() {
				rested++
			}
		}
		over.Store(true)
		<-ended
		if rested > looks/4 { // the system may stop the caller between two pushes
			t.Errorf("%s: it rested in %d of %d looks", name, rested, looks)
		}
	}
}

// TestFewSocketsOneWorker: what one worker takes at a time needs no other, although it
// takes less at first.
func TestFewSocketsOneWorker(t *testing.T) {
	q := &runQueue{due: make([]*Socket, runBatch), workers: 1}
	var sockets [runBatch]*Socket
	for _, c := range []struct{ most, want int }{{firstBatch, firstBatch}, {runBatch, runBatch - firstBatch}} {
		if got := q.take(sockets[:c.most]); got != c.want || q.workers != 1 {
			t.Fatalf("took %d, with %d workers; want %d, and one", got, q.workers, c.want)
		}
	}
	if got := q.take(sockets[:]); got != 0 || q.workers != 0 {
		t.Fatalf("took %d, with %d workers", got, q.workers)
	}
}

// TestCalmSmall: calm ends when the smallest outbox is half full, whatever
// others hold.
func TestCalmSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEngine(0)
		for _, frames := range []int{256, 16, 64} {
			e.Profile(Limits{Frames: frames, Write: Never, Ping: Never, Idle: Never, Lifetime: Never})
		}
		e.BeginPush()
		for pushes, waits := range map[uint32]time.Duration{7: maxCalm * calmStep, 8: calmStep} {
			begun := time.Now()
			e.queue.wide.Add(pushes)
			e.queue.calm(e.queue.wide.Load() - pushes)
			if waited := time.Since(begun); waited != waits {
				t.Errorf("%d pushes: waited %v, want %v", pushes, waited, waits)
			}
		}
	})
}
