package source_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/goserver"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gowire"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// FuzzGenerate runs the generator on the programs of the golden corpora with
// changes: tokens removed, doubled and exchanged, other types, other
// directives. The generator must not panic, and each of its complaints has a
// place. The generated files parse and are the same a second time. They compile if
// the program itself does.
func FuzzGenerate(f *testing.F) {
	for _, program := range corpus(f) {
		f.Add(program, []byte{})
		random := rand.New(rand.NewPCG(1, uint64(len(program))))
		for n := range 3 {
			ops := make([]byte, 5*(n+1))
			for i := range ops {
				ops[i] = byte(random.Uint32())
			}
			f.Add(program, ops)
		}
	}
	g := newGenerator(f)
	f.Fuzz(func(t *testing.T, program string, ops []byte) {
		if len(program) > 1<<15 || len(ops) > 100 {
			return
		}
		files := slices.DeleteFunc(txtar.Parse([]byte(program)).Files, func(f txtar.File) bool { return !harmless(f.Name) })
		mutate(files, ops)
		g.run(t, files)
	})
}

// corpus are the users' files of the golden tests.
func corpus(f testing.TB) (programs []string) {
	var paths []string
	for _, pattern := range []string{"../pipeline/testdata/*.txtar", "../pipeline/testdata/bootstrap/*.txtar", "../resolve/testdata/*.txtar"} {
		found, _ := filepath.Glob(pattern)
		if len(found) < 3 {
			f.Fatalf("%s has %d files", pattern, len(found))
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		archive.Comment = nil
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return !harmless(f.Name) })
		programs = append(programs, string(txtar.Format(archive)))
	}
	return programs
}

// harmless reports whether name is a Go file of the module, not too deep in it.
func harmless(name string) bool {
	return filepath.IsLocal(name) && strings.Count(name, "/") < 4 && len(name) < 60 && strings.HasSuffix(name, ".go") &&
		!strings.HasPrefix(name, "want/") && !strings.ContainsAny(name, "\\\x00")
}

// generator is what the programs of a fuzzing process share.
type generator struct {
	dir      string
	compiled *source.Compiled
	wire     *types.Package
}

func newGenerator(f testing.TB) *generator {
	compiled, err := source.Compile(f.Context(), "context", "encoding/json", "errors", "fmt", "html/template", "iter", "math/big", "net/http", "net/netip",
		"net/url", "os", "strings", "sync", "text/template", "time", "unsafe", "github.com/wsgen/wsgen/runtime")
	if err != nil {
		f.Fatal(err)
	}
	// The declarations of google/wire that provider sets name.
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "wire.go", "package wire; func NewSet(...any) any { return 0 }; func Struct(any, ...string) any { return 0 }; "+
		"func Bind(a, b any) any { return 0 }; func FieldsOf(any, ...string) any { return 0 }", 0)
	if err != nil {
		f.Fatal(err)
	}
	wire, err := new(types.Config).Check(gowire.WirePath, fset, []*ast.File{file}, nil)
	if err != nil {
		f.Fatal(err)
	}
	return &generator{filepath.Join(f.TempDir(), "module"), compiled, wire}
}

func (g *generator) run(t *testing.T, files []txtar.File) {
	module := "example.com/live"
	if m := regexp.MustCompile(`"(example\.com/\w+)/`).FindStringSubmatch(text(files)); m != nil {
		module = m[1] // what one package of it imports
	}
	loaded := g.load(t, module, files)
	if loaded == nil {
		return
	}
	made, again := g.generate(t, loaded), g.generate(t, loaded)
	if !slices.EqualFunc(made, again, func(a, b emit.File) bool { return a.Path == b.Path && string(a.Data) == string(b.Data) }) {
		t.Errorf("the second time something else is generated:\n%s\n%s\n%s", text(files), generated(made), generated(again))
	}
	if len(made) > 0 {
		g.check(t, loaded, files, made)
	}
}

// load writes files and reads them as a module, nil if they are none.
func (g *generator) load(t *testing.T, module string, files []txtar.File) *source.Program {
	if err := os.RemoveAll(g.dir); err != nil || len(files) == 0 {
		return nil
	}
	for _, f := range files {
		name := filepath.Join(g.dir, f.Name)
		if os.MkdirAll(filepath.Dir(name), 0o755) != nil || os.WriteFile(name, f.Data, 0o644) != nil {
			return nil // two names that cannot both be
		}
	}
	loaded, list, err := g.compiled.Load(g.dir, module)
	g.said(t, list)
	if err != nil {
		return nil
	}
	return loaded
}

