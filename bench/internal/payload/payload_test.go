package payload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAreThoseOfTheRuntime: what is measured here is what the runtime's tests hold to
// encoding/json. The files differ in the text of the package alone.
func TestAreThoseOfTheRuntime(t *testing.T) {
	for _, name := range []string{"payload.go", "samples.go"} {
		ours, theirs := code(t, name), code(t, filepath.Join("../../../runtime/internal/payload", name))
		if ours != theirs {
			t.Errorf("%s is another one than that of runtime/internal/payload: copy it", name)
		}
	}
}

// code is a file from its package clause on.
func code(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\npackage payload\n")
	if !ok {
		rest, ok = strings.CutPrefix(string(text), "package payload\n")
	}
	if !ok {
		t.Fatalf("%s is not of package payload", name)
	}
	return rest
}
