package pipeline_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// TestGoClients makes the Go client of every archive of testdata/goclients, compares it
// byte for byte, and compiles it, and those of testdata/shapes. What tests the archive has are run with the race
// detector: they talk to a server of the same source.
func TestGoClients(t *testing.T) {
	t.Parallel()
	w := newTalks(t, "testdata/goclients/*.txtar")
	w.shapes(t)
	for _, c := range w.cases {
		c.client(t, w.env)
	}
	w.talk(t, "./live/...")
	for _, c := range w.cases {
		if *update {
			c.rewrite(t)
		} else {
			c.compare(t)
		}
	}
}

// TestWhoHears runs the tests of every archive of testdata/hears: a client of a gateway
// can hear, by its methods, all that a socket of the gateway does hear, and nothing else.
func TestWhoHears(t *testing.T) {
	t.Parallel()
	w := newTalks(t, "testdata/hears/*.txtar")
	for _, c := range w.cases {
		c.client(t, w.env)
	}
	w.talk(t)
}

// TestSkew runs the tests of testdata/skew: a client that was generated of another
// contract than the server is told so, and one of the same contract is not.
func TestSkew(t *testing.T) {
	t.Parallel()
	w := newTalks(t, "testdata/skew/*.txtar")
	for _, c := range w.cases {
		c.client(t, w.env)
	}
	w.talk(t)
}

// newTalks unpacks archives, each into a module of its own, beside an empty one that is
// called live. All have the runtime of this repository.
func newTalks(t *testing.T, pattern string) *workspace {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	root, err := filepath.Abs(module)
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{dir: t.TempDir()}
	w.env = append(os.Environ(), "GOWORK="+filepath.Join(w.dir, "go.work"), "GOFLAGS=-trimpath", "GOPROXY=off")
	uses := []string{root, "./live"}
	writeFile(t, filepath.Join(w.dir, "live", "go.mod"), []byte("module example.com/live\n\ngo 1.26.0\n"))
	for _, file := range files {
		c := &golden{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), file: file}
		if c.archive, err = txtar.ParseFile(file); err != nil {
			t.Fatal(err)
		}
		c.dir = filepath.Join(w.dir, c.name)
		unpack(t, c.dir, c.archive, func(name string) bool { return !strings.HasPrefix(name, want) })
		writeFile(t, filepath.Join(c.dir, "go.mod"), fmt.Appendf(nil, "module example.com/%s\n\ngo 1.26.0\n", c.name))
		uses = append(uses, "./"+c.name)
		w.cases = append(w.cases, c)
	}
	writeFile(t, filepath.Join(w.dir, "go.work"), []byte("go 1.26.0\n\nuse (\n\t"+strings.Join(uses, "\n\t")+"\n)\n"))
	return w
}

// talk compiles the clients, and more, and runs the tests that archives have.
func (w *workspace) talk(t *testing.T, more ...string) {
	t.Helper()
	vet, test := append([]string{"vet"}, more...), []string{"test", "-race", "-count=1"}
	for _, c := range w.cases {
		vet, test = append(vet, "./"+c.name+"/..."), append(test, "./"+c.name+"/...")
	}
	for _, args := range [][]string{vet, test} {
		if out, err := w.command("go", args...).CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
}

// client makes the client of a case, and what its server needs, of which only the
// client is compared.
func (c *golden) client(t *testing.T, env []string) {
	folder := filepath.Join(c.dir, "live-client")
	var memory output.Memory
	result, err := pipeline.Run(t.Context(), pipeline.Options{
		Dir: c.dir, Wire: pipeline.WireOff, Env: env, Outputs: []pipeline.Output{{Setting: "client.go", File: folder, Value: "live-client"}},
	}, &memory)
	if err != nil || result.Diagnostics.HasErrors() {
		t.Fatal(c.name, err, result.Diagnostics)
	}
	c.got = map[string]string{}
	for _, f := range memory.Plan.Files {
		writeFile(t, f.Path, f.Data)
		if filepath.Dir(f.Path) == folder {
			c.got["live-client/"+filepath.Base(f.Path)] = string(f.Data)
		}
	}
	if !slices.Contains(slices.Collect(maps.Keys(c.got)), "live-client/ws_client_gen.go") {
		t.Fatal(c.name, "has no client")
	}
}

// shapes makes a client of every archive of testdata/shapes, in one module.
func (w *workspace) shapes(t *testing.T) {
	files, err := filepath.Glob("testdata/shapes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	opts := pipeline.Options{Dir: filepath.Join(w.dir, "live"), Wire: pipeline.WireOff, Env: w.env}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unpack(t, filepath.Join(opts.Dir, name), a, func(name string) bool { return !strings.HasPrefix(name, wanted) })
		opts.Outputs = append(opts.Outputs, pipeline.Output{
			Setting: "client.go", File: filepath.Join(opts.Dir, "out", name), Value: "out/" + name, Selection: model.Selection{Only: "/" + name},
		})
	}
	var made output.Memory
	result, err := pipeline.Run(t.Context(), opts, &made)
	if err != nil || result.Diagnostics.HasErrors() {
		t.Fatal(err, result.Diagnostics)
	}
	for _, f := range made.Plan.Files {
		writeFile(t, f.Path, f.Data)
	}
}