// TestGoldenInMemory checks that the fuzz target runs what the generator does: it
// makes the outputs of the golden corpus from the programs there.
func TestGoldenInMemory(t *testing.T) {
	t.Parallel()
	paths, _ := filepath.Glob("../pipeline/testdata/*.txtar")
	g := newGenerator(t)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, f := range archive.Files {
			// Fuzz tests are an output of their own, which is off here.
			if name, ok := strings.CutPrefix(f.Name, "want/"); ok && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				want[name] = string(f.Data)
			}
		}
		files := slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return !harmless(f.Name) })
		loaded := g.load(t, "example.com/"+strings.TrimSuffix(filepath.Base(path), ".txtar"), files)
		if loaded == nil {
			t.Errorf("%s does not load", path)
			continue
		}
		got := map[string]string{}
		for _, m := range g.generate(t, loaded) {
			name, _ := filepath.Rel(g.dir, m.Path)
			got[filepath.ToSlash(name)] = string(m.Data)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s comes to %d files that are not the %d expected", path, len(got), len(want))
		}
	}
}

// generate returns the files that are made for a program; none if it has mistakes.
func (g *generator) generate(t *testing.T, loaded *source.Program) (made []emit.File) {
	program, list := resolve.Resolve(t.Context(), loaded, resolve.Options{Wire: true})
	g.said(t, list)
	if list.HasErrors() {
		return nil
	}
	for _, a := range []emit.Artifact{goserver.Artifact(), gowire.Artifact()} {
		files, err := a.Emit(t.Context(), emit.NewRun(program, nil), a)
		if err != nil {
			t.Fatal(err) // it does not parse
		}
		made = append(made, files...)
	}
	return made
}

// said checks that each diagnostic has a place in a file of the user's, and that
// all can be printed.
func (g *generator) said(t *testing.T, list diag.List) {
	for _, d := range list {
		if rel, err := filepath.Rel(g.dir, d.Pos.Filename); err != nil || !filepath.IsLocal(rel) || d.Pos.Line < 1 || d.Message == "" || d.Code == "" {
			t.Errorf("a diagnostic without place or text: %+v", d)
		}
	}
	if err := diag.Text(io.Discard, list, diag.TextOptions{Dir: g.dir}); err != nil {
		t.Error(err)
	}
}

// check compiles the program with what was generated for it.
func (g *generator) check(t *testing.T, loaded *source.Program, files []txtar.File, made []emit.File) {
	c := &checker{g: g, fset: token.NewFileSet(), units: map[string][]*ast.File{}, done: map[string]*types.Package{}}
	c.fset.AddExistingFiles(slices.Collect(loaded.Fset.Iterate)...)
	for path, unit := range loaded.Units() {
		c.units[path] = slices.Clone(unit)
		withoutBodies(unit)
	}
	for _, m := range made {
		file, err := parser.ParseFile(c.fset, m.Path, m.Data, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, text(files), m.Data)
		}
		for _, p := range loaded.Packages {
			if p.Dir == filepath.Dir(m.Path) {
				c.units[p.Path] = append(c.units[p.Path], file)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.units)) {
		_, _ = c.Import(path)
	}
	if c.users == 0 && len(c.ours) > 0 {
		t.Errorf("generated code does not compile: %v\n%s\n%s", errors.Join(c.ours...), text(files), generated(made))
	}
}

// checker type-checks the packages of a program in the order of their imports.
type checker struct {
	g     *generator
	fset  *token.FileSet
	units map[string][]*ast.File
	done  map[string]*types.Package
	users int     // errors in the user's files
	ours  []error // errors in generated files
}

// Import implements types.Importer.
func (c *checker) Import(path string) (*types.Package, error) {
	if pkg, ok := c.done[path]; ok {
		if pkg == nil {
			return nil, errors.New("import cycle")
		}
		return pkg, nil
	}
	files, ok := c.units[path]
	if path == gowire.WirePath {
		return c.g.wire, nil
	} else if !ok {
		return c.g.compiled.Import(path)
	}
	c.done[path] = nil
	conf := types.Config{Importer: c, GoVersion: "go1.26", Error: func(err error) {
		e, ok := errors.AsType[types.Error](err)
		switch {
		case !ok, strings.HasPrefix(e.Msg, "\t"): // the other place of a clash
		case strings.HasPrefix(filepath.Base(c.fset.Position(e.Pos).Filename), "ws_"):
			c.ours = append(c.ours, err)
		case !strings.Contains(e.Msg, "imported and not used") && !strings.Contains(e.Msg, "function body"):
			c.users++
		}
	}}
	pkg, _ := conf.Check(path, c.fset, files, nil)
	c.done[path] = pkg
	return pkg, nil
}

// withoutBodies removes from a user's files the bodies of functions, which the
// generator does not read.
func withoutBodies(files []*ast.File) {
	for _, f := range files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				fn.Body = nil
			}
		}
	}
}

func text(files []txtar.File) string { return string(txtar.Format(&txtar.Archive{Files: files})) }

func generated(made []emit.File) string {
	var files []txtar.File
	for _, m := range made {
		files = append(files, txtar.File{Name: m.Path, Data: m.Data})
	}
	return text(files)
}
