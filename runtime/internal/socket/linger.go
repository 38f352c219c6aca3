package socket

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file ends a socket, after the last byte was written. A kernel that has
// closed a socket answers bytes that still come with a reset. That takes from
// the peer what it has not read yet, the Close frame at last (RFC 6455, section
// 7.1.1). So the socket stays, without anything else of the connection, until
// the peer has everything: the kernel's own queue must be empty, and the peer
// have closed, or had its time to.

// linger is how long a peer that has everything may take to close.
const linger = time.Second

// maxDiscarded is how many bytes of a connection that is closing are read and
// dropped, or Limits.Message if that is more: a client that is in the middle of
// a message may have to end it before it reads.
const maxDiscarded = 256 << 10

var errFlooded = errors.New("ws: peer sends too much to a connection that is closing")

// mayDiscard returns how many bytes more may be read and dropped.
func (s *Socket) mayDiscard() int {
	return max(0, max(maxDiscarded, s.profile.limits.Message)-s.rarely().discarded)
}

// writeEnded ends writing: the last frame has left, or never will. It is called
// once. It may run inside a read of the socket (cork.go), and to close a socket
// waits for its reads to end. So closing has a goroutine of its own.
func (s *Socket) writeEnded(broken bool) {
	s.rarely().written = s.profile.engine.Clock()
	readDone := s.state.set(stateWriteDone)&stateReadDone != 0
	switch {
	case broken:
		go func() {
			s.cut()
			if readDone {
				s.Release()
			}
		}()
	case readDone:
		go s.settle(s.state.is(stateAnswered))
	default:
		s.readFor(linger)
	}
}

// readFor ends reading after d: by a deadline, or if the socket has none by
// closing it. A link that has ended is closed already.
func (s *Socket) readFor(d time.Duration) {
	if s.IsParted() {
		return
	}
	set := false
	defer func() {
		if !set {
			time.AfterFunc(d, s.cut)
		}
	}()
	set = s.net.SetReadDeadline(time.Now().Add(d)) == nil
}

// readEnded notes that nothing is read any more, and ends the socket if nothing
// is written either. It is called once, and does not wait.
func (s *Socket) readEnded() {
	answered := s.state.is(statePeerClosed) && !s.Cause().Remote // it has read our Close
	if answered && s.out.Over() {
		s.state.set(stateAnswered) // its writer is on the way to writeEnded, at the latest
	}
	if s.state.set(stateReadDone)&stateWriteDone == 0 {
		return
	}
	if v, ok := s.vitals(); ok && v.unsent == 0 && s.mayClose(v, answered, s.rarely().written) {
		_ = s.net.Close()
		s.Release()
		return
	}
	go s.settle(answered)
}

// mayClose reports whether a peer that has taken everything can do without the
// socket. since is when it had, and answered says that it has read all of it.
func (s *Socket) mayClose(v vitals, answered bool, since time.Duration) bool {
	switch {
	case v.gone || answered:
		return true
	case v.filled:
		return false // its kernel has taken what it has not read yet
	}
	return s.state.is(statePeerClosed) || s.profile.engine.Clock()-since >= linger
}

// settle waits until the peer has what was written, and closes the socket.
func (s *Socket) settle(answered bool) {
	defer s.Release()
	defer s.cut()
	raw := s.rawUnder()
	if raw == nil {
		s.settleBlindly()
		return
	}
	t := settling{Socket: s, answered: answered, patience: s.profile.limits.Write}
	if t.patience == Never {
		t.patience = kernelPatience
	}
	longest := max(min(t.patience/looks, maxSettlingLook), time.Millisecond)
	for wait := time.Millisecond; ; wait = min(2*wait, longest) {
		v, ok := s.vitals()
		left := t.left()
		if !ok || t.over(v) || left <= 0 || !t.wait(raw, min(wait, left)) {
			return
		}
	}
}

// kernelPatience is how long a peer whose writes have no limit may take nothing
// of the last bytes: only its kernel is waited for.
const kernelPatience = 10 * time.Second

// Brief notes that the peer was turned away. Its socket stays for linger at
// most.
func (s *Socket) Brief() { s.state.set(stateBrief) }

// left returns how long the socket may stay, whatever the peer takes.
func (s *settling) left() time.Duration {
	if !s.state.is(stateBrief) {
		return Never
	}
	return linger - (s.profile.engine.Clock() - s.rarely().written)
}

// maxSettlingLook is how late settle may notice that the kernel's queue is
// empty.
const maxSettlingLook = 250 * time.Millisecond

// settling is the state of settle: what it has seen of the peer.
type settling struct {
	*Socket
	answered bool
	halved   bool          // the peer was told that nothing follows (closeWrite)
	patience time.Duration // how long the peer may take nothing

	acked, room uint64
	waited      time.Duration // since the last look
	quiet       time.Duration // since something was taken
	drained     time.Duration // when everything was taken, by Engine.Clock; 0: not yet
}

