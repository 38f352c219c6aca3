package wsgen_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goLine is the go line of go.work and of every go.mod, to the letter: a go.work
// above a module with a newer line makes every command fail.
const goLine = "1.26.0"

// rootRequires are the direct requirements a user of wsgen gets, and why.
func rootRequires() map[string]string {
	return map[string]string{
		"github.com/lxzan/gws":            "the transport",
		"github.com/dave/jennifer":        "writes Go",
		"golang.org/x/time":               "rate limits of messages",
		"golang.org/x/tools":              "reads Go",
		"github.com/fsnotify/fsnotify":    "wsgen watch",
		"github.com/rogpeppe/go-internal": "diffs of wsgen check; test scripts",
		"go.uber.org/goleak":              "tests: goroutine leaks",
	}
}

// modFile is what go mod edit -json and go work edit -json say.
type modFile struct {
	Module  struct{ Path string }
	Go      string
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
	Tool []struct{ Path string }
	Use  []struct{ DiskPath string }
}

func readModFile(t *testing.T, args ...string) modFile {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	var m modFile
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// moduleFiles lists every go.mod of the repository.
func moduleFiles(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(".", func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (d.Name() == "testdata" || d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		if d.Name() == "go.mod" {
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRootModule checks the root's requirements, and that it has no replace. The go
// command ignores that in a module which is required, so users would get something
// else than these tests test. It would also make go install …@latest fail.
func TestRootModule(t *testing.T) {
	m := readModFile(t, "mod", "edit", "-json", "go.mod")
	if m.Module.Path != modulePath {
		t.Errorf("go.mod: module %s, want %s", m.Module.Path, modulePath)
	}
	if len(m.Replace) > 0 {
		t.Errorf("go.mod: replace %v; the root module has none", m.Replace)
	}
	allowed := rootRequires()
	for _, r := range m.Require {
		if _, ok := allowed[r.Path]; !ok && !r.Indirect {
			t.Errorf("go.mod requires %s, which every user would get; put it into a module of its own, or allow it here and say why", r.Path)
		}
	}
}

func TestGoLines(t *testing.T) {
	files := moduleFiles(t)
	if len(files) < 3 {
		t.Fatalf("found only %v", files)
	}
	for _, f := range files {
		if m := readModFile(t, "mod", "edit", "-json", f); m.Go != goLine {
			t.Errorf("%s: go %s, want go %s", f, m.Go, goLine)
		}
	}
	if w := readModFile(t, "work", "edit", "-json", "go.work"); w.Go != goLine {
		t.Errorf("go.work: go %s, want go %s", w.Go, goLine)
	}
}

// TestWorkspace checks that the workspace has every module but those whose
// dependencies must not choose versions for the others: the tools, the benchmark,
// what breaks clusters, what tries schemas, what serves gateways behind other people's
// routers, what writes the dashboard of Prometheus, and what shows generated TypeScript
// to Node.
func TestWorkspace(t *testing.T) {
	w := readModFile(t, "work", "edit", "-json", "go.work")
	if len(w.Replace) > 0 {
		t.Errorf("go.work: replace %v; write it into the module that needs it", w.Replace)
	}
	apart := []string{"tools", "bench", "chaos", "contract", "contract/schema", "examples/behind", "runtime/metrics/prom/dashboard"}
	var used, want []string
	for _, u := range w.Use {
		used = append(used, filepath.Clean(u.DiskPath))
	}
	for _, f := range moduleFiles(t) {
		if dir := filepath.Dir(f); !slices.ContainsFunc(apart, func(m string) bool { return within(filepath.ToSlash(dir), m) }) {
			want = append(want, dir)
		}
	}
	slices.Sort(used)
	slices.Sort(want)
	if !slices.Equal(used, want) {
		t.Errorf("go.work uses %v, want %v", used, want)
	}
}

// TestNestedModules checks that a nested module which imports others of this
// repository builds against the tree beside it. All have the same replaces, because
// two that differ break the workspace.
func TestNestedModules(t *testing.T) {
	for _, f := range moduleFiles(t) {
		m := readModFile(t, "mod", "edit", "-json", f)
		dir := filepath.ToSlash(filepath.Dir(f))
		if dir == "." {
			continue
		}
		if want := modulePath + "/" + dir; m.Module.Path != want {
			t.Errorf("%s: module %s, want %s", f, m.Module.Path, want)
		}
		var replaced, want []string
		for _, r := range m.Replace {
			replaced = append(replaced, r.Old.Path+r.Old.Version+" => "+r.New.Path)
		}
		for _, r := range m.Require {
			if !within(r.Path, modulePath) {
				continue
			}
			// A replace holds in this tree only. A user of such a module gets the
			// version that it names.
			if forUsers(dir) && r.Version != newestVersion(t) {
				t.Errorf("%s: requires %s %s, want %s, the newest version that there is or will be", f, r.Path, r.Version, newestVersion(t))
			}
			up, _ := filepath.Rel(dir, "."+strings.TrimPrefix(r.Path, modulePath))
			to := filepath.ToSlash(up)
			if !strings.HasPrefix(to, ".") {
				to = "./" + to // a module in this one
			}
			want = append(want, r.Path+" => "+to)
		}
		slices.Sort(replaced)
		slices.Sort(want)
		if !slices.Equal(replaced, want) {
			t.Errorf("%s: replaces %q, want %q", f, replaced, want)
		}
	}
}

// forUsers reports whether the module in dir is got by users.
func forUsers(dir string) bool {
	return within(dir, "validator") || within(dir, "runtime/broker") || within(dir, "runtime/metrics") && dir != "runtime/metrics/prom/dashboard"
}

// newestVersion is the first in the changelog, or the one that will be.
func newestVersion(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^## \[?v?(\d+\.\d+\.\d+)`).FindStringSubmatch(text(t, "CHANGELOG.md"))
	if m == nil {
		return "v0.1.0"
	}
	return "v" + m[1]
}
