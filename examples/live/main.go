// Command live is the demo of wsgen: a chat with rooms, a namespace, a heartbeat and announcements. Program
// nodes starts it as one of several.
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

	"github.com/wsgen/wsgen/examples/live/auth"
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
	o := options{
		addr: cmp.Or(os.Getenv("ADDR"), defaultAddr), drain: os.Getenv("DRAIN"),
		nats: os.Getenv("NATS"), key: auth.Key(os.Getenv("TOKEN_KEY")),
	}
	if os.Getenv("LEASH") == "stdin" {
		// Where this program prints is gone with its owner, too, and must not end it before it has ended politely.
		signal.Ignore(syscall.SIGPIPE)
		ctx = leashed(ctx, os.Stdin)
	}
	os.Exit(run(ctx, o, os.Stdout, os.Stderr))
}

// options are what the environment says.
type options struct {
	addr, drain string
	nats        string   // where the cluster's engine is; "" for a server alone
	key         auth.Key // of the cluster's tokens
}

// leashed returns a context that ends with whoever holds the other end of in. A program that has started
// this one so leaves nobody behind, however it ends.
func leashed(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	return ctx
}

// run serves until ctx ends and returns the exit code.
func run(ctx context.Context, o options, stdout, stderr io.Writer) int {
	delay, err := time.ParseDuration(cmp.Or(o.drain, defaultDrain))
	if err != nil || delay < 0 {
		fmt.Fprintf(stderr, "live: the environment variable DRAIN is %q, and no duration such as 10s\n", o.drain)
		return 1
	}
	if err := serve(ctx, o, delay, stdout); err != nil {
		fmt.Fprintln(stderr, "live:", err)
		return 1
	}
	return 0
}
