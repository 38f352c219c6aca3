package socket

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// errReadEnd is the error that gws gets whenever reading has ended. gws asks an
// error for its text, and the real one may be of a net.Conn of the user's.
var errReadEnd = errors.New("ws: reading has ended")

// errQuiet ends the reading of one goroutine, and not of the connection (alive.go).
var errQuiet = errors.New("ws: the connection has gone quiet")

// fail records the error that ends reading.
func (s *Socket) fail(err error) {
	s.rarely().err = err
}

// readErr returns the error that ended reading; nil if reading goes on, or gws
// has ended it.
func (s *Socket) readErr() error {
	if r := s.rare.Load(); r != nil {
		return r.err
	}
	return nil
}

// verdict returns the code that gws wanted to close with; 0 if it did not.
func (s *Socket) verdict() frame.CloseCode {
	if r := s.rare.Load(); r != nil {
		return r.verdict
	}
	return 0
}

// block is the buffer that a socket reads into, with the owner's scratch. A
// socket holds one only while there is something to read: waiting costs no
// buffer.
type block struct {
	bytes []byte // shortBlock or longBlock of them
	keep  any    // the owner's (Scratch)
	used  bool   // Scratch was called since tellSlow looked
}

// How many bytes blocks have. A long one takes a message of some KiB, and then there is
// nothing left of it to read: a system call less of three. It is for those who send
// such messages, for as long as they do: most messages are short, and a handler that
// waits on the read loop has its block meanwhile.
const (
	shortBlock = 4 << 10
	longBlock  = 16 << 10
)

var (
	blocks     = sync.Pool{New: newShortBlock}
	longBlocks = sync.Pool{New: func() any { return &block{bytes: make([]byte, longBlock)} }}
)

// newShortBlock makes a block in one piece: a goroutine that waits has a small stack.
func newShortBlock() any {
	b := new(struct {
		block
		room [shortBlock]byte
	})
	b.bytes = b.room[:]
	return &b.block
}

// blocksOf returns the blocks that are long, or those that are not.
func blocksOf(long bool) *sync.Pool {
	if long {
		return &longBlocks
	}
	return &blocks
}

func (b *block) long() bool { return len(b.bytes) == longBlock }

// missing is how many bytes of a message a short block must have had no room for, so
// that long ones are read into. Those who send many short messages at a time stay
// with short blocks.
const missing = 1 << 10

// measure chooses the next block by what a read of n bytes has brought; begins says
// that it began with a frame.
func (s *Socket) measure(n int, begins bool) {
	left := s.guard.Left()
	switch long := s.state.is(stateLong); {
	case !long && left >= missing && s.raw != nil: // without raw a block is held while waiting, too
		s.state.set(stateLong)
	case long && left == 0 && begins && n <= shortBlock:
		s.state.clear(stateLong)
	}
}

// Scratch returns a place of the owner's, for the message that it is handling
// on the read goroutine, and the next one. It may hold something of another
// socket. It is nil where there is none. Without it a pool would have to be
// asked for each message.
func (s *Socket) Scratch() *any {
	if s.raw == nil || s.block == nil { // without raw a block is held while waiting, too
		return nil
	}
	s.block.used = true
	return &s.block.keep
}

// LongTurn is how long the messages of one read may keep the next one waiting
// before Owner.Slow is told.
const LongTurn = 50 * time.Millisecond

// tellSlow tells the owner of a read whose messages took longer than LongTurn.
// It is called before each read, when all messages of the last are handled. It
// looks at the clock once for all of them, and only if the Scratch was used.
func (s *Socket) tellSlow() {
	if s.block == nil || !s.block.used {
		return
	}
	if took := s.profile.engine.Clock() - time.Duration(s.heard.Load()); took > LongTurn {
		s.owner.Slow(took, s.alone())
	}
	s.block.used = false
}

// Came returns when the message that is being handled came, by Engine.Clock; 0 if
// it did not come alone, so that it may have waited for others. Read goroutine only.
func (s *Socket) Came() time.Duration {
	if s.raw == nil || s.block == nil || !s.alone() {
		return 0
	}
	return time.Duration(s.heard.Load())
}

// alone reports whether the block held one frame, and nothing else.
func (s *Socket) alone() bool {
	const mask = 4 // which is never missing (RFC 6455, section 5.2)
	b := s.block.bytes
	switch n := int(b[1] & 0x7f); n {
	case 127: // longer than a block
		return false
	case 126:
		return 4+mask+(int(b[2])<<8|int(b[3])) == int(s.to)
	default:
		return 2+mask+n == int(s.to)
	}
}

