package ws

import (
	"slices"
	"sync"
	"time"
)

// turns has the disconnect hooks of a gateway run one after the other, as
// long as they are quick. Each of them looks who is there and tells the
// others. If two overlapped, the first to look could be the last to tell, and
// its news would be wrong.
//
// No hook waits long for its turn. When one has waited for maxTurn, all that
// wait begin at once, and no other waits until no hook runs: hooks that are
// slow must not queue up behind each other.
type turns struct {
	// All of this is guarded by mu.
	mu      sync.Mutex
	queue   []*turn
	taken   bool // one runs, and the next waits for it
	late    bool // a hook has waited for maxTurn, and since then some have always run
	running int
}

// maxTurn is how long a disconnect hook waits for others: a thousand that push
// take a tenth of it.
const maxTurn = 500 * time.Millisecond

// turn is a hook that waits.
type turn struct {
	begins chan struct{}
	alone  bool // it has the turn; set before begins is closed
}

// enter waits for a turn. It reports whether the hook has one, which leave is
// to be told: without one it runs at the same time as others.
func (t *turns) enter() (alone bool) {
	t.mu.Lock()
	t.running++
	if t.late || !t.taken {
		alone = !t.late
		t.taken = t.taken || alone
		t.mu.Unlock()
		return alone
	}
	mine := &turn{begins: make(chan struct{})}
	t.queue = append(t.queue, mine)
	t.mu.Unlock()
	timer := time.AfterFunc(maxTurn, func() { t.hurry(mine) })
	<-mine.begins
	timer.Stop()
	return mine.alone
}

// hurry has all hooks that wait begin, if this one still waits.
func (t *turns) hurry(waits *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.queue, waits) {
		return
	}
	t.late = true
	for _, other := range t.queue {
		close(other.begins)
	}
	t.queue = nil
}

// leave ends a hook. If it had the turn, the next one has it.
func (t *turns) leave(alone bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if t.running == 0 {
		t.late = false
	}
	switch {
	case !alone:
	case len(t.queue) == 0:
		t.taken = false
	default:
		next := t.queue[0]
		t.queue[0] = nil
		t.queue = t.queue[1:]
		next.alone = true
		close(next.begins)
	}
}
