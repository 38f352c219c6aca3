package app

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// restartEvery is the time from one restart to the next, at least.
	restartEvery = 10 * time.Second
	// restartWithin is how long the connections of the old life have. Half of it is for what they are in the
	// middle of.
	restartWithin = 12 * time.Second
)

// Lives is an application that can be started anew behind the same listener, as a deployment would: the
// registries end, and others begin, which know nothing of what was. Safe for concurrent use.
type Lives struct {
	begin func() *App
	now   atomic.Pointer[life]
	ctx   context.Context // ends with all of it
	end   context.CancelFunc
	work  sync.WaitGroup // a restart

	mu   sync.Mutex
	last time.Time // when a restart began; guarded by mu
}

// life is an application that runs.
type life struct {
	app     *App
	handler http.Handler
	end     func() // ends its Run, and waits for that
}

// Live begins the first life. Each is what begin returns.
func Live(begin func() *App) *Lives {
	l := &Lives{begin: begin}
	l.ctx, l.end = context.WithCancel(context.Background())
	l.live()
	return l
}

func (l *Lives) live() {
	a := l.begin()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { a.Run(ctx) })
	end := func() {
		cancel()
		work.Wait()
	}
	l.now.Store(&life{a, a.handler(http.HandlerFunc(l.serveRestart)), end})
}

// ServeHTTP serves the life of now.
func (l *Lives) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.now.Load().handler.ServeHTTP(w, r)
}

// Shutdown ends the life of now by App.Shutdown. There is no other then.
func (l *Lives) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	l.end()
	l.mu.Unlock()
	l.work.Wait()
	return l.now.Load().shutdown(ctx)
}

// shutdown ends the connections, and then what works for them.
func (l *life) shutdown(ctx context.Context) error {
	defer l.end()
	return l.app.Shutdown(ctx)
}

// serveRestart answers POST /restart with 202, and then restarts. It is for this machine only, and for one
// at a time.
func (l *Lives) serveRestart(w http.ResponseWriter, r *http.Request) {
	if why := foreign(r); why != "" {
		http.Error(w, "a restart is for this machine only, and this request "+why, http.StatusForbidden)
		return
	}
	if left := l.restart(); left > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(left.Seconds()))))
		http.Error(w, "it was restarted a moment ago", http.StatusTooManyRequests)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// restart begins a restart, unless another began a short time ago: then it returns how long to wait.
func (l *Lives) restart() (left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left = restartEvery - time.Since(l.last); left > 0 && !l.last.IsZero() || l.ctx.Err() != nil {
		return max(left, time.Second)
	}
	l.last = time.Now()
	l.work.Go(l.renew)
	return 0
}

// renew ends one life and begins another. Shutdown makes it short.
func (l *Lives) renew() {
	ctx, cancel := context.WithTimeout(l.ctx, restartWithin)
	defer cancel()
	err := l.now.Load().shutdown(ctx)
	if l.ctx.Err() != nil {
		return
	}
	if err != nil {
		slog.Warn("what was before a restart has not ended in time", "error", err)
	}
	l.live()
}
