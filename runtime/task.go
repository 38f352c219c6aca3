package ws

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/inbox"
	"github.com/wsgen/wsgen/runtime/internal/lazy"
)

// task is a message that is more than a call on the read loop: it waits for
// its turn, can be cancelled, has a deadline, or is a stream. What is none of
// these is a call only.
//
// Several may want to answer it: the handler, the client that cancels, the
// deadline. The first one does; claim decides.
//
// It is the context of its handler, which costs nothing until somebody waits
// for it or asks it for a value (context.go).
type task struct {
	conn    *conn
	handler int            // -1: there is none
	bad     error          // what is wrong with the frame
	frame   envelope.Frame // valid until run has returned
	message io.Closer
	size    int

	id       []byte // as it was written; nil: none
	meta     map[string]string
	deadline time.Time // zero: none
	own      bool      // its context is not simply the connection's
	begun    time.Time // for Observer.Handled

	// Used by the goroutine that runs it only.
	reserved  bool // it counts among the connection's streams
	streaming bool // a goroutine of its own ends it

	// Guarded by mu.
	mu       sync.Mutex
	answered bool
	refusal  *Error // that it was answered with by somebody else than its handler
	over     bool   // its context is cancelled

	ctx     lazy.Context // cancelled when over is set
	unwatch func() bool  // keeps the deadline from answering, nil if there is none; of the goroutine that runs it
}

// newTask makes a task of a message, and makes it known by its id.
func (c *conn) newTask(handler int, frame *envelope.Frame, bad error, size int, message io.Closer) *task {
	t := &task{conn: c, handler: handler, bad: bad, frame: *frame, message: message, size: size}
	b := c.beside()
	if handler < 0 || bad != nil {
		return t
	}
	if t.bad = t.accompany(frame.Meta); t.bad != nil {
		return t
	}
	h := &c.endpoint.handlers[handler]
	t.own = frame.ID != nil || t.meta != nil || h.Timeout > 0
	if frame.ID != nil {
		t.id = bytes.Clone(frame.ID)
		b.Register(t)
	}
	return t
}

// beside returns the inbox, made when it is first needed: on the read
// goroutine, before any other has a reason to look for it.
func (c *conn) beside() *inbox.Queue[*task] {
	if b := c.inbox.Load(); b != nil {
		return b
	}
	b := inbox.New[*task](resting{c}, len(c.endpoint.handlers))
	c.inbox.Store(b)
	if c.member.Socket.Closes() { // whoever closes stops what it finds after that can be seen
		b.Stop()
	}
	return b
}

// resting is a connection as its inbox knows it.
type resting struct{ conn *conn }

// Rest closes a connection that drains, if this was the last of what it had in
// hand.
func (r resting) Rest() { r.conn.rest() }

// Describe says what the inbox has to know. A frame that is none, or an unknown
// event, is answered by the worker, in its place.
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

// event returns the name of its handler's event.
func (t *task) event() string { return t.conn.endpoint.handlers[t.handler].Event }

// run handles the message, now that it is its turn.
func (t *task) run(inline bool) {
	defer func() {
		if t.handler < 0 || !t.conn.endpoint.lends(t.handler, &t.frame) {
			_ = t.message.Close()
		}
		t.frame, t.message = envelope.Frame{}, nil
		if !t.streaming {
			t.finish()
		}
	}()
	if t.handler < 0 || t.bad != nil || t.turn(inline) {
		t.conn.handle(t.handler, &t.frame, t.bad, inline, t)
	}
}

// turn reports whether there is still something to do: the call has not been
// cancelled, its time is not up, and there is room for another stream.
func (t *task) turn(inline bool) bool {
	if t.isAnswered() {
		return false
	}
	h := &t.conn.endpoint.handlers[t.handler]
	if h.Timeout > 0 {
		if until := time.Now().Add(h.Timeout); t.deadline.IsZero() || until.Before(t.deadline) {
			t.deadline = until
		}
	}
	if !t.deadline.IsZero() && !t.watch() {
		t.refuse(errTimeout(), inline)
		return false
	}
	if h.Stream && !t.reserve() {
		t.refuse(NewError(CodeRateLimited, "too many streams at a time"), inline)
		return false
	}
	return true
}

// finish is the end of a task: its context is cancelled and its id is free.
func (t *task) finish() {
	if !t.own {
		return
	}
	if t.unwatch != nil && t.unwatch() {
		t.conn.inbox.Load().Release()
	}
	t.end()
	t.conn.inbox.Load().Ended(t, t.reserved)
}

// claim reports whether the caller may answer: only the first caller may. A
// caller that answers instead of the handler passes its refusal.
func (t *task) claim(refusal *Error) bool {
	if !t.own {
		return true // nobody else knows of it
	}
	t.mu.Lock()
	first := !t.answered
	if first {
		t.answered, t.refusal = true, refusal
	}
	t.mu.Unlock()
	if first && t.id != nil {
		t.conn.inbox.Load().Forget(t)
	}
	return first
}

func (t *task) isAnswered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answered
}

// refused returns what it was answered with, if not by its handler.
func (t *task) refused() *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refusal
}

// refuse answers with refusal, unless it has an answer, and cancels its
// context: before the answer is queued, so that no item of a stream follows it.
func (t *task) refuse(refusal *Error, inline bool) {
	if !t.claim(refusal) {
		return
	}
	t.end()
	t.answerError(refusal, inline)
	_ = t.conn.endpoint.refuse(t.conn, t.event(), 0, refusal)
}

// answerError answers with a refusal.
func (t *task) answerError(refusal *Error, inline bool) {
	t.conn.answerError(t.event(), t.id, refusal, inline)
}

// explain turns what a handler returned because its time was up into what the
// client is told.
func (t *task) explain(x examined) examined {
	if t == nil || !x.late || x.known != nil || t.Err() != context.DeadlineExceeded {
		return x
	}
	return examine(errTimeout().WithCause(x.err))
}
