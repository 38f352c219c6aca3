// Command live is the demo of wsgen: a chat with rooms, a namespace, a heartbeat and announcements.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// defaultAddr is where the demo listens unless the environment variable ADDR says otherwise.
const defaultAddr = "127.0.0.1:3004"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends politely, a second one at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Getenv("ADDR"), os.Stdout, os.Stderr))
}

// run serves until ctx ends and returns the exit code.
func run(ctx context.Context, addr string, stdout, stderr io.Writer) int {
	if addr == "" {
		addr = defaultAddr
	}
	if err := serve(ctx, addr, stdout); err != nil {
		fmt.Fprintln(stderr, "live:", err)
		return 1
	}
	return 0
}
