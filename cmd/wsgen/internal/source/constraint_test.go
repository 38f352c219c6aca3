package source

import (
	"go/parser"
	"go/token"
	"testing"
)

// TestConstrained checks that a file is constrained by its lines and by its name,
// and that a version of Go which go.mod asks for is no constraint.
func TestConstrained(t *testing.T) {
	t.Parallel()
	m := Module{Go: "1.26.0"}
	for _, c := range []struct {
		name, head string
		every      bool
	}{
		{"a.go", "", true},
		{"a.go", "//go:build go1.21\n", true},
		{"a.go", "//go:build go1.26\n", true},
		{"a.go", "//go:build go1.26 && go1.9\n", true},
		{"a.go", "//go:build go1.27\n", false},
		{"a.go", "//go:build !go1.27\n", false},
		{"a.go", "//go:build !go1.21\n", false},
		{"a.go", "//go:build go1.21 || linux\n", false},
		{"a.go", "//go:build cgo\n", false},
		{"a.go", "// Copyright.\n\n//go:build ignore\n", false},
		{"a_linux.go", "", false},
		{"a_windows_arm64.go", "", false},
		{"a_unix.go", "", true},
		{"linux.go", "", true},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), c.name, c.head+"\npackage p\n", parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if why := m.Constrained(f, c.name); (why == "") != c.every {
			t.Errorf("%s with %q: %q", c.name, c.head, why)
		}
	}
}
