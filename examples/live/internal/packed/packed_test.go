package packed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsAUserGetsIt carries out the README and the guide with the packed tree.
// The walks share a module cache, as one user's modules would.
func TestAsAUserGetsIt(t *testing.T) {
	root := repository(t)
	for _, dir := range []string{root, filepath.Join(root, "examples", "live")} {
		run(t, dir, []string{"GOWORK=off"}, "go", "mod", "download") // what go.sum names, if it is not there yet
	}
	env := userEnv(t, pack(t))
	for _, walk := range []struct {
		name, document string
		wire           bool
	}{
		{"plain", "README.md", false},
		{"wire", "README.md", true},
		{"guide", "docs/guide/first-gateway.md", false},
	} {
		t.Run(walk.name, func(t *testing.T) {
			u := newUser(t, env)
			for _, s := range steps(t, walk.document, walk.name) {
				u.do(t, s)
			}
			u.checkModule(t, walk.wire)
		})
	}
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
