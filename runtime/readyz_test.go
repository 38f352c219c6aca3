package ws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestReadyz: the answer turns before the first handshake is refused and the
// first connection closed, by as long as an option says.
func TestReadyz(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{ShutdownDelay: 5 * time.Second}, gateway{})
		p := s.dial(t, "/ws")
		ready := func() int {
			w := httptest.NewRecorder()
			s.handler.(*ws.Router).Readyz(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			ws.Readyz(ws.NewServer(ws.Options{}), s.Server).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			if ok := strings.Count(w.Body.String(), "ready\n") == 2; ok != (w.Code == http.StatusOK) {
				t.Errorf("%d with %q", w.Code, w.Body)
			}
			return w.Code
		}
		if ready() != http.StatusOK {
			t.Error("not ready")
		}
		begun, done := time.Now(), make(chan error)
		go func() { done <- s.Shutdown(t.Context()) }()
		synctest.Wait()
		if ready() != http.StatusServiceUnavailable {
			t.Error("still ready")
		}
		late := s.dial(t, "/ws") // a client that did not ask in time is not turned away yet
		go late.pongs()
		p.closedWith(t, ws.CloseAway)
		if age := time.Since(begun); age < 5*time.Second || age > 6*time.Second {
			t.Errorf("closed after %v", age)
		}
		p.pongs()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestShutdownDelayIsBounded: the delay is no more than half of what the
// context leaves.
func TestShutdownDelayIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{ShutdownDelay: time.Hour}, gateway{})
		p := s.dial(t, "/ws")
		go p.pongs()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		if err := s.Shutdown(ctx); err != nil || time.Since(begun) > 6*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// TestShutdownLosesNothing: a client that reads gets all frames that were
// queued for it, far more than sockets hold, and then the Close.
func TestShutdownLosesNothing(t *testing.T) {
	s := serve(t, ws.Options{OutboxBytes: 64 << 20, OutboxFrames: 4000}, gateway{})
	p := s.dial(t, "/ws")
	const pushes, size = 3000, 8 << 10
	filler := strings.Repeat("x", size)
	for i := range pushes {
		if n, err := s.Broadcast("e", fmt.Sprintf("%d %s", i, filler)); n != 1 || err != nil {
			t.Fatal(i, n, err)
		}
	}
	done := make(chan error)
	go func() { done <- s.Shutdown(context.Background()) }()
	eventually(t, "closing", func() bool { _, res := s.try(t, "/ws"); return res != nil })
	for i := range pushes {
		p.want(fmt.Sprintf(`{"event":"e","data":"%d %s"}`, i, filler))
	}
	p.wantClose(ws.CloseAway)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
