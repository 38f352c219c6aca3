package socket

import (
	"math"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// Engine has what the sockets of one Server share: clock, timer wheel, run
// queue, and the memory of what waits to be written.
type Engine struct {
	// Portable has sockets read and written as on systems without system calls
	// of our own, and as over TLS. It is for tests, and must be set before the
	// first connection.
	Portable bool

	epoch   time.Time
	skipped atomic.Int64 // by Skip
	wheel   wheel
	queue   runQueue
	watches sync.Pool // of writeWatch; a timer must not leave its Engine, which may live in a bubble of synctest
	waiting *outbox.Budget
	replies atomic.Uint64
	keeps   atomic.Bool  // some outbox keeps what it hands out
	links   sync.RWMutex // guards Socket.net and raw of sockets that may get another, where neither the reader nor the writer asks
}

// NewEngine returns an Engine whose outboxes may hold total bytes together
// (outbox.NewBudget).
func NewEngine(total int) *Engine {
	e := &Engine{epoch: time.Now(), waiting: outbox.NewBudget(total)}
	e.wheel.clock = e.Clock
	e.queue.waiting = e.waiting
	return e
}

// Clock returns the time since the Engine was made: a duration takes a third of
// a time.Time.
func (e *Engine) Clock() time.Duration {
	return time.Since(e.epoch) + time.Duration(e.skipped.Load())
}

// Time returns the time at which Clock returns clock.
func (e *Engine) Time(clock time.Duration) time.Time {
	return e.epoch.Add(clock - time.Duration(e.skipped.Load()))
}

// Skip has the Engine find that d has passed, as after a pause of the process. It
// is for tests.
func (e *Engine) Skip(d time.Duration) {
	e.wheel.mu.Lock()
	defer e.wheel.mu.Unlock()
	e.skipped.Add(int64(d))
}

// Waiting returns the budget that all outboxes share.
func (e *Engine) Waiting() *outbox.Budget { return e.waiting }

// Replies returns how many frames of Reply and ReplyLent were accepted, pongs
// among them.
func (e *Engine) Replies() uint64 { return e.replies.Load() }

// Never stands for a time that does not come: it is beyond any process.
const Never = time.Duration(math.MaxInt64)

// Later returns from+d, for a d that may be Never.
func Later(from, d time.Duration) time.Duration {
	if d == Never {
		return Never
	}
	return from + d
}

// Limits bound the sockets of one gateway. Each is set; Never is no limit of
// time.
type Limits struct {
	Frames, Bytes int           // of an outbox
	Message       int           // bytes, at most 2 GiB less one
	Write         time.Duration // for how long a peer may take nothing
	Ping          time.Duration // between two
	Idle          time.Duration // for how long a peer may be silent
	Lifetime      time.Duration // the soonest that Owner.Due may be, from Open on
	Deflate       bool          // some sockets compress
}

// Profile has what the sockets of one gateway share: limits, and gws's side. It
// does not change.
type Profile struct {
	engine *Engine
	limits Limits
	outbox outbox.Limits

	transport transport // gws's side
}

// Profile returns a Profile with limits.
func (e *Engine) Profile(l Limits) *Profile {
	p := &Profile{engine: e, limits: l, outbox: outbox.Limits{Frames: l.Frames, Bytes: l.Bytes, Total: e.waiting}}
	p.transport = newTransport(&l)
	e.wheel.fit(&l)
	e.queue.fit(l.Frames)
	return p
}

// link returns the net.Conn and the way to its descriptor. The reader, and the
// writer of the outbox, need not ask: the link does not change while they are
// there.
func (s *Socket) link() (net.Conn, syscall.RawConn) {
	if !s.state.is(stateKeeps) {
		return s.net, s.raw
	}
	e := s.profile.engine
	e.links.RLock()
	defer e.links.RUnlock()
	return s.net, s.raw
}
