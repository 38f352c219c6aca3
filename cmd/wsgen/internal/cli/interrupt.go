package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interruptible returns a context that the first interrupt cancels. The second
// one ends the process, as soon as nobody holds replacing: files that belong
// together are replaced together.
func interruptible() (ctx context.Context, replacing *sync.Mutex, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	replacing = new(sync.Mutex)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if ctx.Err() != nil {
				replacing.Lock()
				os.Exit(exitInterrupted)
			}
			cancel()
		}
	}()
	return ctx, replacing, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}
