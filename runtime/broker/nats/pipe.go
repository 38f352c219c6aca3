package natsbroker

import (
	"context"
	"net"
	"sync"
	"time"
)

// pipeSpare is how much memory a pipe keeps for what comes next.
const pipeSpare = 1 << 20

// pipe is a net.Conn whose Write never waits. The client library writes while it
// holds a lock that its read loop and every call of it need, so a server that does
// not read would stop all of them. Here one goroutine writes; a window
// bounds what waits for it.
type pipe struct {
	net.Conn
	gone chan struct{} // closed by Close

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []byte // guarded by mu; what waits to be written
	held   bool   // guarded by mu; more is about to come
	closed bool   // guarded by mu
	err    error  // guarded by mu; of the first Write that failed
}

var _ net.Conn = (*pipe)(nil)

// newPipe returns a pipe in front of c. It is closed with ctx at the latest, and
// runs has its goroutine.
func newPipe(ctx context.Context, c net.Conn, runs *sync.WaitGroup) *pipe {
	p := &pipe{Conn: c, gone: make(chan struct{})}
	p.wake = sync.NewCond(&p.mu)
	stop := context.AfterFunc(ctx, func() { _ = p.Close() })
	runs.Go(func() {
		defer stop()
		p.write()
	})
	return p
}

// Write takes all of b.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return 0, p.err
	}
	if p.closed {
		return 0, net.ErrClosed
	}
	p.queue = append(p.queue, b...)
	p.wake.Signal()
	return len(b), nil
}

// hold has what is written wait for release: the library passes on what it has while
// a call of it runs, and many calls one after the other would leave in as many small
// pieces, each of which the server reads by itself.
func (p *pipe) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = true
}

// release ends hold.
func (p *pipe) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.wake.Signal()
}

// write writes what was taken, until Close or an error. That closes the connection,
// which the library's read loop notices.
func (p *pipe) write() {
	var spare []byte
	for {
		batch := p.take(spare)
		if batch == nil {
			return
		}
		_, err := p.Conn.Write(batch)
		if err != nil {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
			_ = p.Conn.Close()
			return
		}
		if spare = batch[:0]; cap(spare) > pipeSpare {
			spare = nil // a burst's memory goes with the burst
		}
	}
}

// take waits for bytes and returns all of them; nil after Close. The empty slice
// spare becomes the queue.
func (p *pipe) take(spare []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for (len(p.queue) == 0 || p.held) && !p.closed {
		p.wake.Wait()
	}
	if p.closed {
		return nil
	}
	batch := p.queue
	p.queue = spare
	return batch
}

// failed returns why bytes could not be written.
func (p *pipe) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// SetDeadline concerns reading alone.
func (p *pipe) SetDeadline(t time.Time) error { return p.Conn.SetReadDeadline(t) }

// SetWriteDeadline does nothing: Write does not wait.
func (*pipe) SetWriteDeadline(time.Time) error { return nil }

// Close drops what waits.
func (p *pipe) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed, p.queue = true, nil
	p.wake.Signal()
	close(p.gone)
	p.mu.Unlock()
	return p.Conn.Close()
}
