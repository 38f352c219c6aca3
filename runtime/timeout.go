package ws

import (
	"context"
	"time"
)

// watch has the task answered when its deadline has passed, and its context
// end with context.DeadlineExceeded. It returns false if the deadline has
// passed already.
func (t *task) watch() bool {
	if !t.deadline.After(time.Now()) {
		return false
	}
	t.conn.inbox().Hold() // the end of the connection waits for what the deadline starts
	t.unwatch = context.AfterFunc(t.ctx.Until(connContext{&t.conn.Client}, t.deadline, t), t.expired)
	return true
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
