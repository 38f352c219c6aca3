package cli

import (
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
)

// namedFiles is how many files a summary names; the rest it counts.
const namedFiles = 4

// changed says in one line what a run has changed; "" is nothing.
func changed(dir string, changes []output.Change) string {
	var wrote, removed, parts []string
	for _, c := range changes {
		name := output.Relative(dir, c.Path)
		if c.New == nil {
			removed = append(removed, name)
		} else {
			wrote = append(wrote, name)
		}
	}
	if len(wrote) > 0 {
		parts = append(parts, "wrote "+summary(wrote))
	}
	if len(removed) > 0 {
		parts = append(parts, "removed "+summary(removed))
	}
	return strings.Join(parts, "; ")
}

func summary(names []string) string {
	if more := len(names) - namedFiles; more > 0 {
		return fmt.Sprintf("%s and %s", strings.Join(names[:namedFiles], ", "), count(more, "more file", "more files"))
	}
	return strings.Join(names, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
