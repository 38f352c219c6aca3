package ws

import (
	"context"
	"sync"
	"time"
)

// watch has the task answered when its deadline has passed, and its context
// end with context.DeadlineExceeded. It returns false if the deadline has
// passed already.
func (t *task) watch(now time.Time) bool {
	in := t.deadline.Sub(now)
	if in <= 0 {
		return false
	}
	if d := t.conn.deadlines(); d.set(t, in) {
		t.timed = d
		return true
	}
	t.conn.inbox().Hold() // the end of the connection waits for what the deadline starts
	t.unwatch = context.AfterFunc(t.standard(), t.expired)
	return true
}

// unwatched ends watch.
func (t *task) unwatched() {
	if t.timed != nil {
		t.timed.clear(t)
	}
	if t.unwatch != nil && t.unwatch() {
		t.conn.inbox().Release()
	}
}

// expired is called when the context has ended, for whatever reason.
func (t *task) expired() {
	defer t.conn.inbox().Release()
	t.giveUp()
}

// giveUp answers if the time is up and nothing else has answered.
func (t *task) giveUp() {
	if t.Err() == context.DeadlineExceeded {
		t.refuse(errTimeout(), false)
	}
}

// timeUp is called when the deadline has passed.
func (t *task) timeUp() {
	ctx := t.ctx.Made()
	if ctx == nil {
		t.mu.Lock()
		t.late = !t.over && !t.conn.member.Socket.Closes()
		t.mu.Unlock()
	} else if _, limited := ctx.Deadline(); limited {
		<-ctx.Done() // it has a timer of its own, which is due: who waits for it shall find why it has ended
	}
	t.giveUp()
}

// deadlines is the timer of a connection's calls that have a deadline. It serves one
// call at a time, which is nearly always all there is: to set it once more costs a
// fraction of a context with a timer. Calls beside that one have such a context.
type deadlines struct {
	// All of this is guarded by mu.
	mu    sync.Mutex
	timer *time.Timer // calls ring; nil: there was no call
	call  *task       // nil: the timer is free
}

// set has t.timeUp called after a time. It returns false if the timer serves another
// call.
func (d *deadlines) set(t *task, in time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.call != nil {
		return false
	}
	d.call = t
	if d.timer == nil {
		d.timer = time.AfterFunc(in, d.ring)
	} else {
		d.timer.Reset(in)
	}
	return true
}

// clear ends set, unless the time is up.
func (d *deadlines) clear(t *task) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.call == t {
		d.call = nil
		d.timer.Stop()
	}
}

// ring is called by the timer. If that was stopped too late, it comes for a call that
// is over, and may find another.
func (d *deadlines) ring() {
	d.mu.Lock()
	t := d.call
	if t == nil || time.Now().Before(t.deadline) {
		d.mu.Unlock()
		return
	}
	d.call = nil
	b := t.conn.inbox()
	b.Hold() // the end of the connection waits, as it still does for the call itself
	d.mu.Unlock()
	defer b.Release()
	t.timeUp()
}

// deadlines returns the timer of the connection's calls, made if need be.
func (c *conn) deadlines() *deadlines {
	w := c.works()
	w.mu.Lock()
	defer w.mu.Unlock()
	rare := w.rarely()
	if rare.deadlines == nil {
		rare.deadlines = new(deadlines)
	}
	return rare.deadlines
}
