package ws_test

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestDetachedIsBounded: of more clients that vanish than MaxDetached those that
// have been gone for longest are over at once, and the others when ResumeWindow is.
// Their goroutines and descriptors are back at once. What the sessions weigh is in
// TestBudgetDetachedHeap.
func TestDetachedIsBounded(t *testing.T) {
	const most, more = 2_000, 100 // the race detector ends a process with some 8000 goroutines, and all of them end at once
	if n := ws.NewServer(ws.Options{}).MostDetached(); n != 10_000 {
		t.Errorf("by default %d stay", n)
	}
	var over atomic.Int64
	clients := make(chan *ws.Client, most+more)
	s := serve(t, ws.Options{ResumeWindow: time.Hour, MaxDetached: most, Logger: slog.New(slog.DiscardHandler)}, gateway{
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) { clients <- c; return nil, nil },
		disconnect: func(_ context.Context, c *ws.Client, _ any, why ws.Closed) {
			if !why.Remote || why.Code != ws.CloseAbnormal {
				t.Errorf("%v ended by %+v", c.ID(), why)
			}
			over.Add(1)
		},
	})
	vanish := func(n int) {
		for range n {
			_ = s.session(t, "/ws").conn.Close()
		}
		eventually(t, "all are noted", func() bool { return s.Stats().Admitted == 0 })
	}
	vanish(1) // what is made once
	routines, files := runtime.NumGoroutine(), openFiles(t)
	vanish(most - 1)
	if n := s.Stats(); n.Detached != most || n.Connections != most || over.Load() != 0 {
		t.Errorf("%d are over; %+v", over.Load(), n)
	}
	eventually(t, "goroutines and descriptors are back", func() bool { return runtime.NumGoroutine() <= routines && openFiles(t) <= files })
	vanish(more)
	eventually(t, "some are over", func() bool { return over.Load() == more })
	if n := s.Stats(); n.Detached != most || n.Connections != most {
		t.Errorf("%+v", n)
	}
	if (<-clients).Context().Err() == nil {
		t.Error("the first that vanished is not over")
	}
	s.Skip(time.Hour)
	eventually(t, "all are over", func() bool { n := s.Stats(); return n.Connections == 0 && n.Detached == 0 && over.Load() == most+more })
}
