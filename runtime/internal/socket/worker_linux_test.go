//go:build !386

package socket

import (
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"go.uber.org/goleak"
)

// crowd is more sockets than a worker takes at a time, on plain connections.
type crowd struct {
	owners []*owner
	far    []net.Conn
}

func newCrowd(t *testing.T, e *Engine) (c crowd) {
	t.Helper()
	for range runBatch + 8 {
		near, far := pair(t)
		o := &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}
		o.socket.Open(e.Profile(limits), o, near, nil, false)
		o.socket.Resume()
		c.owners, c.far = append(c.owners, o), append(c.far, far)
	}
	return c
}

// push pushes to all, as one push to many, and to first before the others.
func (c crowd) push(e *Engine, first *Socket, f []byte) {
	due := []*Socket{first}
	first.out.Push(f)
	for _, o := range c.owners {
		o.socket.out.Push(f)
		due = append(due, &o.socket)
	}
	e.Queue(due...)
}

func (c crowd) want(t *testing.T, f []byte) {
	t.Helper()
	for _, far := range c.far {
		wants(t, far, f)
	}
}

// idle waits until there is no worker.
func idle(t *testing.T, e *Engine) {
	t.Helper()
	eventually(t, "there is no worker", func() bool {
		e.queue.mu.Lock()
		defer e.queue.mu.Unlock()
		return e.queue.workers == 0 && len(e.queue.due) == 0
	})
}

// TestWorkerIsRelieved: if a write to TLS waits against all expectation, the others
// that the worker has taken, and those that come, are served all the same; and so is
// that connection when the write has returned.
func TestWorkerIsRelieved(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // there is one worker
	e := NewEngine(1 << 20)
	near, far := pair(t)
	s := secureEnds(t, e, near, near, far, nil)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	others := newCrowd(t, e)
	s.socket.Resume()
	f := frame.Text("to all")
	for range 2 { // the second time with workers that have been some before
		entered, release := make(chan string, 1), make(chan struct{})
		s.random.asked(func() {
			s.random.ask.Store(nil)
			entered <- writer()
			<-release
		})
		taken(t, near)
		others.push(e, &s.socket, f)
		if by := await(t, "the record", entered); by != "a worker" {
			t.Fatal(by, "writes")
		}
		others.want(t, f)
		idle(t, e)
		others.owners[0].socket.Schedule(others.owners[0].socket.out.Push(f))
		wants(t, others.far[0], f)
		close(release)
		wants(t, s.client, f)
		idle(t, e)
	}
	s.ends(t)
}

// TestWorkerStuckForGood: a write of a worker's that does not return is given up like
// any other.
func TestWorkerStuckForGood(t *testing.T) {
	e := NewEngine(1 << 20)
	near, far := pair(t)
	s := secureEnds(t, e, near, near, far, func(l *Limits) { l.Write = 200 * time.Millisecond })
	release := make(chan struct{})
	s.random.asked(func() { <-release })
	s.socket.Resume()
	s.socket.Schedule(s.socket.out.Push(frame.Text("x")))
	eventually(t, "the peer is given up", func() (told bool) {
		s.locked(func() { told = len(s.causes) > 0 && errors.Is(s.causes[0].Err, ErrStalled) })
		return told
	})
	close(release)
	await(t, "the socket is released", s.released)
	idle(t, e)
}

// TestWorkerIsEnded: code of the user's that ends the goroutine of a worker costs that
// connection only.
func TestWorkerIsEnded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	e := NewEngine(1 << 20)
	near, far := pair(t)
	s := secureEnds(t, e, near, near, far, nil)
	others := newCrowd(t, e)
	s.random.asked(runtime.Goexit)
	s.socket.Resume()
	f := frame.Text("to all")
	others.push(e, &s.socket, f)
	others.want(t, f)
	await(t, "the socket is released", s.released)
	s.locked(func() {
		if len(s.causes) != 1 || !errors.Is(s.causes[0].Err, errWriter) {
			t.Error(s.causes)
		}
	})
	idle(t, e)
}
