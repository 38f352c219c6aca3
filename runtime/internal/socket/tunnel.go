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

// Tunnel is an HTTP/2 stream as a net.Conn. net/http gives its handler a body to
// read and a ResponseWriter, which must not be touched after the handler has
// returned, and which may take for ever: a reset, too, has to wait until TCP
// takes what is before it. So the goroutine of ServeHTTP stays, and it alone
// writes (Carry). Write hands it a chunk at a time, and waits for it until the
// deadline.
type Tunnel struct {
	body          io.ReadCloser
	w             http.ResponseWriter // carry's
	head          func()              // what carry does before it writes anything: set by accept, with its first chunk
	local, remote net.Addr

	chunks chan *chunk   // for carry; there is one at a time
	taken  chan error    // what came of it
	ended  chan struct{} // closed by Close

	made  time.Time
	since atomic.Int64 // when carry got the chunk that it has, from made on; 0: it has none

	ahead *ahead // of who reads; nil: no read was left

	writing sync.Mutex // held by Write, and guards its own:
	flying  *chunk     // is with carry; nil: nothing is
	most    int        // how long the next may be
	timer   *time.Timer

	mu       sync.Mutex // guards what follows, and calls of control
	control  *http.ResponseController
	closed   bool
	carrying bool          // carry is in a call of w
	until    time.Time     // deadline of Write
	changed  chan struct{} // tells a Write that waits of another deadline
}

// chunk is a copy of what is to be written: Write may have to leave it to carry.
// Taking one is what can be seen of a peer's progress, so that they are short
// for a slow one; for a fast one as long as a frame, which costs half as much.
type chunk struct {
	len   int
	bytes [longChunk]byte
}

const (
	shortChunk = 4 << 10 // as much as net/http buffers
	longChunk  = 16 << 10
	slowChunk  = 50 * time.Millisecond // what a slow peer's takes
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

func (t *Tunnel) LocalAddr() net.Addr  { return t.local }
func (t *Tunnel) RemoteAddr() net.Addr { return t.remote }

// Carry writes what Write hands over, until Close. Then the stream may end, and
// nobody uses net/http's side of it any more.
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

// put writes a chunk. It returns when TCP has it; HTTP/2's windows, and the
// other streams, can make that late.
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

// carries notes whether carry is in a call of w, unless all is over.
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

// ahead is a read that goes on though nobody waits for it: it cannot be ended
// without ending all others. What it brings is what is read next.
type ahead struct {
	done  chan struct{}
	bytes []byte
	err   error
}

// maxAhead is how many bytes it may bring: a stream may hold them for long.
const maxAhead = 512

// readUntil is Read until stop is closed: then it leaves the read to the next.
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

// takeAhead takes what a read has brought that is done.
func (t *Tunnel) takeAhead(p []byte) (n int, err error) {
	n = copy(p, t.ahead.bytes)
	if t.ahead.bytes = t.ahead.bytes[n:]; len(t.ahead.bytes) == 0 {
		err = t.ahead.err
		t.ahead = nil
	}
	return n, err
}

// Write writes to the stream. If the deadline passes it returns how much was
// taken, and may go on only with the rest: net/http may have the next chunk of
// that already.
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

// flush has carry write what w itself has to, the header.
func (t *Tunnel) flush() error {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.hand(chunks.Get().(*chunk))
	_, err := t.await()
	return err
}

func (t *Tunnel) hand(c *chunk) {
	t.flying = c
	t.since.Store(max(int64(time.Since(t.made)), 1))
	t.chunks <- c // there is room: nothing else is with carry
}

// await waits for the chunk that is with carry, and returns how long it was.
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

// landed takes a chunk back from carry.
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

// moves reports whether the peer takes what is written, as far as can be seen: a
// chunk that has been on its way for longer may be waiting for it.
func (t *Tunnel) moves() bool {
	since := t.since.Load()
	return since == 0 || int64(time.Since(t.made))-since < int64(slowChunk)
}

// arm sets the timer to the deadline.
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

// SetDeadline sets both.
func (t *Tunnel) SetDeadline(at time.Time) error {
	if err := t.SetReadDeadline(at); err != nil {
		return err
	}
	return t.SetWriteDeadline(at)
}

// SetReadDeadline leaves it to net/http.
func (t *Tunnel) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return net.ErrClosed
	}
	return t.control.SetReadDeadline(at)
}

// SetWriteDeadline sets how long Write waits. net/http's would reset the stream.
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

// Close ends the stream by having ServeHTTP return, and wakes who reads or
// writes. What net/http has not written it will not: the stream is reset then.
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

// CloseWrite closes: net/http cannot end one half. What was written arrives all
// the same, since what the peer still sends does not reset what it gets.
func (t *Tunnel) CloseWrite() error { return t.Close() }

func (t *Tunnel) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}
