package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	ws "github.com/wsgen/wsgen/runtime"
)

// on sends a request of this machine to h, and returns the answer.
func on(h http.Handler, method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, nil)
	r.RemoteAddr = "127.0.0.1:1234"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestLives checks that one life follows another, one at a time, and that a shutdown cuts a restart short.
func TestLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int32
		lives := app.Live(func() *app.App {
			begun.Add(1)
			return app.New(ws.Options{ShutdownDelay: 4 * time.Second})
		})
		restart := func() (status int, after string) {
			w := on(lives, http.MethodPost, "/restart")
			return w.Code, w.Header().Get("Retry-After")
		}
		ready := func() int { return on(lives, http.MethodGet, "/readyz").Code }
		if status, _ := restart(); status != http.StatusAccepted || begun.Load() != 1 {
			t.Fatalf("%d in life %d, want 202 in the first", status, begun.Load())
		}
		synctest.Wait()
		if status := ready(); status != http.StatusServiceUnavailable {
			t.Errorf("/readyz while it goes away: %d, want 503", status)
		}
		time.Sleep(3 * time.Second)
		if status, after := restart(); status != http.StatusTooManyRequests || after != "7" {
			t.Errorf("another after 3 s: %d, after %q s, want 429, after 7", status, after)
		}
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if status := ready(); status != http.StatusOK || begun.Load() != 2 {
			t.Errorf("/readyz in life %d: %d, want 200 in the second", begun.Load(), status)
		}

		if status, _ := restart(); status != http.StatusAccepted {
			t.Errorf("10 s later: %d, want 202", status)
		}
		synctest.Wait()
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := lives.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 2*time.Second || begun.Load() != 2 {
			t.Errorf("ended after %v in life %d, want 2 s at most in the second", took, begun.Load())
		}
		if status, _ := restart(); status == http.StatusAccepted {
			t.Error("it restarts after its end")
		}
	})
}