// over looks at the peer, and reports whether the socket is to be closed.
func (s *settling) over(v vitals) bool {
	if v.over {
		return true
	}
	if !s.halved && (s.raw != nil || v.unsent <= maxBefore) {
		s.halved = true
		_ = closeWrite(s.net)
	}
	s.quiet += s.waited
	if v.acked > s.acked || v.unsent == 0 && v.room > s.room {
		s.quiet = 0
	}
	s.acked, s.room = v.acked, max(s.room, v.room)
	switch {
	case s.quiet >= s.patience:
		return true
	case v.unsent > 0:
		return false
	case s.drained == 0 && s.waited == 0:
		s.drained = s.rarely().written
	case s.drained == 0:
		s.drained = s.profile.engine.Clock()
	}
	return s.mayClose(v, s.answered, s.drained)
}

// maxBefore is how many bytes may wait in the kernel when TLS tells the peer
// that nothing follows: that is a write, which must find room.
const maxBefore = 4 << 10

// wait lets d pass, and drops the bytes that come meanwhile. It returns sooner
// when the peer closes, and false if the socket is no more.
func (s *settling) wait(raw syscall.RawConn, d time.Duration) bool {
	s.waited = d
	_ = s.net.SetReadDeadline(time.Now().Add(d))
	var broken error
	err := raw.Read(func(fd uintptr) (done bool) {
		done, broken = s.drop(fd)
		return done
	})
	return broken == nil && (err == nil || steady.Is(err, os.ErrDeadlineExceeded))
}

// drop reads and drops the bytes that are there. It is done when no more will
// come. Then, and when the peer has sent too much, nothing is read any more.
func (s *settling) drop(fd uintptr) (done bool, err error) {
	block := blocks.Get().(*block)
	defer blocks.Put(block)
	last := s.rarely()
	for most := s.mayDiscard(); most > 0; most = s.mayDiscard() {
		n, again, err := sysRead(fd, block.bytes[:min(most, len(block.bytes))])
		switch {
		case err != nil:
			return true, err
		case again:
			return false, nil
		case n == 0:
			last.discarded += most
			return true, nil
		}
		last.discarded += n
	}
	return false, nil
}

// settleBlindly is settle where the kernel cannot be asked: it gives the peer
// its time, whatever that has taken.
func (s *Socket) settleBlindly() {
	_ = closeWrite(s.net)
	left := linger - (s.profile.engine.Clock() - s.rarely().written)
	if s.state.is(statePeerClosed) || left <= 0 {
		return
	}
	s.readFor(left)
	block := blocks.Get().(*block)
	defer blocks.Put(block)
	for most := s.mayDiscard(); most > 0; {
		n, err := s.net.Read(block.bytes[:min(most, len(block.bytes))])
		if err != nil {
			return
		}
		most -= n
	}
}

// cut closes the socket at once. It goes past TLS, which would tell the peer
// first, and wait for it to take that.
func (s *Socket) cut() {
	n, _ := s.link()
	s.cutLink(n)
}

// cutLink is cut for a link that the socket has, or had.
func (s *Socket) cutLink(n net.Conn) {
	if under, ok := overTLS(n); ok {
		_ = steady.Conn(under, s.owner.Failed).Close()
	}
	_ = n.Close()
}

// vitals asks the kernel about the connection; false where it cannot be asked.
func (s *Socket) vitals() (v vitals, ok bool) { return ask(s.rawUnder()) }

// Written returns how many bytes the kernels of both sides have taken. It is
// for tests.
func (s *Socket) Written() int {
	v, _ := s.vitals()
	return int(v.acked) + v.unsent
}

// rawUnder returns the way to the descriptor of the TCP socket that the
// connection goes over; nil if there is none.
func (s *Socket) rawUnder() syscall.RawConn {
	n, raw := s.link()
	if raw != nil || s.profile.engine.Portable {
		return raw
	}
	return rawOf(underneath(n))
}

// ending is a link that ends. Who has one asks the outbox nothing: that may have
// another link by then.
type ending struct {
	net  net.Conn
	left <-chan struct{} // closed when its writer has left the outbox
}

// tellLast writes a Close frame to a link that is ending, and reports whether it
// has: not if the writer has not left in time, or in the middle of a frame. A write
// that takes too long is ended by closing: a deadline is not the link's alone, since
// who has just written ahead of the outbox, or has left it, is about to lift theirs.
func (s *Socket) tellLast(l *ending, closing []byte, wait time.Duration) bool {
	if !l.writerLeft(wait) || s.state.is(stateTorn) {
		return false
	}
	late := time.AfterFunc(shortly, func() { s.cutLink(l.net) })
	defer late.Stop()
	_, err := l.net.Write(closing)
	return err == nil
}

// shortly is how long the last frame of a link may take.
const shortly = 100 * time.Millisecond

// writerLeft reports whether nobody writes to the link any more, and waits for that.
func (l *ending) writerLeft(wait time.Duration) bool {
	select {
	case <-l.left:
		return true
	default:
	}
	if wait == 0 {
		return false
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-l.left:
		return true
	case <-late.C:
		return false
	}
}
