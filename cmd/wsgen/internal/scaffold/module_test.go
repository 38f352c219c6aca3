package scaffold

import (
	"slices"
	"testing"
)

// TestChangesOfGoMod checks that changed and removed lines of a go.mod are told,
// and new ones are not.
func TestChangesOfGoMod(t *testing.T) {
	type required = []struct{ Path, Version string }
	before := modFile{Go: "1.21", Require: required{{"example.com/a", "v1.0.0"}, {"example.com/b", "v1.0.0"}, {"example.com/gone", "v1.0.0"}}}
	after := modFile{Go: "1.26.0", Toolchain: "go1.26.8", Require: required{{"example.com/a", "v1.0.0"}, {"example.com/b", "v1.2.0"}, {"example.com/new", "v1.0.0"}}}
	want := []string{"go 1.21 => 1.26.0", "example.com/b v1.0.0 => v1.2.0", "example.com/gone v1.0.0 => (none)"}
	if got := before.changed(after); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := after.changed(after); len(got) > 0 {
		t.Errorf("nothing changed, and it says %q", got)
	}
	if got := (modFile{}).changed(modFile{Go: "1.26.0"}); !slices.Equal(got, []string{"go (none) => 1.26.0"}) {
		t.Errorf("without a go line: %q", got)
	}
}
