package packed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsAUserGetsIt carries out the README and the guides with the packed tree.
// The walks share a module cache, as one user's modules would.
func TestAsAUserGetsIt(t *testing.T) {
	root := repository(t)
	for _, dir := range []string{root, filepath.Join(root, "examples", "live")} {
		run(t, dir, []string{"GOWORK=off"}, "go", "mod", "download") // what go.sum names, if it is not there yet
	}
	env := userEnv(t, pack(t))
	type walk struct {
		name, steps, document string
		wire                  bool
		module                string // the folder of the module, below the user's
	}
	walks := []walk{
		{"plain", "plain", "README.md", false, "."},
		{"wire", "wire", "README.md", true, "."},
		{"new", "new", "README.md", false, "hello"},
	}
	for _, guide := range guides(t, root) {
		walks = append(walks, walk{strings.TrimSuffix(filepath.Base(guide), ".md"), "guide", guide, false, "."})
	}
	for _, walk := range walks {
		t.Run(walk.name, func(t *testing.T) {
			u := newUser(t, env)
			for _, s := range steps(t, walk.document, walk.steps) {
				u.do(t, s)
			}
			u.dir = filepath.Join(u.dir, walk.module)
			u.checkModule(t, walk.wire)
		})
	}
}

// guides lists the guides that have something to carry out.
func guides(t *testing.T, root string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "guide", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "<!-- user guide: ") {
			names = append(names, "docs/guide/"+filepath.Base(file))
		}
	}
	return names
}

// checkModule looks at the go.mod and go.sum that the user ends up with: only
// what this repository knows and has tested, and wire only for who asked.
func (u *user) checkModule(t *testing.T, wire bool) {
	t.Helper()
	files := u.files(t)
	if strings.Contains(files["go.mod"], "replace") {
		t.Errorf("go.mod has a replace:\n%s", files["go.mod"])
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if got := strings.Contains(files[name], "google/wire"); got != wire {
			t.Errorf("%s names google/wire: %v, want %v\n%s", name, got, wire, files[name])
		}
	}
	known := map[string]bool{}
	for _, sum := range []string{"go.sum", "examples/live/go.sum"} {
		data, err := os.ReadFile(filepath.Join(repository(t), sum))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			known[line] = true
		}
	}
	third := 0
	for line := range strings.Lines(files["go.sum"]) {
		if strings.HasPrefix(line, packedVersion.Path+" ") {
			continue
		}
		third++
		if !known[line] {
			t.Errorf("the user's go.sum has a line that ours has not: %s", line)
		}
	}
	if third == 0 {
		t.Error("the user's go.sum names no third-party module")
	}
}
