// Command live is the demo of wsgen: a chat with rooms, a namespace, a heartbeat and announcements.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// defaultAddr is where the demo listens unless the environment variable ADDR says otherwise.
const defaultAddr = "127.0.0.1:3004"

// defaultDrain is how long /readyz says 503 before connections are closed, unless the environment
// variable DRAIN says otherwise; more than the interval in which a load balancer asks.
const defaultDrain = "1s"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the program politely, a second one at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Getenv("ADDR"), os.Getenv("DRAIN"), os.Stdout, os.Stderr))
}

// run serves until ctx ends and returns the exit code.
func run(ctx context.Context, addr, drain string, stdout, stderr io.Writer) int {
	delay, err := time.ParseDuration(cmp.Or(drain, defaultDrain))
	if err != nil || delay < 0 {
		fmt.Fprintf(stderr, "live: the environment variable DRAIN is %q, and no duration such as 10s\n", drain)
		return 1
	}
	if err := serve(ctx, cmp.Or(addr, defaultAddr), delay, stdout); err != nil {
		fmt.Fprintln(stderr, "live:", err)
		return 1
	}
	return 0
}
