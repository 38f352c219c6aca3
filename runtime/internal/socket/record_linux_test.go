//go:build !386

package socket

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
	"go.uber.org/goleak"
)

// tap is a tls.Config.Rand. crypto/tls asks it for each record that AES-CBC encrypts,
// on the goroutine that writes the record.
type tap struct{ ask atomic.Pointer[func()] }

func (t *tap) Read(p []byte) (int, error) {
	if ask := t.ask.Load(); ask != nil {
		(*ask)()
	}
	return rand.Read(p)
}

// asked has f called for each record from now on.
func (t *tap) asked(f func()) { t.ask.Store(&f) }

// records tells who writes each record.
func (t *tap) records() <-chan string {
	by := make(chan string, 1000)
	t.asked(func() {
		select {
		case by <- writer():
		default:
		}
	})
	return by
}

// writer says whose the calling goroutine is.
func writer() string {
	switch stack := string(debug.Stack()); {
	case strings.Contains(stack, ".(*worker).serve("):
		return "a worker"
	case strings.Contains(stack, ".(*Socket).flushWaiting("):
		return "a goroutine"
	default:
		return stack
	}
}

// securedOwner is the owner of a socket over TLS, with the other end.
type securedOwner struct {
	*owner
	near   net.Conn // the socket below
	client *tls.Conn
	random *tap
}

// secureEnds makes one of both ends of a TCP connection, whose outbox is held. under is
// what TLS goes over, near or around it.
func secureEnds(t *testing.T, e *Engine, near, under, far net.Conn, change func(*Limits)) *securedOwner {
	t.Helper()
	site := httptest.NewUnstartedServer(nil)
	site.StartTLS()
	certificates := site.TLS.Certificates
	site.Close()
	suites := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	random := new(tap)
	server := tls.Server(under, &tls.Config{Certificates: certificates, Rand: random, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: suites})
	client := tls.Client(far, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: suites})
	shaken := make(chan error, 1)
	go func() { shaken <- client.Handshake() }()
	if err := server.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	taken(t, near)
	l := limits
	if change != nil {
		change(&l)
	}
	o := &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}
	o.socket.Open(e.Profile(l), o, steady.Conn(server, nil), nil, false)
	go o.socket.Serve()
	return &securedOwner{o, near, client, random}
}

// ends ends the connection, and waits for all that the socket has.
func (s *securedOwner) ends(t *testing.T) {
	t.Helper()
	_ = s.near.Close()
	await(t, "the socket is released", s.released)
}

// taken waits until the peer's kernel has taken all that was written.
func taken(t *testing.T, near net.Conn) {
	t.Helper()
	eventually(t, "all is taken", func() (all bool) {
		if err := rawOf(near).Control(func(fd uintptr) { all = queued(fd, syscall.TIOCOUTQ) == 0 }); err != nil {
			t.Fatal(err)
		}
		return all
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("not in time: " + what)
	}
	return v
}

// wants reads these bytes from a peer's end.
func wants(t *testing.T, far net.Conn, want []byte) {
	t.Helper()
	_ = far.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %.40q (%d bytes) %v, want %.40q", got[:n], n, err, want)
	}
}

// TestWorkerWritesRecord: a worker writes to a TLS connection by itself if one short
// frame waits, and the socket below is empty and has room. In any other case a
// goroutine does, which may wait.
func TestWorkerWritesRecord(t *testing.T) {
	short := frame.Text("short")
	for name, c := range map[string]struct {
		frames   [][]byte
		portable bool
		small    bool                         // the socket has little room
		waits    bool                         // the peer has not taken what came before
		around   func(near net.Conn) net.Conn // what TLS goes over
		by       string
	}{
		"one":                       {frames: [][]byte{short}, by: "a worker"},
		"as long as may be":         {frames: [][]byte{make([]byte, maxRecord)}, by: "a worker"},
		"longer":                    {frames: [][]byte{make([]byte, maxRecord+1)}, by: "a goroutine"},
		"two":                       {frames: [][]byte{short, short}, by: "a goroutine"},
		"little room":               {frames: [][]byte{short}, small: true, by: "a goroutine"},
		"behind what is not taken":  {frames: [][]byte{short}, waits: true, by: "a goroutine"},
		"portable":                  {frames: [][]byte{short}, portable: true, by: "a goroutine"},
		"over a net.Conn of a user": {frames: [][]byte{short}, around: func(near net.Conn) net.Conn { return wrapped{near} }, by: "a goroutine"},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			near, far := pair(t)
			under := near
			if c.around != nil {
				under = c.around(near)
			}
			e := NewEngine(1 << 20)
			e.Portable = c.portable
			s := secureEnds(t, e, near, under, far, nil)
			defer s.ends(t)
			switch {
			case c.small:
				if err := near.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil {
					t.Fatal(err)
				}
			case c.waits:
				fill(t, near)
			}
			by := s.random.records()
			for _, f := range c.frames {
				s.socket.out.Push(f)
			}
			s.socket.Resume()
			if got := await(t, "the first record", by); got != c.by {
				t.Errorf("%s writes, want %s", got, c.by)
			}
			if !c.waits {
				wants(t, s.client, bytes.Join(c.frames, nil))
			}
		})
	}
}

