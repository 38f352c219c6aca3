package wstest

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// Main runs the tests of a package, and fails it if goroutines are left when they
// have ended, which it prints. It does not return. What is still ending has 5
// seconds for it. Goroutines of package testing and of os/signal do not count.
//
//	func TestMain(m *testing.M) { wstest.Main(m) }
func Main(m interface{ Run() int }) { os.Exit(run(m, os.Stderr, 5*time.Second)) }

// run is Main without its end.
func run(m interface{ Run() int }, out io.Writer, within time.Duration) int {
	if code := m.Run(); code != 0 {
		return code // a test that fails may leave anything
	}
	left := goroutines()
	for wait, end := time.Millisecond, time.Now().Add(within); len(left) > 0 && time.Now().Before(end); wait = min(2*wait, 100*time.Millisecond) {
		time.Sleep(wait)
		left = goroutines()
	}
	if len(left) == 0 {
		return 0
	}
	fmt.Fprintf(out, "wstest: the tests have ended, and %d goroutines have not:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
	return 1
}

// goroutines returns the stacks of all but the caller's, the one that runs main,
// and those of packages that Main leaves out.
func goroutines() (others []string) {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for ; n == len(buf); n = runtime.Stack(buf, true) {
		buf = make([]byte, 2*len(buf))
	}
	for _, stack := range strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")[1:] {
		ours := strings.HasPrefix(stack, "goroutine 1 [") || strings.Contains(stack, "\ncreated by testing.") || strings.Contains(stack, "\ncreated by os/signal.")
		if !ours {
			others = append(others, stack)
		}
	}
	return others
}
