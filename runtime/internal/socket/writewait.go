package socket

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file finds out whether a peer takes something of a write that waits.
//
// Whether a write has returned does not tell. A kernel that holds MBs for a
// peer says that there is room when a third of them is free, which a slow peer
// takes minutes for. A deadline that passes would break a TLS connection for
// good. So nothing has a deadline, and the kernel is asked now and then what
// the peer has taken (vitals). Where it cannot be asked, the bytes that Write
// takes are all there is to see, so it gets few at a time.

// maxPiece is how many bytes Write gets at a time: they make one record of TLS.
const maxPiece = 16 << 10

// writeWatch watches the writes of one connection that wait for the peer. A
// connection with a descriptor has one when the kernel has taken no more of its
// bytes. Other connections, whose writes may always wait, have one in each
// flush.
type writeWatch struct {
	timer   *time.Timer   // calls look
	written atomic.Uint64 // bytes that Write took
	wroteAt atomic.Int64  // when it last took some, by Engine.Clock

	// All of this is guarded by mu.
	mu    sync.Mutex
	s     *Socket       // nil: the writes are over
	net   net.Conn      // that they go to
	every time.Duration // between two looks
	quiet time.Duration // how long the peer has taken nothing
	seen  uint64        // how many bytes it had taken at the last look
	known bool          // there was a last look
	asked bool          // the last look has asked the kernel
	cut   bool          // a write was told to give up
}

// looks is how often the watch looks at the peer within Limits.Write.
const looks = 4

// watchWriting returns a watch that has begun; nil if nothing is limited.
func (s *Socket) watchWriting() *writeWatch {
	l := &s.profile.limits
	shortest := min(l.Write, l.Idle)
	if shortest == Never {
		return nil
	}
	w, again := s.profile.engine.watches.Get().(*writeWatch)
	if !again {
		w = new(writeWatch)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.s, w.net, w.every = s, s.net, max(shortest/looks, time.Millisecond)
	w.quiet, w.seen, w.known, w.cut = 0, 0, false, false
	w.written.Store(0)
	if s.raw != nil { // of other connections few will wait, and a look costs something
		w.taken()
	}
	if again {
		w.timer.Reset(w.every)
	} else {
		w.timer = time.AfterFunc(w.every, w.look)
	}
	return w
}

// end ends watching. It may be called for nil.
func (w *writeWatch) end() {
	if w == nil {
		return
	}
	idle := w.timer.Stop() // else look runs, or has cut
	w.mu.Lock()
	s, n, cut := w.s, w.net, w.cut
	w.s, w.net = nil, nil
	w.mu.Unlock()
	if cut {
		_ = n.SetWriteDeadline(time.Time{})
	}
	if idle {
		s.profile.engine.watches.Put(w)
	}
}

// look looks whether the peer takes something. The timer calls it. It counts
// looks instead of time: while the process is stopped, no peer is late.
func (w *writeWatch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.s == nil {
		return
	}
	switch taken, since := w.taken(); {
	case !since:
		w.quiet = 0
	case taken:
		w.quiet = 0
		now := w.s.Hear() // a peer that takes what is written lives, though its answer to a ping may be far behind
		if !w.asked {
			w.quiet = min(now-time.Duration(w.wroteAt.Load()), w.every)
		}
	default:
		w.quiet += w.every
	}
	if w.quiet >= w.s.profile.limits.Write {
		w.giveUp()
	}
	w.timer.Reset(w.every)
}

// giveUp has the write that waits return. If a write cannot be told to, or had
// been told in vain by the last look, the socket is closed: a net.Conn of the
// user's may know nothing of deadlines. The caller holds w.mu.
func (w *writeWatch) giveUp() {
	s, n, told := w.s, w.net, false
	defer func() {
		if !told {
			go func() { // closing may wait
				if cause := writeCause(os.ErrDeadlineExceeded); !s.broken(cause) {
					s.begin(cause)
				}
				s.cutLink(n)
			}()
		}
	}()
	if w.cut {
		return
	}
	w.cut = true
	told = n.SetWriteDeadline(time.Unix(1, 0)) == nil // long ago
}

// taken reports whether the peer has taken something since the last look, and
// whether there was one to compare with. The caller holds w.mu.
func (w *writeWatch) taken() (taken, since bool) {
	v, ok := w.s.vitals()
	now, since := v.acked, w.known && w.asked == ok
	if !ok {
		now, since = w.written.Load(), !w.known || !w.asked // nothing was written when watching began
	}
	taken = now > w.seen
	w.seen, w.known, w.asked = now, true, ok
	return taken, since
}

// wrote counts n bytes that Write took. It reports whether a write that was
// told to give up may go on: only now can be seen how much of its piece it has
// taken.
func (w *writeWatch) wrote(n int) (goOn bool) {
	if w == nil {
		return false
	}
	w.written.Add(uint64(n))
	if n == 0 {
		return false
	}
	w.wroteAt.Store(int64(w.s.profile.engine.Clock()))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked || !w.cut {
		return false
	}
	w.cut, w.quiet = false, 0
	_ = w.net.SetWriteDeadline(time.Time{})
	w.timer.Reset(w.every)
	return true
}

// writeWaiting writes all of p, unless w has it give up.
func (s *Socket) writeWaiting(p []byte, w *writeWatch) error {
	for len(p) > 0 {
		n, err := s.net.Write(p[:min(len(p), maxPiece)])
		p = p[n:]
		if goOn := w.wrote(n); err != nil && !(goOn && steady.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
	}
	return nil
}
