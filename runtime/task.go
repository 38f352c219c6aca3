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
// its turn, can be cancelled, has a deadline, or is a stream. A message that
// is none of these has a Call only.
//
// The handler, the client that cancels, and the deadline may each want to
// answer it. The first one does; claim decides.
//
// A task is the context of its handler. That costs nothing until somebody
// waits for it or asks it for a value (package lazy).
type task struct {
	conn    *conn
	handler int            // -1: there is none
	bad     error          // the message is refused with it; nil: it is not
	frame   envelope.Frame // valid until run has returned
	message io.Closer      // gives the message's memory back
	size    int            // in bytes

	id       []byte        // as it was written; nil: none
	meta     metaText      // guarded by mu, once others know of the task
	deadline time.Time     // zero: none. Changed by the goroutine that runs it only, and then guarded by mu
	own      bool          // its context is not simply the connection's
	lone     bool          // it runs on the read loop, without a deadline: nobody else can answer it
	begun    time.Duration // for the Observer, by Server.clock and 1 more; 0: nobody wants to know
	// ended is a stream's: what the Observer wants to be called when it is over.
	ended func(time.Duration, *Error)

	credit *credit // of a stream; nil: its values are sent as they come

	streaming bool // a goroutine of its own ends it; used by the goroutine that runs it only

	mu       sync.Mutex
	reserved bool   // guarded by mu; it counts among the connection's streams
	ending   bool   // guarded by mu; among those that have an answer
	answered bool   // guarded by mu
	refusal  *Error // guarded by mu; the answer, if it is not its handler's
	over     bool   // guarded by mu; its context is cancelled
	late     bool   // guarded by mu; its deadline has passed before that, and nobody had waited for its context

	of context.Context // guarded by mu; that of its handler (within), nil: it is t

	ctx     lazy.Context // cancelled when over is set
	timed   *deadlines   // keeps its deadline; nil: it has none, or unwatch. Used by the goroutine that runs it only
	unwatch func() bool  // keeps the deadline from answering; nil: there is none, or timed keeps it. As timed
}

// event returns the name of its handler's event.
func (t *task) event() string { return t.conn.endpoint.handlers[t.handler].Event }

// finish ends a task: its context is cancelled and its id is free.
func (t *task) finish() {
	if !t.own {
		return
	}
	if t.lone {
		t.id = nil
		t.end()
		return
	}
	t.unwatched()
	t.end()
	t.leavePlace()
	t.conn.inbox().Ended(t)
}

// reserve counts another stream. It returns false if there are enough.
func (t *task) reserve() bool {
	if !t.conn.inbox().Reserve(t.conn.endpoint.opts.MaxStreams) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reserved = true
	return true
}

// leavePlace has it count among them no more.
func (t *task) leavePlace() {
	t.mu.Lock()
	reserved, ending := t.reserved, t.ending
	t.reserved, t.ending = false, false
	t.mu.Unlock()
	if reserved {
		t.conn.inbox().Leave(ending)
	}
}

// hasPlace reports whether it counts among the connection's streams.
func (t *task) hasPlace() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reserved
}

// claim reports whether the caller may answer: only the first caller may. A
// caller that answers instead of the handler passes its refusal.
func (t *task) claim(refusal *Error) bool {
	if !t.own || t.lone {
		return true // nobody else knows of it
	}
	t.mu.Lock()
	first := !t.answered
	if first {
		t.answered, t.refusal, t.ending = true, refusal, t.reserved
	}
	ending := first && t.ending
	t.mu.Unlock()
	if first && t.id != nil {
		t.conn.inbox().Forget(t)
	}
	if ending {
		t.conn.inbox().Ending()
	}
	return first
}

func (t *task) isAnswered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answered
}

// refused returns the refusal that the task was answered with by others than
// its handler; nil if there is none.
func (t *task) refused() *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refusal
}

// refuse answers with refusal, unless the task has an answer, and cancels its
// context. It does so before the answer is queued, so that no item of a
// stream follows that.
func (t *task) refuse(refusal *Error, inline bool) {
	if !t.claim(refusal) {
		return
	}
	t.end()
	t.answer(refusal, inline)
	_ = t.report(refusal)
}

// report reports a refusal that is not the handler's.
func (t *task) report(refusal *Error) *Error {
	x := examine(refusal)
	x.of = t.within()
	return t.conn.endpoint.reportKnown(t.conn, t.event(), 0, x)
}

// runsIn notes the context that its handler runs in, if that is not t.
func (t *task) runsIn(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of = ctx
}

// within returns the context that its handler runs in.
func (t *task) within() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of != nil {
		return t.of
	}
	return t
}

// answer answers with a refusal.
func (t *task) answer(refusal *Error, inline bool) {
	t.conn.refuse(t.event(), t.id, refusal, inline)
}

// explain returns an error as the client is told it: CodeTimeout if the
// handler failed because its time was up, and chose no *Error itself.
func (t *task) explain(x examined) examined {
	if t == nil || !x.late || x.known != nil || t.Err() != context.DeadlineExceeded {
		return x
	}
	late := examine(errTimeout().WithCause(x.err))
	late.of = x.of
	return late
}

// Deadline returns the time until which the answer must be there.
func (t *task) Deadline() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.deadline, !t.deadline.IsZero()
}

// endBy sets the deadline, unless there is one that is sooner.
func (t *task) endBy(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deadline.IsZero() || at.Before(t.deadline) {
		t.deadline = at
	}
}

// Done returns a channel that is closed when the call is answered, cancelled
// or too late, and when the connection begins to close.
func (t *task) Done() <-chan struct{} { return t.standard().Done() }

// Err returns context.DeadlineExceeded if the call is too late,
// context.Canceled if Done is closed for another reason, and else nil.
func (t *task) Err() error {
	t.mu.Lock()
	late, over := t.late, t.over
	t.mu.Unlock()
	if late {
		return context.DeadlineExceeded
	}
	if ctx := t.ctx.Made(); ctx != nil {
		return ctx.Err()
	}
	if over {
		return context.Canceled
	}
	return connContext{&t.conn.Client}.Err()
}

// Value returns the Client and the message's meta, and for other keys the
// value of the standard context.
func (t *task) Value(key any) any {
	switch key {
	case clientKey{}:
		return t.conn.asClient()
	case metaKey{}:
		return t.allMeta()
	}
	return t.standard().Value(key)
}

// allMeta returns the members of the message's meta; nil if there is none.
func (t *task) allMeta() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.meta.all()
}

// standard returns the standard context inside.
func (t *task) standard() context.Context {
	parent := connContext{&t.conn.Client}
	if until, limited := t.Deadline(); limited {
		return t.ctx.Until(parent, until, t)
	}
	return t.ctx.Standard(parent, t)
}

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

// errTimeout returns the refusal of a call whose time is up.
func errTimeout() *Error { return NewError(CodeTimeout, "it took too long") }
