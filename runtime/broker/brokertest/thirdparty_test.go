package brokertest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestThirdParty: who writes an adapter in a module of their own needs package
// broker, and package brokertest for its test. That in testdata/toy leads over
// TCP to an engine of its own, and passes.
func TestThirdParty(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/toy")); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	mod := "module example.com/toy\n\ngo 1.26.0\n\nrequire github.com/wsgen/wsgen v0.0.0\n\nreplace github.com/wsgen/wsgen => " + strconv.Quote(root) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	const ours = "github.com/wsgen/wsgen/"
	uses := slices.DeleteFunc(strings.Fields(run("list", "-deps", ".")), func(p string) bool { return !strings.HasPrefix(p, ours) })
	if want := []string{ours + "runtime/broker"}; !slices.Equal(uses, want) {
		t.Errorf("an adapter needs %v, want %v", uses, want)
	}
	out := run("test", "-count=1", "-v", ".")
	if passed := strings.Count(out, "    --- PASS: TestConformance/"); passed < 20 || strings.Contains(out, "--- SKIP") {
		t.Errorf("%d checks have passed, or some were skipped:\n%s", passed, out)
	}
}
