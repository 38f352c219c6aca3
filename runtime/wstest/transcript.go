package wstest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// transcript is what was said, in its order: the last lines, and how many were
// before.
type transcript struct {
	lines  []line
	before int
}

type line struct {
	at        time.Duration // since the connection was made
	direction string        // ">" is sent, "<" came, "*" happened
	text      string
}

func (t *transcript) add(at time.Duration, direction, text string) {
	t.lines = append(t.lines, line{at, direction, text})
	if n := len(t.lines) - shown; n > shown {
		t.lines, t.before = slices.Delete(t.lines, 0, n), t.before+n
	}
}

// shown is how many lines are printed, the last ones.
const shown = 40

// String is the transcript as a failure prints it.
func (t *transcript) String() string {
	if len(t.lines) == 0 {
		return "\tnothing was sent, and nothing came"
	}
	var out strings.Builder
	more := max(0, len(t.lines)-shown)
	lines := t.lines[more:]
	if before := t.before + more; before > 0 {
		fmt.Fprintf(&out, "\t… %d lines before\n", before)
	}
	for _, l := range lines {
		fmt.Fprintf(&out, "\t%9.3fs %s %s\n", l.at.Seconds(), l.direction, l.text)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
