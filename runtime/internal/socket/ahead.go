package socket

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Ahead reads before Serve. It notices that the peer has gone, and closes the
// connection then. Serve begins with the bytes that it has read.
type Ahead struct {
	done  chan struct{} // closed when nobody reads ahead any more
	read  int           // bytes, behind the rest of the block
	stops atomic.Bool   // it is ended by a deadline
	over  atomic.Bool   // StopAhead was called
}

// ReadAhead begins to read ahead, until stop is closed and StopAhead called. It
// returns nil, and does nothing, after Opened.
func (s *Socket) ReadAhead(stop <-chan struct{}) *Ahead {
	if s.state.is(stateOpened) {
		return nil
	}
	a := &Ahead{done: make(chan struct{})}
	go s.readAhead(a, stop)
	return a
}

// readStops reports whether a read can be ended, or has ended: a net.Conn of
// the user's may have no deadlines.
func (s *Socket) readStops(a *Ahead) bool {
	if s.tunnel() != nil {
		return true
	}
	err := s.net.SetReadDeadline(time.Time{})
	stops := err == nil || steady.Is(err, io.ErrClosedPipe) || steady.Is(err, net.ErrClosed)
	a.stops.Store(stops)
	return stops
}

// readAhead reads until the peer is gone, reading ahead is over, or the block is
// full.
func (s *Socket) readAhead(a *Ahead, stop <-chan struct{}) {
	defer close(a.done)
	if !s.readStops(a) || s.aheadOver(a) {
		return
	}
	read := s.net.Read
	if t := s.tunnel(); t != nil {
		read = func(p []byte) (int, error) { return t.readUntil(stop, p) }
	}
	for room := s.room()[s.to:]; a.read < len(room); {
		n, err := read(room[a.read:])
		a.read += n
		if err == nil {
			continue
		}
		if s.aheadOver(a) || steady.Is(err, os.ErrDeadlineExceeded) {
			return // Serve finds any other error as well
		}
		if steady.Is(err, io.EOF) {
			s.state.set(statePeerClosed)
		}
		s.Close(Cause{Code: frame.CloseAbnormal, Remote: true, Err: err})
		return
	}
}

// aheadOver reports whether reading ahead is over, or about to be.
func (s *Socket) aheadOver(a *Ahead) bool { return a.over.Load() || s.state.is(stateOpened) }

// Opened ends the time in which reading ahead may begin.
func (s *Socket) Opened() { s.state.set(stateOpened) }

// StopAhead ends reading ahead; without Opened it may begin once more. A socket that has no deadline any
// more, although it had one, is closed: nothing else would end its read.
func (s *Socket) StopAhead(a *Ahead) {
	a.over.Store(true)
	if s.tunnel() != nil { // stop ends its reads
		<-a.done
		s.checkMore(a.read)
		return
	}
	s.endRead(a)
	_ = s.net.SetReadDeadline(time.Time{})
}

// endRead ends a read by a deadline, or by closing the socket, and checks what
// was read.
func (s *Socket) endRead(a *Ahead) {
	set := false
	defer func() {
		if !set && a.stops.Load() {
			s.cut()
		}
		<-a.done
		s.checkMore(a.read)
	}()
	set = s.net.SetReadDeadline(time.Unix(1, 0)) == nil // long ago
}
