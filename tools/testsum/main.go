// Command testsum turns the output of go test -json into what a person wants
// to read: a line per package as it ends, the whole output of what failed, why
// tests were skipped, and the totals on the last line. It fails when a test
// does.
package main

import (
	"fmt"
	"os"
	"time"
)

// quiet is how long nothing may be printed before the report says what it is
// waiting for.
const quiet = 20 * time.Second

func main() {
	r := newReport(os.Stdout)
	lines := make(chan []byte)
	failed := make(chan error, 1)
	go func() {
		failed <- readLines(os.Stdin, lines)
		close(lines)
	}()
	for waiting := true; waiting; {
		select {
		case line, ok := <-lines:
			if waiting = ok; ok {
				r.line(line)
			}
		case <-time.After(quiet):
			r.running()
		}
	}
	if err := <-failed; err != nil {
		fmt.Fprintln(os.Stderr, "testsum: reading go test's output:", err)
		os.Exit(1)
	}
	if !r.finish() {
		os.Exit(1)
	}
}
