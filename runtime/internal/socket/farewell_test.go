package socket

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// survivor is an owner that outlives its link.
type survivor struct {
	*owner

	parting bool
}

func (s *survivor) Breaks(_ *Cause, part func()) bool {
	if !s.parting {
		s.parting = true
		part()
	}
	return true
}
func (s *survivor) Parting() bool { return s.parting }
func (s *survivor) Parted() bool  { return true }

// timeless is a net.Conn whose deadlines are lifted by somebody else as soon as they
// are set.
type timeless struct{ net.Conn }

func (timeless) SetWriteDeadline(time.Time) error { return nil }

// surviving opens a socket that may get another link, and whose peer takes nothing.
func surviving(t *testing.T, p *Profile) *Socket {
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	o := &survivor{owner: &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}}
	s := &o.socket
	s.Open(p, o, timeless{near}, nil, false)
	s.KeepSent(&outbox.Keeper{Frames: 10, Bytes: 1000})
	s.out.Resume()
	return s
}

// TestLateFarewell: a goroutine that ends a link, and comes late, leaves the next
// one alone.
func TestLateFarewell(t *testing.T) {
	p := NewEngine(1 << 20).Profile(limits)
	s, next := surviving(t, p), surviving(t, p)
	l, survives := s.breaks(Cause{Code: frame.ClosePolicy})
	if l == nil || !survives {
		t.Fatal("it does not survive")
	}
	if again, survives := s.breaks(Cause{}); again != nil || !survives {
		t.Fatal("the link ends twice")
	}
	s.detach()
	if !s.out.Rewind(0) || !s.Adopt(next) || s.out.Unpark() != outbox.Queued {
		t.Fatal("it has no other link")
	}
	s.farewell(l, &Cause{Code: frame.ClosePolicy}, true)
	if v := s.out.Push([]byte("a push")); v != outbox.Schedule {
		t.Errorf("nothing is written to the other link: %v", v)
	}
	if n, _ := s.link(); n != s.net || n == l.net {
		t.Error("it has the old link")
	}
}

// TestFarewellEnds: a peer that does not take the Close of its link is not waited for
// longer than that may take, whatever becomes of deadlines.
func TestFarewellEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := surviving(t, NewEngine(1<<20).Profile(limits))
		l, _ := s.breaks(Cause{Code: frame.ClosePolicy})
		begun := time.Now()
		s.farewell(l, &Cause{Code: frame.ClosePolicy}, false)
		if took := time.Since(begun); took != shortly {
			t.Errorf("it took %v", took)
		}
		if _, err := l.net.Read(make([]byte, 1)); err == nil {
			t.Error("the link is open")
		}
	})
}
