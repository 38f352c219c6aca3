package pipeline_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// workspace is the golden corpus on disk: a module per case, in one Go
// workspace with the runtime of this tree, so that all of it is compiled at
// once, and all of it runs in one process.
type workspace struct {
	dir   string
	env   []string
	cases []*golden
}

// golden is one case of the corpus: a feature.
type golden struct {
	name    string
	file    string
	archive *txtar.Archive
	dir     string
	module  string

	got  map[string]string // what was generated, by path, without fuzz tests unless the case is about them
	said string            // what a user would read instead
	err  error
}

// The root of this repository, and the demo in it.
const (
	module = "../../../.."
	demo   = "examples/live"
)

func newWorkspace(t *testing.T) *workspace {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	root, err := filepath.Abs(module)
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{dir: t.TempDir()}
	w.env = append(os.Environ(), "GOWORK="+filepath.Join(w.dir, "go.work"), "GOFLAGS=-trimpath", "GOPROXY=off")
	// The demo's module is there for wire, which it requires.
	uses := []string{root, filepath.Join(root, demo), "./serve"}
	for _, file := range files {
		c := &golden{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), file: file}
		if c.archive, err = txtar.ParseFile(file); err != nil {
			t.Fatal(err)
		}
		c.dir, c.module = filepath.Join(w.dir, c.name), "example.com/"+c.name
		unpack(t, c.dir, c.archive, func(name string) bool { return strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, want) })
		writeFile(t, filepath.Join(c.dir, "go.mod"), fmt.Appendf(nil, "module %s\n\ngo 1.26.0\n", c.module))
		uses = append(uses, "./"+c.name)
		w.cases = append(w.cases, c)
	}
	writeFile(t, filepath.Join(w.dir, "go.work"), []byte("go 1.26.0\n\nuse (\n\t"+strings.Join(uses, "\n\t")+"\n)\n"))
	w.server(t)
	return w
}

// server writes the program that serves every case which has frames.
func (w *workspace) server(t *testing.T) {
	var imports, routers strings.Builder
	for i, c := range w.cases {
		if len(section(c.archive, "frames")) > 0 {
			fmt.Fprintf(&imports, "\tr%d %q\n", i, c.module+"/run")
			fmt.Fprintf(&routers, "\tserve(%q, r%d.Router())\n", c.name, i)
		}
	}
	text := strings.NewReplacer("/*imports*/", imports.String(), "/*routers*/", routers.String()).Replace(serverText)
	writeFile(t, filepath.Join(w.dir, "serve", "main.go"), []byte(text))
	writeFile(t, filepath.Join(w.dir, "serve", "go.mod"), []byte("module example.com/serve\n\ngo 1.26.0\n"))
}

const serverText = `package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

/*imports*/)

func main() {
/*routers*/	fmt.Println("end")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
}

func serve(name string, h http.Handler) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(name, l.Addr())
	go func() { panic(http.Serve(l, h)) }()
}
`

// generate runs wsgen on each case, and writes what comes of it.
func (w *workspace) generate(t *testing.T) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, c := range w.cases {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			c.generate(t, w.env)
		})
	}
	wg.Wait()
}

func (c *golden) generate(t *testing.T, env []string) {
	var memory output.Memory
	result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: c.dir, Wire: pipeline.WireOn, Fuzz: true, Env: env}, &memory)
	if err != nil {
		c.err = err
		return
	}
	if result.Diagnostics.HasErrors() {
		var text bytes.Buffer
		_ = diag.Text(&text, result.Diagnostics, diag.TextOptions{Dir: c.dir})
		c.said = text.String()
	}
	c.got = map[string]string{}
	for _, f := range memory.Plan.Files {
		if c.name == "fuzz" || filepath.Base(f.Path) != "ws_gen_test.go" {
			c.got[filepath.ToSlash(output.Relative(c.dir, f.Path))] = string(f.Data)
		}
		if err := os.WriteFile(f.Path, f.Data, 0o600); err != nil {
			c.err = err
		}
	}
}

// vet compiles all cases and their tests, with the provider sets: the tag only
// adds those.
func (w *workspace) vet(t *testing.T) {
	args := []string{"vet", "-tags=wireinject"}
	for _, c := range w.cases {
		args = append(args, "./"+c.name+"/...")
	}
	out, err := w.command("go", args...).CombinedOutput()
	if err == nil {
		return
	}
	for _, c := range w.cases {
		if bytes.Contains(out, []byte(c.name+"/")) {
			out = append(out, "== "+c.name+" ==\n"+numbered(c.got)...)
		}
	}
	t.Fatalf("what is generated does not compile: %v\n%s", err, out)
}

// fuzz runs fuzz tests with what they begin with. All cases have some, which vet
// compiles; these are the cases of data in many forms.
func (w *workspace) fuzz(t *testing.T) {
	out, err := w.command("go", "test", "-run=^Fuzz", "-v", "./fuzz/fuzz", "./payloads/...", "./validate/...").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: FuzzRoomEndpoint2")) {
		t.Errorf("the generated fuzz tests: %v\n%s", err, out)
	}
}

// wire has wire itself look at every provider set and injector.
func (w *workspace) wire(t *testing.T) {
	program := filepath.Join(w.dir, "wire.exe")
	if out, err := w.command("go", "build", "-o", program, "github.com/google/wire/cmd/wire").CombinedOutput(); err != nil {
		t.Fatalf("wire does not build: %v\n%s", err, out)
	}
	args := []string{"check"}
	for _, c := range w.cases {
		args = append(args, "./"+c.name+"/...")
	}
	if out, err := w.command(program, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("wire does not take what is generated: %v\n%s", err, out)
	}
}

func (w *workspace) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// compare holds what was generated to what the case expects.
func (c *golden) compare(t *testing.T) {
	if c.err != nil {
		t.Fatal(c.err)
	}
	if c.said != "" {
		t.Fatalf("diagnostics:\n%s", c.said)
	}
	got := maps.Clone(c.got)
	for _, f := range c.archive.Files {
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

func (c *golden) rewrite(t *testing.T) {
	c.archive.Files = slices.DeleteFunc(c.archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, want) })
	for _, name := range slices.Sorted(maps.Keys(c.got)) {
		c.archive.Files = append(c.archive.Files, txtar.File{Name: want + name, Data: []byte(c.got[name])})
	}
	writeFile(t, c.file, txtar.Format(c.archive))
}
