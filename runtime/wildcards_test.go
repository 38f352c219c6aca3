package ws

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestWildcards: the generator warns of names that a path does not have, so it
// and the runtime must find the same ones. Both are held to one table.
func TestWildcards(t *testing.T) {
	table, err := os.ReadFile("testdata/wildcards.txt")
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
