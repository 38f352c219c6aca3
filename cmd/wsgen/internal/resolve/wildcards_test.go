package resolve

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestWildcards checks that wsgen finds the same names in a path as the runtime,
// by a table that both are tested with. The runtime fills those names, and wsgen
// warns of others.
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