// TestRecordOrder: what workers write, and what goroutines write, keeps its order.
func TestRecordOrder(t *testing.T) {
	near, far := pair(t)
	s := secureEnds(t, NewEngine(1<<20), near, near, far, nil)
	defer s.ends(t)
	var worker, goroutine atomic.Int32
	s.random.asked(func() {
		if writer() == "a worker" {
			worker.Add(1)
		} else {
			goroutine.Add(1)
		}
	})
	s.socket.Resume()
	const n = 2000
	number := func(i int) []byte { return frame.Text(strings.Repeat(string(rune('a'+i%26)), 1+i%100)) }
	sent := make(chan bool)
	go func() {
		defer close(sent)
		for i := range n {
			for {
				v := s.socket.out.Push(number(i))
				s.socket.Schedule(v)
				if v.Accepted() {
					break
				}
				runtime.Gosched()
			}
			for i%3 == 0 && s.socket.out.Waits() { // what follows begins with the queue empty
				runtime.Gosched()
			}
		}
	}()
	for i := range n {
		wants(t, s.client, number(i))
	}
	<-sent
	if worker.Load() == 0 || goroutine.Load() == 0 {
		t.Errorf("workers have written %d records, goroutines %d", worker.Load(), goroutine.Load())
	}
}

// TestStalledRecord: the record that a peer does not take waits on a goroutine, however
// small the packets and buffers of the peer are, and workers serve others meanwhile.
func TestStalledRecord(t *testing.T) {
	for name, c := range map[string]struct {
		small  bool
		length int
	}{
		"usual":         {false, 200},
		"short packets": {true, 4000},
	} {
		t.Run(name, func(t *testing.T) {
			e := NewEngine(64 << 20)
			near, far := pair(t)
			if c.small {
				near, far = tiny(t)
			} else if err := errors.Join(near.(*net.TCPConn).SetWriteBuffer(128<<10), far.(*net.TCPConn).SetReadBuffer(16<<10)); err != nil {
				t.Fatal(err)
			}
			s := secureEnds(t, e, near, near, far, func(l *Limits) { l.Bytes = 64 << 20 })
			defer s.ends(t)
			var last atomic.Pointer[string]
			s.random.asked(func() { by := writer(); last.Store(&by) })
			s.socket.Resume()
			f := frame.Text(strings.Repeat("x", c.length))
			for v := s.socket.out.Push(f); v.Accepted(); v = s.socket.out.Push(f) {
				s.socket.Schedule(v)
				for end := time.Now().Add(time.Millisecond); s.socket.out.Waits() && time.Now().Before(end); {
					runtime.Gosched()
				}
			}
			if by := *last.Load(); by != "a goroutine" {
				t.Errorf("%s waits for the peer", by)
			}
			near2, far2 := pair(t)
			other := secureEnds(t, e, near2, near2, far2, nil)
			defer other.ends(t)
			by := other.random.records()
			other.socket.Resume()
			for range 10 {
				taken(t, near2)
				other.socket.Schedule(other.socket.out.Push(f))
				wants(t, other.client, f)
				if got := await(t, "a record", by); got != "a worker" {
					t.Errorf("%s writes to the other", got)
				}
			}
		})
	}
}

// tiny returns both ends of a TCP connection whose packets are short, and whose kernels
// hold little.
func tiny(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 88)
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1)
		})
	}}
	if far, err = d.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := near.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return near, far
}

// asking is a socket's descriptor that says how much room there is.
type asking struct {
	syscall.RawConn

	times int
}

func (a *asking) Control(f func(fd uintptr)) error {
	a.times++
	f(0)
	return nil
}

// TestFits: what the kernel has said holds for as much as it said, and for some KiB at
// most; and not once something was read, which crypto/tls may answer, or written.
func TestFits(t *testing.T) {
	var free int
	frames := func(c *secured, n, bytes int) (fit int) {
		for range n {
			if c.fits(bytes, func(uintptr) { free = keyUpdates + 64<<10 }, &free) {
				fit++
			}
		}
		return fit
	}
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	raw := &asking{}
	c := &secured{Conn: near, raw: raw}
	const room = 64 << 10 / recordRoom
	const perAsk = room / (100 + recordHead)
	if fit := frames(c, 2*perAsk+1, 100); fit != 2*perAsk+1 || raw.times != 3 {
		t.Errorf("%d frames fit, asked %d times", fit, raw.times)
	}
	raw.times = 0
	if frames(c, 10, room); raw.times != 10 {
		t.Errorf("asked %d times for frames that do not fit", raw.times)
	}
	for name, disturb := range map[string]func(){
		"a read":  func() { go func() { _, _ = far.Write([]byte("x")) }(); _, _ = c.Read(make([]byte, 1)) },
		"a write": func() { go func() { _, _ = far.Read(make([]byte, 1)) }(); _, _ = c.Write([]byte("x")) },
	} {
		c.room, raw.times = 0, 0
		frames(c, 1, 100)
		disturb()
		if frames(c, 1, 100); raw.times != 2 {
			t.Errorf("asked %d times with %s between", raw.times, name)
		}
	}
	c.room, raw.times = 0, 0
	much := func(uintptr) { free = 1 << 30 }
	for sent := 0; sent < 4*maxUnasked; sent += 100 + recordHead {
		c.fits(100, much, &free)
	}
	if raw.times < 4 {
		t.Errorf("asked %d times for much", raw.times)
	}
}
