package socket

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// owner is an Owner that remembers the calls of its methods.
type owner struct {
	socket Socket
	due    time.Duration // Due

	mu       sync.Mutex
	received []string
	unsound  []*frame.Error
	failures []*steady.Failure
	causes   []Cause
	dead     int
	timeUp   int
	ended    chan struct{}
	released chan struct{}
}

func (o *owner) locked(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	do()
}

func (o *owner) Received(_ bool, data []byte, done io.Closer) {
	o.socket.Spoke()
	o.locked(func() { o.received = append(o.received, string(data)) })
	_ = done.Close()
}
func (o *owner) Slow(time.Duration, bool) {}
func (o *owner) Resting()                 {}
func (o *owner) Unsound(bad *frame.Error) { o.locked(func() { o.unsound = append(o.unsound, bad) }) }
func (o *owner) Dead()                    { o.locked(func() { o.dead++ }) }
func (o *owner) Failed(f *steady.Failure) { o.locked(func() { o.failures = append(o.failures, f) }) }
func (o *owner) Closing(c *Cause)         { o.locked(func() { o.causes = append(o.causes, *c) }) }
func (o *owner) Due() time.Duration       { return o.due }
func (o *owner) TimeUp(time.Duration)     { o.locked(func() { o.timeUp++ }) }
func (o *owner) Ended()                   { close(o.ended) }
func (o *owner) Released()                { close(o.released) }

// says returns a frame of a client's, whose mask is zero.
func says(first byte, payload string) []byte {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	default:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	}
	return append(append(head, 0, 0, 0, 0), payload...)
}

// word returns a message in one frame.
func word(text string) []byte { return says(frame.FinBit|frame.OpText, text) }

// pieces returns a message in two fragments, for which gws comes in.
func pieces(text string) []byte {
	half := len(text) / 2
	return append(says(frame.OpText, text[:half]), says(frame.FinBit|frame.OpContinuation, text[half:])...)
}

// limits are those of a Server that nobody has configured, without clocks.
var limits = Limits{Frames: 256, Bytes: 1 << 20, Message: 64 << 10, Write: 10 * time.Second, Ping: Never, Idle: Never, Lifetime: Never}

// owned makes a Socket of c, whose outbox is held.
func owned(c net.Conn, change func(*Limits)) *owner {
	l := limits
	if change != nil {
		change(&l)
	}
	o := &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}
	o.socket.Open(NewEngine(1<<20).Profile(l), o, c, nil, false)
	return o
}

// open is owned for tests that need the Socket only.
func open(t *testing.T, c net.Conn, change func(*Limits)) *Socket {
	t.Helper()
	return &owned(c, change).socket
}

// TestSize: a crowd pays for each byte. With what its owner adds a connection is
// to fill a size class of the allocator, and no more.
func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(Socket{}); unsafe.Sizeof(uintptr(0)) == 8 && size > 232 {
		t.Errorf("%d bytes", size)
	}
}

// TestFirstCauseCounts: however many closes come at a time, one of them is
// first. The owner is told of that cause alone, and one Close frame leaves.
func TestFirstCauseCounts(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	o := owned(near, nil)
	s := &o.socket
	s.Resume()
	var all sync.WaitGroup
	firsts := make(chan frame.CloseCode, 100)
	for i := range cap(firsts) {
		all.Go(func() {
			if code := frame.CloseCode(4000 + i); s.Close(Cause{Code: code}) {
				firsts <- code
			}
		})
	}
	all.Wait()
	first := <-firsts
	select {
	case code := <-firsts:
		t.Errorf("%d is first, and %d", first, code)
	default:
	}
	if len(o.causes) != 1 || o.causes[0].Code != first || s.Cause().Code != first || !s.Closes() {
		t.Errorf("%d is first, the owner was told %v", first, o.causes)
	}
	got := make([]byte, 8)
	if err := far.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := far.Read(got); err != nil || string(got[:n]) != string(frame.Close(first, "")) {
		t.Errorf("%x %v", got[:n], err)
	}
	go s.Serve()
	_ = far.Close()
	<-o.ended
	<-o.released
}

// slowToHear is an owner that Closing keeps.
type slowToHear struct {
	*owner
	hears chan struct{}
}

func (o slowToHear) Closing(c *Cause) {
	<-o.hears
	o.owner.Closing(c)
}

// TestCloseWaitsForTheFirst: when a Close returns, the owner knows that the
// connection closes, whoever was first; and so it does when reading has ended.
func TestCloseWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		o := slowToHear{&owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}, make(chan struct{})}
		s := &o.socket
		s.Open(NewEngine(1<<20).Profile(limits), o, near, nil, false)
		var returned atomic.Int32
		after := func(do func()) {
			do()
			if o.locked(func() {}); len(o.causes) == 0 {
				t.Error("the owner was not told")
			}
			returned.Add(1)
		}
		go after(func() { s.Close(Cause{Code: 4000}) })
		synctest.Wait()
		go after(func() { s.Close(Cause{Code: 4001}) })
		go after(func() { s.Abort(Cause{Code: 4002}) })
		go func() { <-o.ended; after(func() {}) }()
		_ = far.Close()
		go s.Serve()
		synctest.Wait()
		if n := returned.Load(); n != 0 {
			t.Errorf("%d have returned", n)
		}
		close(o.hears)
		synctest.Wait()
		if n := returned.Load(); n != 4 || len(o.causes) != 1 || o.causes[0].Code != 4000 {
			t.Errorf("%d have returned, of %v", n, o.causes)
		}
	})
}
