package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports holds wsgen to what it needs: each go tool wsgen on a new machine, and
// in each CI job without a build cache, compiles all that it imports. net/http is a
// third of what wsgen would be with it.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, "go/types") {
		t.Fatalf("these are not wsgen's: %q", packages)
	}
	for _, path := range []string{"net/http", "crypto/tls"} {
		if slices.Contains(packages, path) {
			t.Errorf("wsgen imports %s, by one of its packages: write what it needs of that", path)
		}
	}
}
