package socket

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Tunnel is an HTTP/2 stream as a net.Conn. net/http gives its handler a body
// to read and a ResponseWriter. That must not be touched after the handler has
// returned, and may take for ever: a reset, too, has to wait until TCP takes
// what is before it. So the goroutine of ServeHTTP stays, and it alone writes
// (Carry). Write hands it a chunk at a time, and waits for it until the
// deadline.
type Tunnel struct {
	body          io.ReadCloser
	w             http.ResponseWriter // used by Carry only
	head          func()              // called by Carry before it writes anything; set by accept, before the first chunk
	local, remote net.Addr

	chunks chan *chunk   // for Carry; there is one at a time
	taken  chan error    // how the chunk was written
	ended  chan struct{} // closed by Close

	made  time.Time
	since atomic.Int64 // when Carry got the chunk that it has, from made on; 0: it has none

	ahead *ahead // a read that was left, for the next; nil: none was. Used by the reader only

	// Guarded by writing, which Write holds.
	writing sync.Mutex
	flying  *chunk // the chunk that is with Carry; nil: none is
	most    int    // how long the next may be
	timer   *time.Timer

	// All of this is guarded by mu, and so are calls of control.
	mu       sync.Mutex
	control  *http.ResponseController
	holder   holder // that is not released before Release; nil: none is
	closed   bool
	carrying bool          // Carry is in a call of w
	until    time.Time     // deadline of Write
	changed  chan struct{} // tells a Write that waits of another deadline
}

// chunk is a copy of bytes to be written, which Write may have to leave to
// Carry. A peer's progress can be seen only by the chunks that it takes. So
// they are short for a slow peer. For a fast one they are as long as a frame,
// which costs half as much.
type chunk struct {
	len   int
	bytes [longChunk]byte
}

const (
	shortChunk = 4 << 10 // as much as net/http buffers
	longChunk  = 16 << 10
	slowChunk  = 50 * time.Millisecond // a peer that takes longer for one is slow
)

var chunks = sync.Pool{New: func() any { return new(chunk) }}

func newTunnel(w http.ResponseWriter, r *http.Request) *Tunnel {
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		local = &net.TCPAddr{}
	}
	return &Tunnel{
		body: r.Body, w: w, control: http.NewResponseController(w),
		local: local, remote: net.TCPAddrFromAddrPort(remote),
		chunks: make(chan *chunk, 1), taken: make(chan error, 1), ended: make(chan struct{}), changed: make(chan struct{}, 1),
		made: time.Now(), most: shortChunk,
	}
}

// holder is a Socket.
type holder interface {
	Hold()
	Release()
}

// Hold keeps the socket that has the stream, s at first, from being released before
// Release: the goroutine of ServeHTTP is a part of it.
func (t *Tunnel) Hold(s holder) {
	s.Hold()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.holder = s
}

// heldBy notes that another socket has the stream.
func (t *Tunnel) heldBy(s holder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.holder != nil { // else ServeHTTP has returned, and the next read finds that
		s.Hold()
		t.holder = s
	}
}

// Release ends Hold.
func (t *Tunnel) Release() {
	t.mu.Lock()
	s := t.holder
	t.holder = nil
	t.mu.Unlock()
	s.Release()
}

func (t *Tunnel) LocalAddr() net.Addr  { return t.local }
func (t *Tunnel) RemoteAddr() net.Addr { return t.remote }

// Carry writes the chunks of Write, until Close. Then the stream may end, and
// nothing uses net/http's side of it any more.
func (t *Tunnel) Carry() {
	for {
		select {
		case c := <-t.chunks:
			t.taken <- t.put(c)
		case <-t.ended:
			t.mu.Lock() // Close is done with control
			defer t.mu.Unlock()
			return
		}
	}
}

// put writes a chunk. It returns when TCP has it, which HTTP/2's windows, and
// the other streams, can make late.
func (t *Tunnel) put(c *chunk) error {
	if !t.carries(true) {
		return net.ErrClosed
	}
	defer t.carries(false)
	if t.head != nil {
		t.head()
		t.head = nil
	}
	if c.len > 0 {
		if _, err := t.w.Write(c.bytes[:c.len]); err != nil {
			return err
		}
	}
	return t.control.Flush()
}

// carries notes whether Carry is in a call of w. It returns false if the stream
// is closed.
func (t *Tunnel) carries(carrying bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.carrying = carrying
	return !t.closed
}

// Read reads from the stream. A deadline that has passed ends reading for good.
func (t *Tunnel) Read(p []byte) (n int, err error) {
	if t.ahead == nil {
		n, err = t.body.Read(p)
	} else {
		<-t.ahead.done
		n, err = t.takeAhead(p)
	}
	if err != nil && t.isClosed() {
		err = net.ErrClosed
	}
	return n, err
}

// ahead is a read that goes on though nothing waits for it: it cannot be ended
// without ending all others. The next read gets what it brings.
type ahead struct {
	done  chan struct{}
	bytes []byte
	err   error
}

// maxAhead is how many bytes a read ahead may bring: a stream may hold them for
// long.
const maxAhead = 512

