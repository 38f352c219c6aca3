package natsbroker

import (
	"context"
	"sync"
)

const (
	windowBytes = 128 << 10 // what Publish may be ahead of the server
	windowAsks  = 32 << 10  // after so much the server is asked how far it is
)

// window bounds how far what is published is ahead of what the server has read.
// Without it megabytes wait in the buffers of the kernel when the server is busy,
// and the answers of this node to others, and its own questions, wait behind them.
type window struct {
	kick chan struct{}

	mu      sync.Mutex
	sent    int           // guarded by mu; bytes since the server was asked last, all in all
	read    int           // guarded by mu; of these, what it has read for sure
	changed chan struct{} // guarded by mu; closed when read grows, nil if nobody waits
}

func newWindow() *window { return &window{kick: make(chan struct{}, 1)} }

// take takes room for n bytes, and returns nil. If there is none it returns a channel
// that is closed when there may be. A message that is larger than all of it is taken
// by whoever finds room.
func (w *window) take(n int) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent-w.read >= windowBytes {
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		return w.changed
	}
	if w.sent += n; w.sent-w.read >= windowAsks {
		select {
		case w.kick <- struct{}{}:
		default:
		}
	}
	return nil
}

// run asks the server how far it is when that is of interest, until stop is closed.
// What flush waits for ends then, too.
func (w *window) run(flush func(context.Context) error, stop <-chan struct{}) {
	for {
		select {
		case <-w.kick:
		case <-stop:
			return
		}
		for sent := w.ahead(); sent > 0; sent = w.ahead() {
			if flush(context.Background()) != nil {
				break // it took too long, or the connection has ended: nobody waits for it then
			}
			w.has(sent)
		}
	}
}

// ahead returns how much was sent, if the server is to be asked; else 0.
func (w *window) ahead() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent-w.read < windowAsks {
		return 0
	}
	return w.sent
}

// has says how much the server has read.
func (w *window) has(sent int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = sent
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}
