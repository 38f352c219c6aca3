package ws

import (
	"bytes"
	"io"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/inbox"
)

// newTask makes a task of a message, which runs at once if it runs on the read loop
// (inline). A task with an id can be found by that from now on, if there is a moment at
// which somebody might look for it.
func (c *conn) newTask(handler int, frame *envelope.Frame, bad error, size int, message io.Closer, inline bool) *task {
	t := &task{conn: c, handler: handler, bad: bad, frame: *frame, message: message, size: size}
	if !inline {
		c.beside()
	}
	if handler < 0 || bad != nil {
		return t
	}
	if t.bad = t.accompany(frame.Meta); t.bad != nil {
		return t
	}
	h := &c.endpoint.handlers[handler]
	if t.bad = t.allow(h); t.bad != nil {
		return t
	}
	t.own = frame.ID != nil || !t.meta.none() || h.Timeout > 0
	if t.lone = inline && !h.Stream && h.Timeout == 0 && t.deadline.IsZero(); t.lone {
		t.id = frame.ID // the message outlives it
		return t
	}
	b := c.beside()
	if frame.ID != nil {
		t.id = bytes.Clone(frame.ID)
		b.Register(t)
	}
	return t
}

// accompany reads the message's meta. The time in it runs from now: it is how
// long the client will wait.
func (t *task) accompany(raw []byte) error {
	if raw == nil {
		return nil
	}
	var err error
	if t.meta, err = readMeta(raw); err != nil {
		return err
	}
	text, ok := t.meta.named(deadlineMember)
	if !ok {
		return nil
	}
	ms, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return errMeta
	}
	if ms <= uint64(noLimit/time.Millisecond) {
		t.deadline = time.Now().Add(time.Duration(ms) * time.Millisecond)
	}
	return nil
}

// allow reads how many values of a stream its client has room for. For what is no
// stream the member is the application's.
func (t *task) allow(h *Handler) error {
	if !h.Stream {
		return nil
	}
	text, ok := t.meta.named(creditMember)
	if !ok {
		return nil
	}
	if t.credit, ok = newCredit(text); !ok {
		return errCreditStart
	}
	return nil
}

// beside returns the inbox, made when it is first needed: on the read
// goroutine, before any other has a reason to look for it.
func (c *conn) beside() *inbox.Queue[*task] {
	w := c.works()
	if b := w.inbox.Load(); b != nil {
		return b
	}
	b := inbox.New[*task](resting{c}, len(c.endpoint.handlers))
	w.inbox.Store(b)
	if c.member.Socket.Closes() { // published first: Closing sets the cause, and then stops the inbox that it finds
		b.Stop()
	}
	if c.member.Socket.IsParted() { // as Breaks does
		b.Spill(true)
	}
	return b
}

// resting is a connection as its inbox knows it.
type resting struct{ conn *conn }

// Rest closes a connection that drains, if it has nothing in hand any more.
func (r resting) Rest() { r.conn.rest() }

// Describe returns what the inbox has to know of the task. A bad frame, or an
// unknown event, is answered by the worker, in its place.
func (t *task) Describe() inbox.Description {
	d := inbox.Description{ID: t.id, Size: t.size}
	if t.handler >= 0 && t.bad == nil {
		h := &t.conn.endpoint.handlers[t.handler]
		d.Parallel, d.Handler, d.Max = h.Mode == Parallel, t.handler, h.Max
	}
	return d
}

// Run handles the message beside the read loop.
func (t *task) Run() { t.run(false) }

// run handles the message, now that it is its turn.
func (t *task) run(inline bool) {
	defer func() {
		if t.handler < 0 || !t.conn.endpoint.lends(&t.frame) {
			_ = t.message.Close()
		}
		t.frame, t.message = envelope.Frame{}, nil
		if !t.streaming {
			t.finish()
		}
	}()
	if t.handler < 0 || t.bad != nil || t.lone || t.turn(inline) {
		t.conn.handle(t.handler, &t.frame, t.bad, inline, t)
	}
}

// turn reports whether there is still something to do: the call has not been
// cancelled, its time is not up, and there is room for another stream.
// Otherwise the call has its answer.
func (t *task) turn(inline bool) bool {
	if t.isAnswered() {
		return false
	}
	h := &t.conn.endpoint.handlers[t.handler]
	if h.Timeout > 0 || !t.deadline.IsZero() {
		now := time.Now()
		if h.Timeout > 0 {
			t.endBy(now.Add(h.Timeout))
		}
		if !t.watch(now) {
			t.refuse(errTimeout(), inline)
			return false
		}
	}
	if h.Stream && !t.reserve() {
		t.refuse(NewError(CodeRateLimited, "too many streams at a time"), inline)
		return false
	}
	return true
}