// readUntil is Read until stop is closed. Then it leaves the read to the next.
func (t *Tunnel) readUntil(stop <-chan struct{}, p []byte) (int, error) {
	if t.ahead == nil {
		t.ahead = t.readAhead(min(len(p), maxAhead))
	}
	select {
	case <-t.ahead.done:
		return t.takeAhead(p)
	case <-stop:
		return 0, os.ErrDeadlineExceeded
	}
}

// readAhead begins a read of up to most bytes.
func (t *Tunnel) readAhead(most int) *ahead {
	a := &ahead{done: make(chan struct{}), bytes: make([]byte, most)}
	go func() {
		defer close(a.done)
		n, returned := 0, false
		defer func() { a.bytes = a.bytes[:min(max(n, 0), most)] }()
		defer steady.Ended(&returned, "Read", " of a request's body", func(f *steady.Failure) { a.err = f })
		n, a.err = t.body.Read(a.bytes)
		returned = true
	}()
	return a
}

// takeAhead copies what a read ahead that is done has brought.
func (t *Tunnel) takeAhead(p []byte) (n int, err error) {
	n = copy(p, t.ahead.bytes)
	if t.ahead.bytes = t.ahead.bytes[n:]; len(t.ahead.bytes) == 0 {
		err = t.ahead.err
		t.ahead = nil
	}
	return n, err
}

// Write writes to the stream. If the deadline passes it returns how much was
// taken. The caller may go on only with the rest, since net/http may have the
// next chunk of that already.
func (t *Tunnel) Write(p []byte) (n int, err error) {
	t.writing.Lock()
	defer t.writing.Unlock()
	for n < len(p) {
		if t.flying == nil {
			c := chunks.Get().(*chunk)
			c.len = copy(c.bytes[:t.most], p[n:])
			t.hand(c)
		}
		taken, err := t.await()
		n += taken
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// flush has Carry write the header, by a chunk without bytes.
func (t *Tunnel) flush() error {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.hand(chunks.Get().(*chunk))
	_, err := t.await()
	return err
}

// hand gives a chunk to Carry. The caller holds writing.
func (t *Tunnel) hand(c *chunk) {
	t.flying = c
	t.since.Store(max(int64(time.Since(t.made)), 1))
	t.chunks <- c // there is room: nothing else is with Carry
}

// await waits for the chunk that is with Carry, and returns how long it was.
// The caller holds writing.
func (t *Tunnel) await() (taken int, err error) {
	t.arm()
	defer t.timer.Stop()
	for {
		select {
		case err := <-t.taken:
			return t.landed(err)
		case <-t.ended:
			return 0, net.ErrClosed
		case <-t.changed:
			t.arm()
		case <-t.timer.C:
			select {
			case err := <-t.taken:
				return t.landed(err)
			default:
				return 0, os.ErrDeadlineExceeded
			}
		}
	}
}

// landed takes a chunk back from Carry, and decides how long the next may be.
func (t *Tunnel) landed(err error) (taken int, _ error) {
	c := t.flying
	t.flying = nil
	if err == nil {
		taken = c.len
	}
	switch {
	case !t.moves():
		t.most = shortChunk
	case taken == t.most:
		t.most = longChunk
	}
	t.since.Store(0)
	c.len = 0
	chunks.Put(c)
	return taken, err
}

// moves reports whether the peer takes what is written, as far as can be seen:
// a chunk that has been on its way for longer than slowChunk may be waiting for
// it.
func (t *Tunnel) moves() bool {
	since := t.since.Load()
	return since == 0 || int64(time.Since(t.made))-since < int64(slowChunk)
}

// arm sets the timer to the deadline of Write.
func (t *Tunnel) arm() {
	t.mu.Lock()
	until := t.until
	t.mu.Unlock()
	wait := time.Duration(Never)
	if !until.IsZero() {
		wait = time.Until(until)
	}
	if t.timer == nil {
		t.timer = time.NewTimer(wait)
	} else {
		t.timer.Reset(wait)
	}
}

// SetDeadline sets the deadlines of Read and Write.
func (t *Tunnel) SetDeadline(at time.Time) error {
	if err := t.SetReadDeadline(at); err != nil {
		return err
	}
	return t.SetWriteDeadline(at)
}

// SetReadDeadline sets net/http's read deadline, which ends reading for good
// when it passes.
func (t *Tunnel) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return net.ErrClosed
	}
	return t.control.SetReadDeadline(at)
}

// SetWriteDeadline sets how long Write waits. net/http's deadline would reset
// the stream.
func (t *Tunnel) SetWriteDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return net.ErrClosed
	}
	t.until = at
	select {
	case t.changed <- struct{}{}:
	default:
	}
	return nil
}

// Close ends the stream by having ServeHTTP return, and wakes a Read or Write
// that waits. Bytes that net/http has not written yet are lost, and the stream
// is reset.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return net.ErrClosed
	}
	t.closed = true
	close(t.ended)
	if t.carrying {
		_ = t.control.SetWriteDeadline(time.Unix(1, 0)) // long ago: at once
	}
	return t.body.Close()
}

// CloseWrite is Close, since net/http cannot end one half. Bytes that were
// written arrive all the same: what the peer still sends does not reset what it
// gets.
func (t *Tunnel) CloseWrite() error { return t.Close() }

func (t *Tunnel) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}
