// Command testsum turns the output of go test -json into a report for people: a
// line per package as it ends, the whole output of failed tests, why tests were
// skipped, and the totals on the last line. It fails when a test does, and when one
// that the document of -promises names did not pass.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// quiet is how long nothing may be printed before the report says what it is
// waiting for.
const quiet = 20 * time.Second

func main() {
	document := flag.String("promises", "", "a Markdown `file` whose tables name tests that have to pass")
	flag.Parse()
	r := newReport(os.Stdout)
	if *document != "" {
		if err := r.promise(*document); err != nil {
			fmt.Fprintln(os.Stderr, "testsum:", err)
			os.Exit(1)
		}
	}
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
