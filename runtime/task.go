package ws

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
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

// event returns the name of its handler's event.
func (t *task) event() string { return t.conn.endpoint.handlers[t.handler].Event }

// finish is the end of a task: its context is cancelled and its id is free.
func (t *task) finish() {
	if !t.own {
		return
	}
	if t.unwatch != nil && t.unwatch() {
		t.conn.inbox().Release()
	}
	t.end()
	t.conn.inbox().Ended(t, t.reserved)
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
		t.conn.inbox().Forget(t)
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
	t.answer(refusal, inline)
	_ = t.conn.endpoint.report(t.conn, t.event(), 0, refusal)
}

// answer answers with a refusal.
func (t *task) answer(refusal *Error, inline bool) {
	t.conn.refuse(t.event(), t.id, refusal, inline)
}

// explain turns what a handler returned because its time was up into what the
// client is told.
func (t *task) explain(x examined) examined {
	if t == nil || !x.late || x.known != nil || t.Err() != context.DeadlineExceeded {
		return x
	}
	return examine(errTimeout().WithCause(x.err))
}

// Deadline returns until when the answer must be there.
func (t *task) Deadline() (time.Time, bool) { return t.deadline, !t.deadline.IsZero() }

// Done is closed when the call is answered, cancelled or too late, and when
// the connection begins to close.
func (t *task) Done() <-chan struct{} { return t.standard().Done() }

// Err says which it was: context.DeadlineExceeded if it is too late, else
// context.Canceled.
func (t *task) Err() error {
	if ctx := t.ctx.Made(); ctx != nil {
		return ctx.Err()
	}
	if t.Ended() {
		return context.Canceled
	}
	return connContext{&t.conn.Client}.Err()
}

// Value is connContext's, and finds the message's meta.
func (t *task) Value(key any) any {
	switch key {
	case clientKey{}:
		return t.conn.asClient()
	case metaKey{}:
		return t.meta
	}
	return t.standard().Value(key)
}

// standard returns the standard context inside.
func (t *task) standard() context.Context { return t.ctx.Standard(connContext{&t.conn.Client}, t) }

// Ended reports whether the context is cancelled, for package lazy.
func (t *task) Ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

// end cancels the context.
func (t *task) end() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	t.ctx.Cancel()
}

func errTimeout() *Error { return NewError(CodeTimeout, "it took too long") }
