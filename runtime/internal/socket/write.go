package socket

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// maxBatch is how many bytes of queued frames leave in one write. They are
// copied together; a single larger frame is written as it is.
const maxBatch = 64 << 10

// Reply queues a frame that must not be shed, and waits for room. Meanwhile
// nothing is read from the peer. A peer that never makes room is closed by the
// write deadline. If the connection closes instead, the reply is lost. waited
// says that there was no room at once.
//
// On the read goroutine replies are corked: they leave together when the input
// has run dry, so that a peer that asks much at a time gets few writes.
func (s *Socket) Reply(frame []byte, onReadLoop bool) (waited bool) {
	return s.replied(s.out.Insist(frame), frame, onReadLoop)
}

// ReplyAside is Reply for a frame that does not count.
func (s *Socket) ReplyAside(frame []byte, onReadLoop bool) {
	v := s.out.Aside(frame)
	switch {
	case !v.Refused():
	case onReadLoop:
		s.Uncork()
		v = s.out.WaitAsideLinked(frame)
	default:
		v = s.out.WaitAside(frame)
	}
	if !v.Refused() { // else the socket is gone that it was for
		s.replied(v, frame, onReadLoop)
	}
}

// Lends reports whether a reply can do without memory of its own (ReplyLent): the
// socket is written to by system calls, which do not wait. onReadLoop is as in Reply.
func (s *Socket) Lends(onReadLoop bool) bool {
	return (onReadLoop || !s.state.is(stateKeeps)) && s.raw != nil // a kept link may be exchanged, but not under its reader
}

// ReplyLent is Reply for a frame whose memory is used again. On the read loop a short
// one is copied to others. A long one is written at once, behind the replies that are
// held back: it needs no copy, and to write several of these together would win
// nothing. taken says that the outbox has the memory nevertheless: a push came in
// between. The socket must be one that Lends.
func (s *Socket) ReplyLent(frame []byte, onReadLoop bool) (waited, taken bool) {
	switch long := len(frame) > outbox.Block; {
	case !long && onReadLoop:
		v := s.out.Copy(frame)
		if v.Refused() {
			frame = slices.Clone(frame)
		}
		return s.replied(v, frame, true), false
	case long && !s.state.is(stateKeeps): // else the frame must live on
		if onReadLoop {
			s.Uncork()
		}
		if !s.out.Waits() {
			return s.replyNow(frame, onReadLoop)
		}
	}
	return s.Reply(slices.Clone(frame), onReadLoop), false
}

// replyNow writes a frame that nothing waits in front of, as ReplyLent does.
func (s *Socket) replyNow(frame []byte, onReadLoop bool) (waited, taken bool) {
	v := s.out.Insist(frame)
	switch {
	case v.Refused(): // others wait for room all of a sudden
		return s.replied(v, slices.Clone(frame), onReadLoop), false
	case !v.Accepted():
		return false, false
	}
	s.profile.engine.replies.Add(1)
	if v != outbox.Schedule {
		return false, true // whoever has come in between writes it
	}
	b := batches.Get().(*batch)
	b.lent = true
	taken = !s.flush(b)
	b.lent = false
	b.Settle(s.profile.engine.waiting)
	batches.Put(b)
	return false, taken
}

// replied does the rest of a reply, of which v is the outbox's verdict.
func (s *Socket) replied(v outbox.Verdict, frame []byte, onReadLoop bool) (waited bool) {
	if v.Refused() {
		waited = true
		if onReadLoop {
			s.Uncork() // else nothing would make room
		}
		if onReadLoop {
			v = s.out.WaitLinked(frame)
		} else {
			v = s.out.Wait(frame)
		}
	}
	if v.Accepted() {
		s.profile.engine.replies.Add(1)
	}
	if !onReadLoop {
		s.FlushNow(v)
		return waited
	}
	if v == outbox.Schedule {
		s.corked, s.cork.bytes, s.cork.count = true, 0, 0
	}
	s.cork.bytes += uint16(min(len(frame), maxCorked))
	s.cork.count++
	return waited
}

