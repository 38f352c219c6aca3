package ws

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// wire is the net.Conn that gws reads from. Every frame is checked before gws
// sees it. What gws would write (a Close frame, its only own frame here) and
// close goes our way instead.
type wire struct {
	net.Conn            // the socket
	client   Client     // of the connection; set before the handshake is answered
	borrowed *readBlock // what was read; nil: nothing
	from, to uint16     // of borrowed, what is checked and not yet given to gws: the rest
	guard    frame.Guard

	// readRaw is made once, so that a read allocates nothing.
	readRaw func(fd uintptr) bool

	// end is what ended reading; nil while gws may read on.
	end *readEnd
}

// readEnd is why nothing more is read. It lies apart, since a crowd has none.
type readEnd struct {
	err     error     // nil when gws itself found something wrong; it counts when no rest is there
	verdict CloseCode // of the Close frame that gws wanted to send
}

// errReadEnd is what gws gets instead of what ended reading: it would ask that
// for its text, and it may be an error of a net.Conn of the user's.
var errReadEnd = errors.New("ws: reading has ended")

// fail notes what ends reading.
func (w *wire) fail(err error) {
	if w.end == nil {
		w.end = new(readEnd)
	}
	w.end.err = err
}

// readErr is what ended reading, and nil as long as nothing did but gws.
func (w *wire) readErr() error {
	if w.end == nil {
		return nil
	}
	return w.end.err
}

// verdict is the code that gws wanted to close with; 0 if it did not.
func (w *wire) verdict() CloseCode {
	if w.end == nil {
		return 0
	}
	return w.end.verdict
}

// readBlock is what a connection reads into, and handles what it reads with. It
// holds one only while there is something to read: waiting costs no buffer.
type readBlock struct {
	bytes [4096]byte
	call  Call // of the read loop, which has one at a time: a pool would have to be asked for each message
}

var readBlocks = sync.Pool{New: func() any { return new(readBlock) }}

// available waits until there are bytes for gws, or a reason why there are none. The
// read goroutine calls it by itself, before gws: a connection that never spoke
// then waits so high up its stack that 2 KiB are enough.
func (w *wire) available() error {
	for w.from == w.to {
		if err := w.readErr(); err != nil {
			w.giveBack()
			return err
		}
		w.await()
	}
	return nil
}

// skipPong drops a Pong from the front of what is there, if that is one:
// hearing it was all. It must not be called in the middle of a frame.
func (w *wire) skipPong() bool {
	const header = 6 // with the mask, which is never missing
	rest := w.borrowed.bytes[w.from:w.to]
	if len(rest) < header || rest[0] != frame.FinBit|frame.OpPong || len(rest) < header+int(rest[1]&0x7f) {
		return false
	}
	w.from += uint16(header + rest[1]&0x7f)
	return true
}

// Read returns bytes that are part of sound frames only.
func (w *wire) Read(p []byte) (int, error) {
	if w.from == w.to && len(p) >= len(readBlock{}.bytes) && len(p) <= w.guard.Left() && w.readErr() == nil {
		return w.readPayload(p)
	}
	if w.available() != nil {
		return 0, errReadEnd
	}
	n := copy(p, w.borrowed.bytes[w.from:w.to])
	w.from += uint16(n)
	return n, nil
}

// readPayload reads right into gws's buffer, which is for the rest of a long
// payload: all that comes belongs to it, so there is nothing to check. A block
// would cost a system call and a copy for each 4 KiB (docs/performance.md).
func (w *wire) readPayload(p []byte) (n int, err error) {
	w.judge()
	w.giveBack()
	c := w.client.conn
	if c.raw == nil {
		c.uncork() // as fill
		c.reads()
		n, err = w.Conn.Read(p)
		c.hasRead()
	} else {
		c.uncorkOne()
		failed := c.raw.Read(func(fd uintptr) bool {
			var again bool
			if n, again, err = sysRead(fd, p); again {
				c.uncork()
				c.reads()
			}
			return !again
		})
		c.hasRead()
		switch {
		case failed != nil:
			err = failed
		case n == 0 && err == nil:
			err = io.EOF
		}
	}
	if err != nil {
		w.fail(err)
	}
	if n > 0 {
		c.holdBack(c.hear())
		w.guard.Skip(n)
		w.discard(n)
		return n, nil // what ended reading is for the next call
	}
	if err != nil {
		err = errReadEnd
	}
	return 0, err
}