// available waits until there are bytes for gws, or an error that ends reading, or
// the read goroutine's.
// The read goroutine calls it by itself, before gws comes in: a connection that
// never spoke then waits so high up its stack that 2 KiB are enough.
func (s *Socket) available() error {
	for s.from == s.to {
		if err := s.readErr(); err != nil {
			s.giveBack()
			return err
		}
		if s.quiet {
			return errQuiet
		}
		s.await()
	}
	return nil
}

// What lies in the block as a whole, and has nothing to it, the socket takes by itself:
// pings, pongs, and short messages of text. All else is gws's, which stays from then
// on: what is long or comes in pieces, fragments, binary and compressed messages, text
// that is not UTF-8, and Close frames. The guard has checked every header before either
// sees it.

// takePingPong takes a Ping or a Pong from the front of the bytes that are there,
// and reports whether there was one that is all there. A Pong has been heard, and
// has no other effect but what it acknowledges. takePingPong must not be called in
// the middle of a frame.
func (s *Socket) takePingPong() bool {
	const header = 6 // with the mask, which is never missing
	rest := s.block.bytes[s.from:s.to]
	if len(rest) < header || len(rest) < header+int(rest[1]&0x7f) {
		return false
	}
	payload := rest[header : header+int(rest[1]&0x7f)]
	switch rest[0] {
	case frame.FinBit | frame.OpPong:
		if s.state.is(stateKeeps) {
			frame.Unmask(payload, [4]byte(rest[2:]))
			s.acknowledged(payload)
		}
	case frame.FinBit | frame.OpPing:
		frame.Unmask(payload, [4]byte(rest[2:]))
		s.ReplyAside(frame.Control(frame.OpPong, payload), true)
	default:
		return false
	}
	s.from += uint16(header + len(payload))
	return true
}

// takeMessage hands the owner a message from the front of the bytes that are there,
// and reports whether there was one that has no need of gws: text as it is, in one
// frame, which lies in the block. takeMessage must not be called in the middle of a
// frame, nor of a message in fragments.
func (s *Socket) takeMessage() bool {
	text, size := frame.Whole(s.block.bytes[s.from:s.to])
	if size == 0 || len(text) > longestTaken {
		return false
	}
	m := messagesFor(len(text)).Get().(*message)
	m.bytes = append(m.bytes[:0], text...)
	frame.Unmask(m.bytes, [4]byte(s.block.bytes[int(s.from)+size-len(text)-4:]))
	if !utf8.Valid(m.bytes) { // gws says so
		_ = m.Close()
		return false
	}
	s.from += uint16(size) // before the owner may read ahead
	s.owner.Received(true, m.bytes, m)
	if s.state.is(stateSpoke) && !s.state.is(stateGrown) {
		s.state.set(stateGrown) // by a handler
	}
	if s.corkDue() {
		s.Uncork()
	}
	return true
}

// readPayload reads right into gws's buffer, which is for the rest of a long
// payload: all that comes belongs to that, so there is nothing to check. A
// block would cost a system call and a copy for each 4 KiB
// (docs/performance.md).
func (s *Socket) readPayload(p []byte) (n int, err error) {
	s.tellSlow()
	s.giveBack()
	if s.raw == nil {
		s.Uncork() // as in fill
		s.reads()
		n, err = s.net.Read(p)
		s.hasRead()
	} else {
		s.uncorkOne()
		n, err = s.readRight(p)
		s.hasRead()
	}
	if err != nil {
		s.fail(err)
	}
	if n > 0 {
		s.holdBack(s.Hear())
		s.guard.Skip(n)
		s.discard(n)
		return n, nil // the next call returns the error
	}
	if err != nil {
		err = errReadEnd
	}
	return 0, err
}

// readRight reads from the descriptor right into p.
func (s *Socket) readRight(p []byte) (n int, err error) {
	failed := s.raw.Read(func(fd uintptr) bool {
		var again bool
		if n, again, err = sysRead(fd, p); again {
			s.Uncork()
			s.reads()
		}
		return !again
	})
	switch {
	case failed != nil && s.woken(failed):
		return s.readRight(p) // once: who wakes it waits for the next ping
	case failed != nil:
		return 0, failed
	case n == 0 && err == nil:
		return 0, io.EOF
	}
	return n, err
}

// await waits until bytes have been read, or reading has ended.
func (s *Socket) await() {
	s.tellSlow()
	if s.raw == nil {
		s.fill()
		return
	}
	if s.readRaw == nil {
		s.readRaw = func(fd uintptr) bool { return s.fillNow(fd) }
	}
	s.uncorkOne()
	if err := s.raw.Read(s.readRaw); err != nil && s.readErr() == nil && !s.woken(err) {
		s.fail(err)
	}
}

// fill waits for bytes of a connection that is no descriptor.
func (s *Socket) fill() {
	s.Uncork() // whether more is there cannot be known before waiting
	s.reads()
	n, err := s.net.Read(s.room())
	s.hasRead()
	s.took(n, err)
}

