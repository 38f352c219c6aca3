package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interruptible returns a context that the first interrupt cancels. The second
// one ends the process, as soon as nobody holds writing: files that belong
// together are replaced together.
func interruptible() (ctx context.Context, writing *sync.Mutex, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	writing = new(sync.Mutex)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if ctx.Err() != nil {
				writing.Lock()
				os.Exit(exitInterrupted)
			}
			cancel()
		}
	}()
	return ctx, writing, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}
