package pipeline_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/*.txtar")

// want is the folder of an archive that holds the expected outputs.
const want = "want/"

// TestGolden runs every feature from its input to all of its outputs, compares
// them byte for byte, and compiles them with the input.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	stub := unpackStub(t)
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			golden(t, path, stub)
		})
	}
}

func golden(t *testing.T, path, stub string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack(t, dir, archive, func(name string) bool { return !strings.HasPrefix(name, want) })
	writeFile(t, filepath.Join(dir, "go.mod"), []byte(goMod(stub)))

	var memory output.Memory
	result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: dir, Wire: pipeline.WireOn}, &memory)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Diagnostics) > 0 {
		var text bytes.Buffer
		_ = diag.Text(&text, result.Diagnostics, diag.TextOptions{Dir: dir})
		t.Fatalf("diagnostics:\n%s", &text)
	}

	got := map[string]string{}
	for _, f := range memory.Plan.Files {
		got[filepath.ToSlash(output.Relative(dir, f.Path))] = string(f.Data)
		writeFile(t, f.Path, f.Data)
	}
	// Before the comparison, so that -update cannot accept what does not compile.
	// The tag only adds the provider sets.
	cmd := exec.Command("go", "vet", "-tags=wireinject", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", cmd, out, numbered(got))
	}
	if *update {
		rewrite(t, path, archive, got)
		return
	}
	compare(t, archive, got)
}

func compare(t *testing.T, archive *txtar.Archive, got map[string]string) {
	for _, f := range archive.Files {
		name, ok := strings.CutPrefix(f.Name, want)
		if !ok {
			continue
		}
		out, ok := got[name]
		delete(got, name)
		switch {
		case !ok:
			t.Errorf("%s was not generated", name)
		case out != string(f.Data):
			t.Errorf("%s differs from the expected output (go test -update accepts it):\n%s", name, out)
		}
	}
	for name, out := range got {
		t.Errorf("%s was generated and is not expected (go test -update accepts it):\n%s", name, out)
	}
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, want) })
	for _, name := range slices.Sorted(maps.Keys(got)) {
		archive.Files = append(archive.Files, txtar.File{Name: want + name, Data: []byte(got[name])})
	}
	writeFile(t, path, txtar.Format(archive))
}

func goMod(stub string) string {
	return fmt.Sprintf(`module example.com/live

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/wsgen/wsgen v0.1.0
)

replace (
	github.com/google/wire => %[1]s/wire
	github.com/wsgen/wsgen => %[1]s/wsgen
)
`, filepath.ToSlash(stub))
}

func unpackStub(t *testing.T) string {
	archive, err := txtar.ParseFile("testdata/stub/stub.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack(t, dir, archive, func(string) bool { return true })
	return dir
}

func unpack(t *testing.T, dir string, archive *txtar.Archive, include func(name string) bool) {
	for _, f := range archive.Files {
		if include(f.Name) {
			writeFile(t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data)
		}
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// numbered prints files as the compiler's positions count their lines.
func numbered(files map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "-- %s --\n", name)
		for i, line := range strings.Split(files[name], "\n") {
			fmt.Fprintf(&b, "%4d %s\n", i+1, line)
		}
	}
	return b.String()
}
