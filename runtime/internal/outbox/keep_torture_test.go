package outbox_test

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// tornSize is the size of each frame of TestTorn: a kind, and two numbers.
const tornSize = 16

func tornFrame(kind byte, a uint32, b uint64) []byte {
	f := []byte{kind, 0, 0, 0}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(f, a), b)
}

// torn is a session whose sockets break. A socket is a number; got is what the
// peer has of it.
type torn struct {
	t     *testing.T
	q     outbox.Queue
	total *outbox.Budget
	work  sync.WaitGroup
	done  chan struct{}

	socket atomic.Int64 // the one that is written to
	cut    atomic.Int64 // no socket up to this one takes anything
	calm   atomic.Bool  // no socket breaks by itself any more
	breaks chan int64

	// The writer's; the parker's when nobody has the queue.
	got []byte

	// The peer's, over all sockets; has is what it may acknowledge.
	frames [][]byte
	has    atomic.Uint64
}

// come is a goroutine that was told to have the queue flushed.
func (s *torn) come() {
	s.work.Go(func() {
		b := new(outbox.Batch)
		b.Patient = rand.IntN(4) == 0
		closed := s.q.Take(b, 100)
		if b.Len() > 0 {
			closed = s.write(b)
		}
		b.Settle(s.total)
		if closed {
			close(s.done)
		}
	})
}

// write writes what there is, until the queue is empty or the socket broken.
func (s *torn) write(b *outbox.Batch) (closed bool) {
	rest := b.Join(nil)
	for {
		socket := s.socket.Load()
		n := len(rest)
		broken := s.cut.Load() >= socket || !s.calm.Load() && rand.IntN(40) == 0
		if broken || rand.IntN(5) == 0 {
			n = rand.IntN(len(rest) + 1)
		}
		s.got = append(s.got, rest[:n]...)
		s.has.Store(max(s.has.Load(), uint64(s.data()))) // the kernel has it, and so the peer soon
		whole := n == len(rest)
		if !whole && !b.Patient && (!broken || rand.IntN(2) == 0) && b.Len() > 1 {
			rest = s.q.Stuck(b, len(b.Join(nil))-len(rest)+n)
		} else {
			rest = rest[n:]
		}
		switch {
		case broken:
			closed = s.q.Park(b)
			s.breaks <- socket
			return closed
		case !whole:
			continue // the peer takes the rest later
		case rand.IntN(2) == 0:
			more, closed := s.q.Written(b)
			if more {
				s.come()
			}
			return closed
		}
		closed = s.q.Next(b, 100)
		b.Settle(s.total)
		if b.Len() == 0 {
			return closed
		}
		rest = b.Join(nil)
	}
}

// data returns how many frames that count the peer has, those of this socket
// included.
func (s *torn) data() (n int) {
	n = len(s.frames)
	for f := s.got; len(f) >= tornSize; f = f[tornSize:] {
		if f[0] == 'd' {
			n++
		}
	}
	return n
}

// arrive takes what a socket has brought. A ping says how many frames went
// before it.
func (s *torn) arrive() {
	for f := s.got; len(f) >= tornSize; f = f[tornSize:] {
		switch at := binary.BigEndian.Uint64(f[8:]); {
		case f[0] == 'd':
			s.frames = append(s.frames, f[:tornSize])
		case f[0] == 'p' && at != uint64(len(s.frames)):
			s.t.Errorf("a ping says %d behind frame %d", at, len(s.frames))
		}
	}
	s.got = nil
}

// resume parks the queue, gives the peer what it missed and another socket.
func (s *torn) resume() {
	<-s.q.ParkNext()
	s.arrive()
	missed, ok := s.q.After(uint64(len(s.frames)))
	if !ok {
		s.t.Errorf("a gap behind %d of %d", len(s.frames), s.q.Sent())
	}
	s.frames = append(s.frames, missed...)
	if n := s.q.Sent(); n != uint64(len(s.frames)) {
		s.t.Errorf("the peer has %d of %d", len(s.frames), n)
	}
	s.socket.Add(1)
	if s.q.Unpark() == outbox.Schedule {
		s.come()
	}
}

// TestTorn: pushers push, sockets take a part or break, a reader parks the queue,
// and the peer acknowledges. It gets each frame once and in the pusher's order.
func TestTorn(t *testing.T) {
	const pushers, each = 4, 3000
	s := &torn{t: t, total: outbox.NewBudget(1 << 14), done: make(chan struct{}), breaks: make(chan int64, 64)}
	kept := outbox.NewBudget(1 << 20)
	s.socket.Store(1)
	s.q.Limit(&outbox.Limits{Frames: 8, Bytes: 300, Total: s.total})
	s.q.Keep(&outbox.Keeper{Frames: 2 * pushers * each, Bytes: 1 << 20, Total: kept})
	var parker, pushing sync.WaitGroup
	over := make(chan struct{})
	cuts := make(chan struct{})
	parker.Go(func() {
		for {
			select {
			case socket := <-s.breaks:
				if socket == s.socket.Load() {
					s.resume()
				}
			case <-cuts: // its reader sees it first
				s.cut.Store(s.socket.Load())
				s.resume()
			case <-over:
				return
			}
		}
	})
	for i := range uint32(pushers) {
		pushing.Go(func() {
			for j := range uint64(each) {
				f := tornFrame('d', i, j)
				v := outbox.Full
				switch rand.IntN(4) {
				case 0:
					v = s.q.Push(f)
				case 1:
					frame := new(outbox.Frame)
					frame.Share(f)
					frame.Among(2)
					v = s.q.Share(frame)
					frame.Settle(s.total)
				case 2:
					v = s.q.Copy(f)
				}
				if v.Refused() {
					v = s.q.Wait(f)
				}
				if v == outbox.Schedule {
					s.come()
				}
				switch rand.IntN(40) {
				case 0:
					cuts <- struct{}{}
				case 1, 2:
					if s.q.Stamp(tornFrame('p', 0, 0)) == outbox.Schedule {
						s.come()
					}
				case 3, 4:
					s.q.Forget(s.has.Load())
				}
			}
		})
	}
	pushing.Wait()
	s.calm.Store(true)
	cuts <- struct{}{} // the last socket
	if s.q.Close(tornFrame('c', 0, 0)) == outbox.Schedule {
		s.come()
	}
	<-s.done
	close(over)
	parker.Wait()
	s.work.Wait()
	s.arrive()
	var next [pushers]uint64
	for _, f := range s.frames {
		if i, j := binary.BigEndian.Uint32(f[4:]), binary.BigEndian.Uint64(f[8:]); j != next[i] {
			t.Fatalf("pusher %d: frame %d, want %d", i, j, next[i])
		} else {
			next[i]++
		}
	}
	if len(s.frames) != pushers*each {
		t.Errorf("%d frames of %d", len(s.frames), pushers*each)
	}
	if s.socket.Load() < 50 {
		t.Errorf("only %d sockets", s.socket.Load())
	}
	if s.total.Used() != 0 || kept.Used() != 0 {
		t.Error(s.total.Used(), kept.Used(), "bytes still count")
	}
}
