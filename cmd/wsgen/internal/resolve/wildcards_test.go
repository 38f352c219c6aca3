package resolve

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestWildcards: the runtime fills the names that a path has, and wsgen warns of
// others, so both must find the same ones. Both are held to one table.
func TestWildcards(t *testing.T) {
	table, err := os.ReadFile("../../../../runtime/testdata/wildcards.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if path := strings.Fields(line); path[0] != "#" {
			if got := wildcards(path[0]); !slices.Equal(got, path[1:]) {
				t.Errorf("%s has %q, want %q", path[0], got, path[1:])
			}
		}
	}
}
