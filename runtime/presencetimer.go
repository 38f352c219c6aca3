package ws

import (
	"container/heap"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/presence"
)

// presenceTimer is the one timer of all rooms in which somebody is present. While
// nothing is to be done there is not even that, and never a goroutine.
type presenceTimer struct {
	clock func() time.Duration // Server.clock

	mu     sync.Mutex
	rooms  dueRooms      // guarded by mu
	timer  *time.Timer   // guarded by mu; nil: it was never needed
	at     time.Duration // guarded by mu; when it rings; Never: it does not
	closed bool          // guarded by mu
}

// timing is a room's place in the timer. It is guarded by presenceTimer.mu.
type timing struct {
	due   time.Duration
	place int // in dueRooms; -1: it has none
}

// set has a room's ring called when it is due; Never: it is not.
func (t *presenceTimer) set(r *presenceRoom, due time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch r.timing.due = due; {
	case t.closed:
		return
	case r.timing.place < 0 && due == presence.Never:
		return
	case r.timing.place < 0:
		heap.Push(&t.rooms, r)
	case due == presence.Never:
		heap.Remove(&t.rooms, r.timing.place)
	default:
		heap.Fix(&t.rooms, r.timing.place)
	}
	t.arm()
}

// arm sets the timer to the first room that is due. One that rings too early does
// nothing. The caller holds mu.
func (t *presenceTimer) arm() {
	if len(t.rooms) == 0 || t.closed {
		return
	}
	first := t.rooms[0].timing.due
	if t.timer == nil {
		t.timer, t.at = time.AfterFunc(first-t.clock(), t.ring), first
	} else if first < t.at {
		t.timer.Reset(first - t.clock())
		t.at = first
	}
}

// ring calls those that are due. One may not return, since it calls code of the
// user's: then the others are called later.
func (t *presenceTimer) ring() {
	defer t.again()
	for r := t.next(); r != nil; r = t.next() {
		r.ring()
	}
}

// next takes out a room that is due; nil if there is none.
func (t *presenceTimer) next() *presenceRoom {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rooms) == 0 || t.closed || t.rooms[0].timing.due > t.clock() {
		return nil
	}
	return heap.Pop(&t.rooms).(*presenceRoom)
}

// again sets the timer to what is due next.
func (t *presenceTimer) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = presence.Never
	t.arm()
}

// close ends it.
func (t *presenceTimer) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed, t.rooms = true, nil
	if t.timer != nil {
		t.timer.Stop()
	}
}

// dueRooms is a heap of rooms by when they are due.
type dueRooms []*presenceRoom

func (d dueRooms) Len() int           { return len(d) }
func (d dueRooms) Less(i, j int) bool { return d[i].timing.due < d[j].timing.due }

func (d dueRooms) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].timing.place, d[j].timing.place = i, j
}

// Push implements heap.Interface.
func (d *dueRooms) Push(x any) {
	r := x.(*presenceRoom)
	r.timing.place = len(*d)
	*d = append(*d, r)
}

// Pop implements heap.Interface.
func (d *dueRooms) Pop() any {
	last := len(*d) - 1
	r := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	r.timing.place = -1
	return r
}
