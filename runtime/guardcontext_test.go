package ws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// asked returns the status of the answer to a handshake whose request has a context.
func (s *pipeSite) asked(ctx context.Context) int {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/ws", nil)
	for _, h := range [][2]string{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}} {
		r.Header.Set(h[0], h[1])
	}
	answer := httptest.NewRecorder()
	s.handler.ServeHTTP(answer, r)
	return answer.Code
}

// TestGuardContext: the context of connection guards has a deadline, of which guards
// hear that wait and guards that ask; it has the values of the request's, ends with
// that, and when the guards have returned.
func TestGuardContext(t *testing.T) {
	type key struct{}
	for name, c := range map[string]struct {
		do     func(ctx context.Context) error
		cancel bool          // the request is cancelled after half of the time
		within time.Duration // the request has such a deadline of its own
		took   time.Duration
		status int
	}{
		"quick":   {do: func(context.Context) error { return nil }, status: 0}, // there is no socket to take, whatever it decides
		"refuses": {do: func(context.Context) error { return ws.NewError(ws.CodeForbidden, "no") }, status: http.StatusForbidden},
		"waits":   {do: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, took: time.Second, status: http.StatusServiceUnavailable},
		"waits beside": {do: func(ctx context.Context) error {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			<-child.Done()
			return child.Err()
		}, took: time.Second, status: http.StatusServiceUnavailable},
		"asks": {do: func(ctx context.Context) error {
			time.Sleep(time.Second)
			return ctx.Err()
		}, took: time.Second, status: http.StatusServiceUnavailable},
		"cancelled": {do: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, cancel: true, took: time.Second / 2, status: http.StatusServiceUnavailable},
		"cancelled, and asks": {do: func(ctx context.Context) error {
			time.Sleep(time.Second * 3 / 4)
			return ctx.Err()
		}, cancel: true, took: time.Second * 3 / 4, status: http.StatusServiceUnavailable},
		"sooner": {do: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, within: time.Second / 4, took: time.Second / 4, status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var kept context.Context
				s := servePipe(t, ws.Options{HandshakeTimeout: time.Second}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
					kept = u.Request.Context()
					want := time.Second
					if c.within > 0 {
						want = c.within
					}
					if until, ok := kept.Deadline(); !ok || time.Until(until) != want {
						t.Errorf("deadline %v, %t", until, ok)
					}
					if kept.Value(key{}) != "value" || kept.Err() != nil {
						t.Errorf("value %v, %v", kept.Value(key{}), kept.Err())
					}
					return c.do(kept)
				})}})
				ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
				defer cancel()
				if c.within > 0 {
					ctx, cancel = context.WithTimeout(ctx, c.within)
					defer cancel()
				}
				if c.cancel {
					time.AfterFunc(time.Second/2, cancel)
				}
				begun := time.Now()
				if status := s.asked(ctx); c.status != 0 && status != c.status {
					t.Errorf("answered %d", status)
				}
				if took := time.Since(begun); took != c.took {
					t.Errorf("it took %v", took)
				}
				if err := kept.Err(); err == nil {
					t.Error("it goes on")
				}
				<-kept.Done()
				s.shutdown(t)
			})
		})
	}
}
