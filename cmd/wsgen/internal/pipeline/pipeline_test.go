package pipeline_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/*.txtar")

// want is the folder of an archive that holds the expected outputs.
const want = "want/"

// TestGolden runs every feature from its input to all of its outputs. It compares
// them byte for byte, compiles them with the input and the runtime, and shows them
// to wire. If a case has frames, it serves the gateways and talks to them.
func TestGolden(t *testing.T) {
	w := newWorkspace(t)
	w.generate(t)
	// Before the comparison, so that -update cannot accept what does not compile.
	w.vet(t)
	w.fuzz(t)
	w.wire(t)
	addresses := w.start(t)
	for _, c := range w.cases {
		t.Run(c.name, func(t *testing.T) {
			if *update {
				c.rewrite(t)
			} else {
				c.compare(t)
			}
			if address := addresses[c.name]; address != "" {
				c.talk(t, address)
			}
		})
	}
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