// FlushNow flushes on the caller's goroutine, if the verdict makes that the
// caller's task.
func (s *Socket) FlushNow(v outbox.Verdict) {
	if v == outbox.Schedule {
		b := batches.Get().(*batch)
		s.flush(b)
		b.Settle(s.profile.engine.waiting)
		batches.Put(b)
	}
}

// touch fetches what a flush needs into the cache, as outbox.Queue.TouchAll says,
// since the pusher wrote it last, on another processor. The profile stands
// behind the queue, in the cache line that the queue ends in.
func (s *Socket) touch() {
	s.out.TouchAll()
	runtime.KeepAlive(s.profile)
	runtime.KeepAlive(s.raw)
}

var errWriter = errors.New("ws: the net.Conn ended the goroutine that wrote (runtime.Goexit)")

// attendant is a worker, which is looked after while it writes to a TLS connection.
type attendant interface {
	begins(s *Socket)
	ends()
}

// batch holds the frames that a flush writes, and what it takes to write them.
type batch struct {
	outbox.Batch
	bytes  []byte    // room to copy frames together
	lent   bool      // a frame is in memory that is used again when flush has returned
	worker attendant // that has it; nil: none

	// The arguments and results of one write, and the function that does it:
	// made once, so that a write allocates nothing.
	p     []byte
	n     int
	again bool
	err   error
	try   func(fd uintptr)

	// The same for asking how much room there is.
	free int
	ask  func(fd uintptr)
}

var batches = sync.Pool{New: func() any {
	b := new(batch)
	b.try = func(fd uintptr) { b.n, b.again, b.err = sysWrite(fd, b.p) }
	b.ask = func(fd uintptr) { b.free = freeOf(fd) }
	return b
}}

// flush writes the frames that are queued. Its caller has the task from the
// outbox, and so is the one writer of the connection; it may find that a push
// has stolen the frames. flush never waits for the peer: if the socket takes no
// more, the rest and being the writer are left to flushWaiting, on a goroutine
// of its own. wrote is false if it found no frames.
func (s *Socket) flush(b *batch) (wrote bool) {
	var to *secured // nil: it has a descriptor
	closed := false
	if s.raw != nil {
		closed = s.out.Take(&b.Batch, maxBatch)
	} else if to = s.takesLone(b); to == nil {
		go s.flushPatiently()
		return false
	}
	if b.Len() == 0 {
		if closed {
			s.writeEnded(false)
		}
		return false
	}
	var rest []byte
	var err error
	switch {
	case to == nil:
		rest, err = s.writeTaken(b)
	case to.fits(len(b.joined()), b.ask, &b.free):
		err = s.writeRecord(b, to)
	default:
		s.out.MayWait(&b.Batch)
		rest = b.joined()
	}
	broken := false
	if err != nil {
		broken = s.writeFailed(err)
	} else if rest != nil {
		if b.lent { // nobody looks at the frame itself again
			rest = slices.Clone(rest)
		}
		s.leaveWaiting(b, rest)
		return true
	}
	switch more, closed := s.out.Written(&b.Batch); {
	case more:
		// The socket goes to the end of the run queue. So neither the caller
		// nor a worker's other connections wait for one that is pushed to as
		// fast as it is written to, and until its turn comes more can join the
		// next write.
		s.profile.engine.queue.add(s)
	case closed:
		s.writeEnded(broken)
	}
	return true
}

// takesLone takes a lone frame for a worker, and returns the TLS connection that it is
// for; nil if there is none. The caller has the task from the outbox, and has it still
// then.
func (s *Socket) takesLone(b *batch) *secured {
	to, is := s.net.(*secured)
	if !is || b.worker == nil || !s.out.TakeLone(&b.Batch, maxRecord) {
		return nil
	}
	return to
}

// writeRecord writes the frame of b to a TLS connection that has room for it. A worker
// calls it.
func (s *Socket) writeRecord(b *batch, to *secured) (err error) {
	returned := false
	b.worker.begins(s)
	defer func() {
		b.worker.ends()
		if !returned { // code of the user's ended the goroutine, which was the writer
			b.Drop()
			go s.writeBroken(errWriter)
		}
	}()
	_, err = to.Conn.Write(b.joined())
	returned = true
	return err
}