// await waits until there is something to read, or a reason to read no more.
func (w *wire) await() {
	w.judge()
	if w.client.conn.raw == nil {
		w.fill()
		return
	}
	if w.readRaw == nil {
		w.readRaw = func(fd uintptr) bool { return w.fillNow(fd) }
	}
	w.client.conn.uncorkOne()
	if err := w.client.conn.raw.Read(w.readRaw); err != nil && w.readErr() == nil {
		w.fail(err)
	}
}

// fill waits for bytes of a connection that is no descriptor.
func (w *wire) fill() {
	w.client.conn.uncork() // whether more is there cannot be known before waiting
	w.client.conn.reads()
	n, err := w.Conn.Read(w.block())
	w.client.conn.hasRead()
	w.took(n, err)
}

// block returns what to read into.
func (w *wire) block() []byte {
	if w.borrowed == nil {
		w.borrowed = readBlocks.Get().(*readBlock)
		w.borrowed.call.inline = false // of a connection that ended in the middle
	}
	return w.borrowed.bytes[:]
}

// fillNow reads what is there; false says that nothing is, and has the
// descriptor's poller wait. No buffer is held meanwhile.
func (w *wire) fillNow(fd uintptr) bool {
	n, again, err := sysRead(fd, w.block())
	if again {
		w.giveBack()
		w.client.conn.uncork() // the input has run dry
		w.client.conn.reads()
		return false
	}
	w.client.conn.hasRead()
	if n == 0 && err == nil {
		err = io.EOF
	}
	w.took(n, err)
	return true
}

// took takes over the first n borrowed bytes, and then what ends reading.
func (w *wire) took(n int, err error) {
	if err != nil {
		w.fail(err)
	}
	if n > 0 {
		w.client.conn.holdBack(w.client.conn.hear())
		w.check(n)
		w.discard(n)
	}
}

// discard counts bytes that nobody wants, since the connection is closing:
// beyond a bound they are left in the socket, where TCP has the peer wait.
func (w *wire) discard(n int) {
	c := w.client.conn
	if !c.closing.Load() {
		return
	}
	c.some.last.discarded += n
	if c.mayDiscard() == 0 && w.readErr() == nil {
		w.fail(errFlooded)
	}
}

func (w *wire) giveBack() {
	if w.borrowed != nil {
		readBlocks.Put(w.borrowed)
		w.borrowed = nil
	}
}

// check makes the sound part of the first n borrowed bytes the rest.
func (w *wire) check(n int) {
	sound, bad := w.guard.Check(w.borrowed.bytes[:n], w.limit())
	if bad != nil {
		w.fail(bad)
	}
	w.from, w.to = 0, uint16(sound)
}

// limit is that of a message, in bytes.
func (w *wire) limit() uint64 { return uint64(w.client.conn.endpoint.opts.MaxMessageBytes) }

// unread puts back what net/http read beyond the request.
func (w *wire) unread(p []byte) { w.check(copy(w.block(), p)) }

// hasAhead takes over n bytes that were read behind the rest.
func (w *wire) hasAhead(n int) {
	switch {
	case n == 0 && w.from == w.to:
		w.giveBack()
		return
	case n == 0 || w.readErr() != nil:
		return
	}
	sound, bad := w.guard.Check(w.borrowed.bytes[w.to:int(w.to)+n], w.limit())
	if bad != nil {
		w.fail(bad)
	}
	w.to += uint16(sound)
}

// early is a socket of which more was read early than a block holds.
type early struct {
	net.Conn
	read []byte
}

// CloseWrite is the socket's, if it has one.
func (e *early) CloseWrite() error { return closeWrite(e.Conn) }

func (e *early) Read(p []byte) (int, error) {
	if len(e.read) == 0 {
		return e.Conn.Read(p)
	}
	n := copy(p, e.read)
	e.read = e.read[n:]
	return n, nil
}

// NetConn returns the socket, as that of a TLS connection does.
func (e *early) NetConn() net.Conn { return e.Conn }

// Write takes note of the code that gws wants to close with. The frame itself
// is ours (closing.go), since gws's reasons contain addresses and do not wait
// for queued frames.
func (w *wire) Write(p []byte) (int, error) {
	if !w.client.conn.joined {
		return len(p), nil // the answer to a handshake that is answered
	}
	if w.end == nil {
		w.end = new(readEnd)
	}
	w.end.verdict = CloseNoStatus
	if len(p) >= 4 && p[0]&0x0f == frame.OpClose {
		w.end.verdict = CloseCode(p[2])<<8 | CloseCode(p[3])
	}
	return len(p), nil
}

// Close does nothing: how and when the socket closes is decided in closing.go.
func (w *wire) Close() error { return nil }

// SetDeadline does nothing: the deadlines are the socket's, and not gws's.
func (w *wire) SetDeadline(time.Time) error { return nil }
