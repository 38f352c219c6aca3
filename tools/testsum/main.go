// Command testsum turns the output of go test -json into a report for people: a
// line per package as it ends, the whole output of failed tests, why tests were
// skipped, and the totals on the last line. It fails when a test does, and when one
// that the document of -promises names did not pass.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// quiet is how long nothing may be printed before the report says what it is
// waiting for.
const quiet = 20 * time.Second

func main() {
	document := flag.String("promises", "", "a Markdown `file` whose tables name tests that have to pass")
	flag.Parse()
	out := &shown{Writer: os.Stdout, last: time.Now()}
	r := newReport(out)
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
	follow(r, out, lines)
	if err := <-failed; err != nil {
		fmt.Fprintln(os.Stderr, "testsum: reading go test's output:", err)
		os.Exit(1)
	}
	if !r.finish() {
		os.Exit(1)
	}
}

// shown knows when something was printed last.
type shown struct {
	io.Writer
	last time.Time
}

func (s *shown) Write(p []byte) (int, error) {
	s.last = time.Now()
	return s.Writer.Write(p)
}

// follow reports lines until there are no more. Tests say much of which nothing is
// printed, so it is not they that end the quiet.
func follow(r *report, out *shown, lines <-chan []byte) {
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return
			}
			r.line(line)
		case <-time.After(quiet - time.Since(out.last)):
			r.running()
		}
	}
}
