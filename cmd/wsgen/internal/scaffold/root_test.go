package scaffold_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// TestFindRuns checks which lines and tests count. Those for another system do,
// and lines in a file that only go generate sees. A line that go generate does not
// run does not, nor does a test that no build has.
func TestFindRuns(t *testing.T) {
	const line = "//go:generate go tool wsgen ./...\n"
	const call = "\nvar check = exec.Command(\"go\", \"tool\", \"wsgen\", \"check\")\n"
	for name, tc := range map[string]struct {
		file, text string
		want       scaffold.Runs
	}{
		"a line":                      {"main.go", "package main\n\n" + line, scaffold.Runs{Generate: true}},
		"in a folder":                 {"tools/tools.go", "package tools\n\n" + line, scaffold.Runs{Generate: true}},
		"for another system":          {"main_windows.go", "package main\n\n" + line, scaffold.Runs{Generate: true}},
		"for go generate":             {"gen.go", "//go:build generate\n\npackage main\n\n" + line, scaffold.Runs{Generate: true}},
		"without cgo":                 {"gen.go", "//go:build !cgo\n\npackage main\n\n" + line, scaffold.Runs{Generate: true}},
		"for nobody":                  {"gen.go", "//go:build ignore\n\npackage main\n\n" + line, scaffold.Runs{}},
		"with a tag":                  {"gen.go", "//go:build tools\n\npackage main\n\n" + line, scaffold.Runs{}},
		"of another generator":        {"main.go", "package main\n\n//go:generate go tool wire ./...\n", scaffold.Runs{}},
		"in testdata":                 {"testdata/main.go", "package main\n\n" + line, scaffold.Runs{}},
		"in a module of its own":      {"other/main.go", "package main\n\n" + line, scaffold.Runs{}},
		"a test":                      {"a_test.go", "package main\n" + call, scaffold.Runs{Check: true}},
		"a test in one string":        {"a_test.go", "package main\n\nconst sh = `go tool wsgen check ./...`\n", scaffold.Runs{Check: true}},
		"a test of something else":    {"a_test.go", "package main\n\nconst sh = `go tool wsgen list`\n", scaffold.Runs{}},
		"a test that is no test":      {"a.go", "package main\n" + call, scaffold.Runs{}},
		"a test that no build has":    {"a_test.go", "//go:build slow\n\npackage main\n" + call, scaffold.Runs{}},
		"a test only go generate has": {"a_test.go", "//go:build generate\n\npackage main\n" + call, scaffold.Runs{}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range map[string]string{"go.mod": "module example.com/m\n", "other/go.mod": "module example.com/other\n", tc.file: tc.text} {
				path = filepath.Join(root, filepath.FromSlash(path))
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := scaffold.FindRuns(root); err != nil || got != tc.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
}