// writeTaken writes the frames of b, as far as the socket takes them at once.
// It returns the rest of one frame. The frames behind that are in the outbox
// again.
func (s *Socket) writeTaken(b *batch) (rest []byte, err error) {
	p := b.joined()
	rest, err = s.writeSome(b, p)
	if err != nil || len(rest) == 0 {
		return nil, err
	}
	return s.out.Stuck(&b.Batch, len(p)-len(rest)), nil
}

// leaveWaiting leaves b's frame, and being the writer, to a goroutine. It
// settles b first: the frames that b has let go of, of other connections too,
// must not wait for this peer.
func (s *Socket) leaveWaiting(b *batch, rest []byte) {
	b.Settle(s.profile.engine.waiting)
	w := batches.Get().(*batch)
	w.Batch, b.Batch = b.Batch, w.Batch
	go s.flushWaiting(w, rest)
}

// flushPatiently is flush for a connection whose writes may wait.
func (s *Socket) flushPatiently() {
	b := batches.Get().(*batch)
	b.Patient = true
	closed := s.out.Take(&b.Batch, maxBatch)
	if b.Len() > 0 {
		s.flushWaiting(b, b.joined())
		return
	}
	if closed {
		s.writeEnded(false)
	}
	b.release()
}

// flushWaiting waits for the peer to take rest, and then writes the frames that
// are queued. b holds the frames that are being written.
func (s *Socket) flushWaiting(b *batch, rest []byte) {
	broken, returned := false, false
	defer func() {
		if !returned { // a net.Conn of the user's ended the goroutine, which was the writer
			broken = s.writeFailed(errWriter)
			if closed := s.out.Next(&b.Batch, maxBatch); closed {
				s.writeEnded(broken)
			}
			b.Settle(s.profile.engine.waiting)
		}
		b.release()
	}()
	w := s.watchWriting()
	defer w.end()
	for {
		if len(rest) > 0 {
			if err := s.writeWaiting(rest, w); err != nil {
				broken = s.writeFailed(err)
			}
		}
		closed := s.out.Next(&b.Batch, maxBatch)
		b.Settle(s.profile.engine.waiting)
		if b.Len() == 0 {
			returned = true
			if closed {
				s.writeEnded(broken)
			}
			return
		}
		if b.Patient {
			rest = b.joined()
			continue
		}
		// The peer takes something again. As long as it does, a push that finds
		// no room may wait for this write, which does not wait for the peer.
		var err error
		if rest, err = s.writeTaken(b); err != nil {
			broken = s.writeFailed(err)
		}
		b.Settle(s.profile.engine.waiting)
	}
}

// release gives the batch back.
func (b *batch) release() {
	b.Patient = false
	batches.Put(b)
}

// joined returns the frames as one slice.
func (b *batch) joined() []byte {
	p := b.Join(b.bytes[:0])
	if b.Len() > 1 {
		b.bytes = p
	}
	return p
}

// writeSome writes as much of p as the socket takes at once. Control keeps the
// descriptor from being closed meanwhile. RawConn.Write would lock out other
// writers, too, and set up the poller. Neither is needed: the outbox has one
// writer, which does not wait.
func (s *Socket) writeSome(b *batch, p []byte) (rest []byte, err error) {
	b.p = p
	if err := s.raw.Control(b.try); err != nil {
		return nil, err
	}
	b.p = nil
	if b.again || b.err != nil {
		return p, b.err
	}
	return p[b.n:], nil
}

// writeFailed ends the connection, or its link: nothing more can be written. The
// caller goes on as if it had written what it has taken.
func (s *Socket) writeFailed(err error) (broken bool) {
	cause := writeCause(err)
	s.state.set(stateTorn)
	if s.broken(cause) {
		return true // what was taken counts as written: it is kept (outbox.Queue.Park)
	}
	s.begin(cause)
	s.out.Abort() // the caller is the writer, so there is nothing to schedule
	return true
}

// writeBroken ends a connection that a push, or a worker that has ended, could not write to. It runs on a
// goroutine of its own: a lock of the push's caller may be held.
func (s *Socket) writeBroken(err error) {
	broken := s.writeFailed(err)
	if _, closed := s.out.Written(new(outbox.Batch)); closed {
		s.writeEnded(broken)
	}
}