// room returns the buffer to read into.
func (s *Socket) room() []byte {
	if s.block == nil {
		s.block = blocksOf(s.state.is(stateLong)).Get().(*block)
		s.block.used = false // a connection that ended in the middle has left it so
	}
	return s.block.bytes
}

// fillNow reads the bytes that are there. If there are none it returns false,
// which has the descriptor's poller wait. No buffer is held meanwhile.
func (s *Socket) fillNow(fd uintptr) bool {
	if s.block != nil && s.block.long() != s.state.is(stateLong) {
		s.giveBack()
	}
	n, again, err := sysRead(fd, s.room())
	if again {
		s.giveBack()
		s.Uncork() // the input has run dry
		s.reads()
		return false
	}
	s.hasRead()
	if n == 0 && err == nil {
		err = io.EOF
	}
	s.took(n, err)
	return true
}

// took takes over the first n bytes of the block, and then the error that ends
// reading.
func (s *Socket) took(n int, err error) {
	if err != nil {
		s.fail(err)
	}
	if n > 0 {
		s.holdBack(s.Hear())
		s.check(n)
		s.discard(n)
	}
}

// discard counts bytes that are dropped, since the connection, or its link, is
// ending. Beyond a bound they are left in the socket, where TCP has the peer wait.
func (s *Socket) discard(n int) {
	if !s.Deaf() {
		return
	}
	s.rarely().discarded += n
	if s.mayDiscard() == 0 && s.readErr() == nil {
		s.fail(errFlooded)
	}
}

// giveBack lets go of the block.
func (s *Socket) giveBack() {
	if s.block != nil {
		blocksOf(s.block.long()).Put(s.block)
		s.block = nil
	}
}

// check makes the sound part of the first n bytes of the block the rest, which
// gws reads next.
func (s *Socket) check(n int) {
	begins := s.guard.Rests()
	sound, bad := s.guard.Check(s.block.bytes[:n], s.limit(), s.deflate)
	if bad != nil {
		s.fail(bad)
	}
	s.from, s.to = 0, uint16(sound)
	s.measure(n, begins)
}

// limit returns the length of the longest message, in bytes.
func (s *Socket) limit() uint64 { return uint64(s.profile.limits.Message) }

// checkMore takes over n bytes that were read behind the rest.
func (s *Socket) checkMore(n int) {
	switch {
	case n == 0 && s.from == s.to:
		s.giveBack()
		return
	case n == 0 || s.readErr() != nil:
		return
	}
	sound, bad := s.guard.Check(s.block.bytes[s.to:int(s.to)+n], s.limit(), s.deflate)
	if bad != nil {
		s.fail(bad)
	}
	s.to += uint16(sound)
}

// reads notes that the read goroutine waits for bytes from now on: it has no
// message in hand, and has handed over all replies. Where a silence cannot be
// told from bytes that were not read yet, it begins now.
func (s *Socket) reads() {
	if s.raw == nil || s.profile.limits.Ping == Never {
		s.Hear()
	}
	if s.state.set(stateReads)&stateDrains != 0 {
		s.owner.Resting()
	}
}

// hasRead notes that the read goroutine waits no more.
func (s *Socket) hasRead() {
	if s.state.is(stateReads) {
		s.state.clear(stateReads)
	}
}

// Spoke notes a message. A connection of which that is not said for the time
// between two pings counts as quiet.
func (s *Socket) Spoke() {
	if !s.state.is(stateSpoke) { // nearly always it is: to look costs less than to write
		s.state.set(stateSpoke)
	}
}

// woken reports whether a read has ended with err only because hush has woken it, so
// that reading goes on; on another goroutine if nothing is begun. Read goroutine only.
func (s *Socket) woken(err error) bool {
	if !s.state.is(stateHushed) || !steady.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	s.state.clear(stateHushed)
	if s.net.SetReadDeadline(time.Time{}) != nil {
		return false // it is closed
	}
	if s.state.bits.Load()&(stateWriteDone|stateParted) != 0 { // perhaps that was its deadline
		_ = s.net.SetReadDeadline(time.Now().Add(linger))
		return true
	}
	// A message may have come meanwhile, and be in hand, or have begun.
	if s.state.is(stateReads) && !s.state.is(stateSpoke) && s.guard.Rests() {
		s.quiet = true
		if s.state.is(stateDeep) {
			s.state.clear(stateDeep)
		} else {
			s.state.clear(stateGrown)
		}
	}
	return true
}

// goesOn reports whether the connection was quiet, and another goroutine is to read
// on. It is called when gws has left.
func (s *Socket) goesOn() bool {
	if !s.quiet {
		return false
	}
	s.quiet, s.joined = false, false
	if r := s.rare.Load(); r != nil {
		r.relay = nil
	}
	return true
}
