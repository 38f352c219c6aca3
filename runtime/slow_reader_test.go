package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// sip is a reader that is slow: it reads so much, and then waits for the tick.
type sip struct {
	r    io.Reader
	most int
	tick <-chan time.Time
	left int
}

func (s *sip) Read(p []byte) (int, error) {
	if s.left == 0 {
		<-s.tick
		s.left = s.most
	}
	n, err := s.r.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}

// slowly has p read so many bytes in a second.
func (p *peer) slowly(t *testing.T, perSecond int) {
	const parts = 20
	ticker := time.NewTicker(time.Second / parts)
	t.Cleanup(ticker.Stop)
	p.r.Reset(&sip{r: io.MultiReader(strings.NewReader(p.buffered()), p.conn), most: perSecond / parts, tick: ticker.C})
}

// buffered returns the bytes that were read early.
func (p *peer) buffered() string {
	b, _ := p.r.Peek(p.r.Buffered())
	return string(b)
}

// TestSlowReaderUnasked: where the kernel cannot be asked, the bytes that Write
// takes count, and those that it has taken of a piece. With the default options
// a reply of 20 MiB arrives at 250 KiB/s, which takes longer than the idle
// timeout. So does a feed at 4 KiB/s on a transport that is broken by a
// deadline that passes, as TLS is.
func TestSlowReaderUnasked(t *testing.T) {
	t.Run("20 MiB", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			reply := strings.Repeat("0123456789abcdef", 20<<20/16)
			s := servePipe(t, ws.Options{}, gateway{
				on: map[string]handler{"get": inline(func(c *ws.Call) error { return c.Reply(&reply) })},
			})
			p := s.dial(t, "/ws")
			_ = p.conn.SetDeadline(time.Time{})
			p.send(`{"event":"get","id":1}`)
			p.slowly(t, 250<<10)
			begun := time.Now()
			if got := p.next(); got != `{"event":"get","id":1,"data":"`+reply+`"}` {
				t.Errorf("%d bytes, %.60q", len(got), got)
			}
			if took := time.Since(begun); took < 80*time.Second {
				t.Errorf("read in %v", took)
			}
			_ = p.conn.Close()
			s.shutdown(t)
		})
	})
	t.Run("fragile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			closed := make(chan ws.Closed, 1)
			s := servePipe(t, ws.Options{}, gateway{
				disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
			})
			s.wrap = func(c net.Conn) net.Conn { return &fragile{Conn: c} }
			p := s.dial(t, "/ws")
			_ = p.conn.SetDeadline(time.Time{})
			stop, stopped := make(chan struct{}), make(chan struct{})
			defer func() { <-stopped }()
			defer close(stop)
			go func() {
				defer close(stopped)
				for text := strings.Repeat("x", 40<<10); ; time.Sleep(time.Second) {
					select {
					case <-stop:
						return
					default:
						_, _ = s.Broadcast("tick", text)
					}
				}
			}()
			p.slowly(t, 4<<10)
			begun := time.Now()
			for time.Since(begun) < 5*time.Minute {
				if _, err := p.r.Discard(1 << 10); err != nil {
					t.Fatalf("after %v: %v", time.Since(begun), err)
				}
			}
			last := time.Now()
			c := <-closed
			if took := time.Since(last); c.Code != ws.ClosePolicy || took < 9*time.Second || took > 20*time.Second {
				t.Errorf("closed %v after it had read, with %+v", took, c)
			}
			s.shutdown(t)
		})
	})
	t.Run("a little at a time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := servePipe(t, ws.Options{}, gateway{})
			p := s.dial(t, "/ws")
			_ = p.conn.SetDeadline(time.Time{})
			text := strings.Repeat("x", 4000)
			if n, err := s.Broadcast("e", text); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			got := p.buffered()
			for buf := make([]byte, 100); len(got) < len(text); time.Sleep(9 * time.Second) {
				n, err := p.conn.Read(buf)
				if got += string(buf[:n]); err != nil {
					t.Fatalf("after %d bytes: %v", len(got), err)
				}
			}
			if !strings.Contains(got, `"data":"`+text[:3900]) {
				t.Errorf("%d bytes, %.60q", len(got), got)
			}
			_ = p.conn.Close()
			s.shutdown(t)
		})
	})
}

// fragile is a transport that a write which did not end in time breaks for
// good.
type fragile struct {
	net.Conn
	err error
}

func (f *fragile) Write(p []byte) (n int, err error) {
	if f.err == nil {
		n, f.err = f.Conn.Write(p)
	}
	if !errors.Is(f.err, os.ErrDeadlineExceeded) {
		return n, f.err
	}
	return 0, f.err
}

// TestStalledWithoutDeadlines: a net.Conn that cannot have a write give up, or
// pretends that it can, loses its socket instead.
func TestStalledWithoutDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		set   func() error
		after time.Duration // a write that was told in vain is given a quarter more
	}{
		"refuses":  {func() error { return os.ErrNoDeadline }, 10 * time.Second},
		"panics":   {func() error { panic("no deadlines") }, 10 * time.Second},
		"exits":    {func() error { runtime.Goexit(); return nil }, 10 * time.Second},
		"pretends": {func() error { return nil }, 12500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				closed := make(chan ws.Closed, 1)
				s := servePipe(t, ws.Options{}, gateway{
					disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
				})
				wrapped := &endless{set: c.set}
				s.wrap = func(c net.Conn) net.Conn { wrapped.Conn = c; return wrapped }
				s.dial(t, "/ws")
				synctest.Wait() // the deadline of the handshake is over
				wrapped.armed.Store(true)
				begun := time.Now()
				if n, err := s.Broadcast("e", "x"); n != 1 || err != nil {
					t.Fatal(n, err)
				}
				got := <-closed
				if took := time.Since(begun); took != c.after || got.Code != ws.ClosePolicy || got.Remote {
					t.Errorf("after %v: %+v", took, got)
				}
				s.shutdown(t)
			})
		})
	}
}

// endless is a net.Conn whose writes cannot be told to end, once it is armed.
type endless struct {
	net.Conn
	armed atomic.Bool
	set   func() error
}

func (e *endless) SetWriteDeadline(at time.Time) error {
	if e.armed.Load() {
		return e.set()
	}
	return e.Conn.SetWriteDeadline(at)
}
