// Package socket is one peer: it reads, writes, closes and keeps time. It is the
// only package that knows gws and makes system calls. Its Owner knows what a
// message means, who else is there, and why a connection ends.
package socket

import (
	"io"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Socket is the connection to one peer. It is a part of its owner: Open makes
// it ready, and it must not be copied afterwards.
//
// One goroutine reads, which is Serve's caller, and one writes while the peer
// has to be waited for. Where nothing else is said, methods may be called from
// any goroutine.
type Socket struct {
	// The fields that a flush touches stand first, together: it comes to a
	// thousand sockets whose memory is in no cache. Open sets these.
	raw     syscall.RawConn // the descriptor; nil where it must not be used
	out     outbox.Queue
	profile *Profile
	owner   Owner

	// The fields for reading are used by the read goroutine only; but for net,
	// which Open sets.
	net      net.Conn
	block    *block // the bytes that were read; nil: none
	from, to uint16 // of block: the bytes that were checked and not yet given to gws, the rest
	guard    frame.Guard
	readRaw  func(fd uintptr) bool // made once, so that a read allocates nothing
	cork     cork

	heard atomic.Int64 // when bytes last came, by Engine.Clock
	timer timerNode    // guarded by the wheel's mu

	cause atomic.Pointer[closing] // set once, to why it closes; nil: it is open
	rare  atomic.Pointer[rare]    // nil: none of it is there
	state state

	deflate bool // compressed messages are agreed on. Set by Open
	joined  bool // set once gws reads: from then on a Close frame that it writes is its verdict. Read goroutine only
	corked  bool // replies are held back. Read goroutine only
	quiet   bool // the read goroutine is to leave gws, and another to follow. Read goroutine only
}

// rare holds the fields that most sockets need only when they close. It is
// allocated on first use, so that an idle connection stays small.
type rare struct {
	err     error           // the read error, returned once the checked bytes are used up; nil if gws stopped by itself. Read goroutine only
	verdict frame.CloseCode // of the Close frame that gws wanted to send; 0: none. Read goroutine only

	written   time.Duration // when the last byte was written, by Engine.Clock; set before stateWriteDone
	discarded int           // bytes that were read since closing and dropped. Read goroutine only, and then settle
	answer    []byte        // the Close frame that answers the peer's, when the link ends; nil: none. Read goroutine only
	relay     *relay        // gws's way to the link; nil: it cannot move, or gws does not read. Read goroutine only
	to        *Socket       // that has the link now; nil: it has not moved. Read goroutine only

	seen sight // of a peer that takes something, and does not answer. Used by the turn of the wheel that has the socket only
}

// rarely returns s.rare, made if need be.
func (s *Socket) rarely() *rare {
	if r := s.rare.Load(); r != nil {
		return r
	}
	s.rare.CompareAndSwap(nil, new(rare))
	return s.rare.Load()
}

// Owner is what a Socket belongs to. No method is called under a lock of this
// package's but Due, which must not lock.
type Owner interface {
	// Received is called on the read goroutine for each message, in order. The
	// bytes are the socket's again when done is closed.
	Received(text bool, data []byte, done io.Closer)
	// Slow is told, on the read goroutine, of messages that kept reading waiting
	// for longer than LongTurn: of one, if it was alone, or of all that came with
	// one read.
	Slow(took time.Duration, alone bool)
	// Resting is called on the read goroutine of a socket that drains, when it has
	// handled all that it has read.
	Resting()
	// Unsound is told of a frame that breaks the protocol, before Closing.
	Unsound(bad *frame.Error)
	// Dead is told of a peer that is given up for its silence, before Closing.
	Dead()
	// Failed is told of code of the user's, or of gws's, that did not return.
	Failed(f *steady.Failure)
	// Closing is called once, for the first cause, on any goroutine.
	Closing(cause *Cause)
	// Due returns when TimeUp is to be called, by Engine.Clock; Never if it is not.
	Due() time.Duration
	// TimeUp is called when Due has come.
	TimeUp(now time.Duration)
	// Ended is called on the read goroutine when nothing more is read. It returns
	// when the owner is done with the connection; the socket may still be sending.
	Ended()
	// Released is called once, when no goroutine uses the socket any more.
	Released()
}

// Survivor is an Owner that may outlive the link.
type Survivor interface {
	Owner
	// Breaks is asked, on any goroutine, whether the owner survives the end of the
	// link for a cause. It calls part, under its lock, when it first says so; from
	// then on it says so for every cause, until the socket is adopted.
	Breaks(cause *Cause, part func()) (survives bool)
	// Parting is called on the read goroutine when nothing more is read. It reports
	// whether the link has ended and the owner lives on.
	Parting() bool
	// Parted is called then, when the socket has let go of its link, and reports
	// whether the owner still lives on. If not, the socket ends.
	Parted() bool
}

// Open makes s the connection c. first has the bytes that were read of it
// already. Nothing is written before Resume, nor read before Serve.
func (s *Socket) Open(p *Profile, o Owner, c net.Conn, first []byte, deflate bool) {
	if len(first) > shortBlock {
		c = &early{c, slices.Clone(first)}
		first = nil
	}
	s.profile, s.owner, s.net, s.deflate = p, o, c, deflate
	if !p.engine.Portable {
		if s.raw = rawOf(c); s.raw == nil {
			s.net = secure(c)
		}
	}
	s.Hear()
	s.out.Limit(&p.outbox)
	s.out.Hold()
	s.state.bits.Store(2 * onePart) // reading, and the socket itself
	if len(first) > 0 {
		s.check(copy(s.room(), first))
	}
}

// Out returns the queue of frames that wait to be written.
func (s *Socket) Out() *outbox.Queue { return &s.out }

// Owner returns the owner that Open was given.
func (s *Socket) Owner() Owner { return s.owner }

// Deflates reports whether the peer takes compressed messages.
func (s *Socket) Deflates() bool { return s.deflate }

// RemoteAddr returns the peer's address.
func (s *Socket) RemoteAddr() net.Addr {
	n, _ := s.link()
	return n.RemoteAddr()
}

// Hear notes that the peer is alive now, and returns the time by Engine.Clock.
func (s *Socket) Hear() time.Duration {
	now := s.profile.engine.Clock()
	s.heard.Store(int64(now))
	return now
}

// Serve reads until the connection is over. Its caller is the read goroutine, which
// another may follow (alive.go).
func (s *Socket) Serve() {
	goesOn, returned := false, false
	defer func() {
		if goesOn {
			go s.now().Serve()
			return
		}
		s.now().left()
	}()
	defer steady.Ended(&returned, "reading", "", s.unreadable)
	goesOn = s.read()
	returned = true
}

// read is Serve without End. It reports whether reading goes on on another goroutine.
func (s *Socket) read() (goesOn bool) {
	// gws comes in with the first message that takes it. Its part weighs more than
	// ours, and most connections say little and briefly, if they say anything.
	for more := true; more; more = s.takePingPong() || s.takeMessage() {
		err := s.available()
		switch to := s.now(); {
		case err == nil:
		case to != s:
			return to.read()
		case err == errQuiet:
			return s.goesOn()
		default:
			s.closeUnread(err)
			return false
		}
	}
	r, err := s.profile.transport.reader(s)
	if err != nil {
		s.closeUnread(err)
		return false
	}
	r.ReadLoop()
	return s.now().goesOn()
}

// unreadable closes the connection after a panic of gws's, which must not end
// the process. If user code ended the goroutine, that was told, and the
// connection closed, already.
func (s *Socket) unreadable(f *steady.Failure) {
	if s = s.now(); !f.Goexit {
		s.owner.Failed(f)
		s.Close(Cause{Code: frame.CloseProtocol, Reason: "protocol: unreadable frame", Err: f})
	}
}

// End ends reading. Serve calls it; where Serve is not called, the owner must.
// The socket may outlive it for as long as the last frames take.
func (s *Socket) End() {
	defer s.Release()
	s.Close(Cause{Code: frame.CloseAbnormal, Remote: true}) // if nobody has closed yet
	s.profile.engine.wheel.remove(s)
	s.readEnded()
	s.Uncork()
	s.owner.Ended()
}

// now returns the socket that has the link of s.
func (s *Socket) now() *Socket {
	if r := s.rare.Load(); r != nil && r.to != nil {
		return r.to
	}
	return s
}

// left ends reading, or has the owner go on without a link.
func (s *Socket) left() {
	if o, is := s.owner.(Survivor); is && o.Parting() {
		s.detach()
		if !o.Parted() {
			s.EndParted()
		}
		return
	}
	s.End()
}

// detach lets go of the link.
func (s *Socket) detach() {
	s.Uncork()
	l := &ending{s.net, s.out.ParkNext()}
	if r := s.rare.Load(); r != nil && r.answer != nil {
		s.tellLast(l, r.answer, linger)
	}
	s.cutLink(l.net)
	s.giveBack()
	s.from, s.to, s.guard, s.cork, s.joined = 0, 0, frame.Guard{}, cork{}, false
	s.rare.Store(nil) // a turn of the wheel may have the old one still
	s.state.clear(statePeerClosed | stateReads | stateSpoke | stateDeep | stateGrown | stateHushed | stateLong)
	if l.writerLeft(linger) { // else its net.Conn does not know that it is closed, and is held until then
		e := s.profile.engine
		e.links.Lock()
		s.net, s.raw = gone{l.net.LocalAddr(), l.net.RemoteAddr()}, nil
		e.links.Unlock()
	}
}

// EndParted ends a socket without a link. It must be called once, and calls
// Owner.Ended.
func (s *Socket) EndParted() {
	s.Schedule(s.out.Abort())
	s.End()
}

// Hold adds a use of the socket, which Release ends. Open begins two: reading,
// and the socket itself.
func (s *Socket) Hold() { s.state.bits.Add(onePart) }

// Release ends one use of the socket. After the last it calls Owner.Released.
func (s *Socket) Release() {
	if s.state.bits.Add(^uint32(onePart-1))/onePart == 0 {
		s.owner.Released()
	}
}

// Lingers reports whether there are more uses of the socket than the caller's.
func (s *Socket) Lingers() bool { return s.state.bits.Load()/onePart > 1 }
