package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long a run that is interrupted may take to end by itself: to stop
// the go command, and to say how things stand.
const grace = 200 * time.Millisecond

// interruptible returns a context that the first interrupt cancels. The process
// ends soon after, even if the code that runs does not listen to the context: Go's
// own type checker does not, nor does a write to a pipe that nobody reads. The
// second interrupt ends it at once. Both wait until nobody holds writing.
func interruptible(stderr io.Writer) (ctx context.Context, files *writing, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	files = new(writing)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	over := make(chan struct{})
	go func() {
		select {
		case <-signals:
		case <-over:
			return
		}
		cancel()
		select {
		case <-signals:
		case <-time.After(grace):
		case <-over:
			return
		}
		files.end(stderr)
	}()
	return ctx, files, func() {
		signal.Stop(signals)
		close(over)
		cancel()
	}
}

// end ends the process.
func (w *writing) end(stderr io.Writer) {
	w.Mutex.Lock() // for good: nobody may begin to write
	if w.watch.Load() {
		os.Exit(exitOK)
	}
	changed := w.begun.Load()
	if undo := w.undo.Load(); undo != nil {
		changed = undo.Back() != nil
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		if isTerminal(stderr) {
			fmt.Fprint(stderr, "\r\x1b[K") // over the line that says what a run does
		}
		if changed {
			fmt.Fprintln(stderr, "wsgen: interrupted")
		} else {
			fmt.Fprintln(stderr, "wsgen: interrupted, no file was changed")
		}
	}()
	select {
	case <-said:
	case <-time.After(grace): // nobody reads it
	}
	os.Exit(exitInterrupted)
}
