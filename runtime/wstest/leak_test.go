package wstest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/wstest"
)

// tests are a package's.
type tests func() int

func (m tests) Run() int { return m() }

// idle waits, and has a name to be found by.
func idle(end <-chan struct{}) { <-end }

// TestMainFindsLeaks: what is left when the tests have ended fails them, and is
// printed; what ends soon is waited for, and what failed anyway is not asked.
func TestMainFindsLeaks(t *testing.T) {
	for name, c := range map[string]struct {
		code, want int
		leaks      bool
		ends       time.Duration // 0: never
	}{
		"clean":  {},
		"leaks":  {leaks: true, want: 1},
		"ending": {leaks: true, ends: 5 * time.Millisecond},
		"failed": {leaks: true, code: 2, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			end := make(chan struct{})
			if c.ends == 0 {
				defer close(end)
			}
			within := time.Minute
			if c.want == 1 {
				within = 20 * time.Millisecond
			}
			var out strings.Builder
			got := wstest.RunMain(tests(func() int {
				if c.leaks {
					go idle(end)
				}
				if c.ends > 0 {
					time.AfterFunc(c.ends, func() { close(end) })
				}
				return c.code
			}), &out, within)
			if told := strings.Contains(out.String(), "wstest_test.idle"); got != c.want || told != (c.want == 1) {
				t.Errorf("code %d, want %d: %s", got, c.want, &out)
			}
		})
	}
}
