// Command nodes starts the demo on several nodes: a server of NATS in this process, and so many processes
// of the demo, on ports beside each other. It restarts none of them, and leaves none behind.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// defaultAddr is where the first node listens unless the environment variable ADDR says otherwise.
const defaultAddr = "127.0.0.1:3004"

// mostNodes is how many there may be: they are all on one machine.
const mostNodes = 16

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: NODES=3 nodes PROGRAM\nPROGRAM is the demo: go build -o bin/live ./examples/live")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends everything politely, a second one at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1], os.Getenv("NODES"), cmp.Or(os.Getenv("ADDR"), defaultAddr), os.Stdout, os.Stderr))
}

// run starts the nodes, waits for their end, and returns the exit code.
func run(ctx context.Context, program, count, addr string, stdout, stderr io.Writer) int {
	n, err := strconv.Atoi(cmp.Or(count, "3"))
	if err != nil || n < 1 || n > mostNodes {
		fmt.Fprintf(stderr, "nodes: NODES is %q: set it to a number from 1 to %d, for example NODES=3\n", count, mostNodes)
		return 1
	}
	addrs, err := beside(addr, n)
	if err != nil {
		fmt.Fprintln(stderr, "nodes:", err)
		return 1
	}
	if err := serve(ctx, program, addrs, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "nodes:", err)
		return 1
	}
	return 0
}
